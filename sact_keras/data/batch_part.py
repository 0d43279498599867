"""Which rows of a batch one of several workers makes."""

from sact_keras.data.image_dataset import require_integer


def rows_of_part(part: tuple[int, int], batch_size: int) -> slice:
    """Returns the rows of one of the equal parts of a batch.

    Args:
        part: (index, count): the index-th, from 0, of `count` parts.
        batch_size: the rows of the whole batch.

    Returns:
        A slice of `batch_size // count` rows, with its `start` and `stop` given.

    Raises:
        ValueError: if `count` does not divide `batch_size`, or `index` is not in
            `[0, count)`.

    Example:
        >>> rows_of_part((1, 4), 128)
        slice(32, 64, None)
    """
    index, count = part
    count = require_integer("part[1]", count, minimum=1)
    index = require_integer("part[0]", index, minimum=0, maximum=count - 1)
    if batch_size % count:
        raise ValueError(
            "`part[1]`, the number of parts, must divide the batch size. "
            f"Received: part={part!r}, batch_size={batch_size!r}"
        )
    size = batch_size // count
    return slice(index * size, (index + 1) * size)
