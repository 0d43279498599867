"""What may be read of a data set of which one file was altered."""

import dataclasses
from pathlib import Path

import cifar_on_disk
import imagenet_on_disk

from sact_keras.data import DatasetError

DATASETS = {"cifar10": cifar_on_disk, "imagenet": imagenet_on_disk}


@dataclasses.dataclass
class RecordCase:
    """A data set of which one file was altered.

    Attributes:
        kind: what was altered, and how.
        dataset, data_format, split: of the file; None of what describes all files.
        root, file: the data set's folder, and the file.
        order: the records of the file that are in it now, by their old numbers, where
            whole records were moved.
        altered: the record that is another now, its checksums right; None where
            checksums tell.
        intact: how many records at the start of the file are as they were.
        preprocessing: of ImageNet.
    """

    kind: str
    dataset: str
    data_format: str
    split: str | None
    root: Path
    file: Path
    order: list[int] | None = None
    altered: int | None = None
    intact: int = 0
    preprocessing: str = "sact"


class ExpectedRecords:
    """What may be read of a split, and what may be said of it."""

    def __init__(self, whole: list[tuple[str, int]], case: RecordCase) -> None:
        self._whole, self._case = whole, case
        self._in_order = case.dataset == "cifar10" or case.split != "train"
        self._number = None
        if case.altered is not None and self._in_order:
            self._number = self._first() + case.altered

    def check_read(self, found: list[tuple[str, int]]) -> None:
        case = self._case
        if case.order is not None:
            if not self._in_order:
                return
            assert (
                case.data_format == "slim"
                or sorted(case.order) == case.order
                or (len(case.order) == self._length())
            )
            first, length = self._first(), self._length()
            moved = [self._whole[first + number] for number in case.order]
            whole = [*self._whole[:first], *moved, *self._whole[first + length :]]
            assert found == whole
        elif case.altered is None:
            # TF-Slim states no number of records: one fewer looks whole.
            cut = case.data_format == "slim" and case.split and found == self._cut()
            assert found == self._whole or cut
        else:
            assert len(found) == len(self._whole)
            self._check_all_but_one(found)

    def _check_all_but_one(self, found):
        if not self._in_order:
            return
        for number, (one, other) in enumerate(zip(found, self._whole, strict=True)):
            assert one == other or number == self._number

    def check_refused(self, error: DatasetError, begun) -> None:
        case = self._case
        assert error.path is not None
        if case.split is None:
            assert str(case.file.parent) in str(error)
            return
        if begun is not None and self._in_order:
            assert begun == self._whole[: len(begun)] or case.order is not None
        if case.order is None:
            assert error.path == str(case.file), f"{error.path} is whole"
            if case.altered is not None:
                assert error.record == case.altered, f"not {case.altered}: {error}"
            elif error.record is not None:
                # Of several bad records, the one whose length is wrong is named.
                assert error.record >= case.intact

    def check_skipped(self, found, skipped, answer) -> None:
        case = self._case
        if case.split is None:
            assert found == self._whole
            return
        assert bool(skipped) == (answer == "refused") or case.split == "train"
        for error in skipped:
            assert error.path == str(case.file)
        if not self._in_order:
            assert len(found) == len(self._whole)
            return
        if case.order is not None:
            return
        rest = iter(self._whole)
        others = [entry for entry in found if entry not in self._whole]
        assert len(others) <= (case.altered is not None)
        assert all(entry in rest for entry in found if entry in self._whole)
        if case.altered is None:
            return
        # One was passed over, or is another now; all others are there.
        kept = [e for n, e in enumerate(self._whole) if n != self._number]
        assert [e for e in found if e in kept] == kept

    def _shards(self) -> tuple[int, list[int]]:
        disk = DATASETS[self._case.dataset]
        lengths = list(disk.SHARD_LENGTHS[self._case.split])
        if self._case.dataset == "cifar10" and self._case.data_format == "slim":
            return 0, [sum(lengths)]
        return int(self._case.file.name.split("-")[-3][-5:]), lengths

    def _first(self) -> int:
        shard, lengths = self._shards()
        return sum(lengths[:shard])

    def _length(self) -> int:
        shard, lengths = self._shards()
        return lengths[shard]

    def _cut(self) -> list[tuple[str, int]]:
        first = self._first()
        following = self._whole[first + self._length() :]
        return [*self._whole[: first + self._case.intact], *following]
