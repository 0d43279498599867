"""The number of examples in each split, counted when it is asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping


class SplitSizes(Mapping[str, int]):
    """A mapping from the splits of a data set to their numbers of examples.

    Counting may mean reading through many files: each split is counted when its number
    is first asked for, and once. Which splits there are is known without counting.

    Args:
        splits: the names of the splits that there are.
        count: returns a split's number of examples; what it raises is passed on.

    Example:
        >>> sizes = SplitSizes(["train", "test"], count=len)
        >>> list(sizes), sizes["test"], "validation" in sizes
        (['train', 'test'], 4, False)
    """

    def __init__(self, splits: Iterable[str], count: Callable[[str], int]) -> None:
        self._splits = tuple(splits)
        self._count = count
        self._counted: dict[str, int] = {}

    def __getitem__(self, split: str) -> int:
        if split not in self._splits:
            raise KeyError(split)
        if split not in self._counted:
            self._counted[split] = self._count(split)
        return self._counted[split]

    # The one of `Mapping` would count to find out.
    def __contains__(self, split: object) -> bool:
        return split in self._splits

    def __iter__(self) -> Iterator[str]:
        return iter(self._splits)

    def __len__(self) -> int:
        return len(self._splits)

    def __repr__(self) -> str:
        counted = {split: self._counted.get(split, "?") for split in self._splits}
        return f"{type(self).__name__}({counted})"
