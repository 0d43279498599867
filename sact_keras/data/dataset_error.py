"""The one exception that every problem of data raises."""

import os


class DatasetError(Exception):
    """A data set cannot be found, downloaded or read as it should.

    Attributes:
        path: the file or directory at fault, None where there is no single one.
        record: the number of the record in `path`, counted from 0, or None.

    Example:
        >>> raise DatasetError("the PNG is cut short", path="a.tfrecord", record=7)
        Traceback (most recent call last):
            ...
        sact_keras.data.dataset_error.DatasetError: a.tfrecord, record 7: the PNG \
is cut short
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        record: int | None = None,
    ) -> None:
        self.path = None if path is None else os.fspath(path)
        self.record = record
        place = "" if self.path is None else self.path
        if record is not None:
            place += f", record {record}"
        super().__init__(f"{place}: {message}" if place else message)
