"""ImageNet's splits on disk, each opened when it is first used."""

import functools

from sact_keras.data.bad_records import BadRecords
from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.dataset_files import DatasetFiles
from sact_keras.data.image_records import RecordFeatures
from sact_keras.data.imagenet_files import SPLITS, find_shards, stated_shard_lengths
from sact_keras.data.record_index import RecordIndex, index_records
from sact_keras.data.split_sizes import SplitSizes


class ImageNetSplits:
    """The places of ImageNet's records, and what was wrong with them so far.

    Args:
        files: where the data set is, as `find_imagenet` says.
        features: what its records hold.
        skip_bad_records: whether bad records are passed over.
    """

    def __init__(
        self, files: DatasetFiles, features: RecordFeatures, *, skip_bad_records: bool
    ) -> None:
        self._files = files
        self._features = features
        self._skip_bad_records = skip_bad_records
        self._opened: dict[str, tuple[RecordIndex, BadRecords]] = {}

    @functools.cached_property
    def sizes(self) -> SplitSizes:
        """The number of records in each split that is on disk, bad ones included."""
        on_disk = [split for split in SPLITS if self._is_on_disk(split)]
        return SplitSizes(on_disk, lambda split: len(self.open(split)[0]))

    @property
    def fault(self) -> DatasetError | None:
        """See `ImageDataset.fault`."""
        faults = (bad.fault for _, bad in self._opened.values())
        return next(filter(None, faults), None)

    @property
    def skipped(self) -> list[DatasetError]:
        """See `ImageDataset.skipped`."""
        return [fault for _, bad in self._opened.values() for fault in bad.skipped]

    def open(self, split: str) -> tuple[RecordIndex, BadRecords]:
        """Returns where a split's records are, and who watches over them.

        Raises:
            ValueError: for a split of a name that ImageNet has not.
            DatasetError: if the split is not there or cannot be read.
        """
        if split not in SPLITS:
            raise ValueError(
                f"`split` must be 'train' or 'validation'. Received: split={split!r}"
            )
        if split not in self._opened:
            shards = find_shards(self._files, split)
            if not shards:
                raise DatasetError(
                    f"there are no files of the split {split!r}",
                    path=self._files.directory,
                )
            index = index_records(
                shards,
                description=f"Looking up the records of imagenet {split}",
                stated_lengths=stated_shard_lengths(self._files, split),
                skip_bad_records=self._skip_bad_records,
            )
            bad = BadRecords(index, self._features, skip=self._skip_bad_records)
            self._opened[split] = index, bad
        return self._opened[split]

    def _is_on_disk(self, split: str) -> bool:
        try:
            return bool(find_shards(self._files, split))
        except DatasetError:  # There is something, which its use will complain about.
            return True
