"""Finds ImageNet on disk, in either format, without TensorFlow."""

import re
from collections.abc import Sequence
from pathlib import Path

from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.dataset_files import (
    DatasetFiles,
    DatasetFormat,
    find_files,
    read_tfds_info,
    search_directories,
)

SPLITS = ("train", "validation")
TFDS_NAME = "imagenet2012"

# How many of the missing shards an error lists.
_LISTED = 3


def find_imagenet(dataset_dir: str | None = None) -> DatasetFiles | None:
    """Looks for ImageNet on disk, as `find_files` does.

    TFDS calls it `imagenet2012`. TF-Slim's files are `train-00000-of-01024` and
    `validation-00000-of-00128`, whatever the number of shards.

    Args:
        dataset_dir: the one directory to look in; None means the usual places.

    Returns:
        The place, or None if it is in none of the directories.

    Raises:
        DatasetError: if a directory or a `dataset_info.json` on the way cannot be
            read.
    """

    def holds_slim(directory: Path) -> bool:
        return any(_slim_shards(directory, split) for split in SPLITS)

    return find_files(
        "imagenet", dataset_dir, tfds_name=TFDS_NAME, holds_slim=holds_slim
    )


def describe_imagenet_search(dataset_dir: str | None) -> str:
    """Returns a sentence that says what was looked for, and where."""
    places = ", ".join(map(str, search_directories("imagenet", dataset_dir)))
    return (
        f"Neither ImageNet as TFDS prepares it ({TFDS_NAME}/<version>/"
        "dataset_info.json) nor TF-Slim's train-?????-of-????? and "
        f"validation-?????-of-????? are in {places}"
    )


def find_shards(files: DatasetFiles, split: str) -> list[Path]:
    """Returns the files of a split in their order; none if the split is not there.

    Raises:
        DatasetError: if some of the shards are missing, or if there are shards of
            several sets.
    """
    if files.format is DatasetFormat.TFDS:
        shards = _shards(files.directory, f"{TFDS_NAME}-{split}.tfrecord")
    else:
        shards = _slim_shards(files.directory, split)
    if not shards:
        return []
    totals = sorted({total for _, total in shards.values()})
    first = next(iter(shards))
    if len(totals) > 1:
        found = ", ".join(f"-of-{total:05d}" for total in totals)
        raise DatasetError(
            f"there are shards of several {split} sets: {found}", path=first.parent
        )
    stem, total = first.name.rpartition("-of-")[0][:-5], totals[0]
    names = [f"{stem}{shard:05d}-of-{total:05d}" for shard in range(total)]
    present = {path.name for path in shards}
    missing = [name for name in names if name not in present]
    if missing:
        listed = ", ".join(missing[:_LISTED]) + (
            ", ..." if len(missing) > _LISTED else ""
        )
        raise DatasetError(
            f"{len(missing)} of the {total} {split} files are missing: {listed}",
            path=first.parent,
        )
    return [first.parent / name for name in names]


def stated_shard_lengths(files: DatasetFiles, split: str) -> Sequence[int] | None:
    """Returns the number of records in each shard, where the data set states it.

    Raises:
        DatasetError: if what it states cannot be read.
    """
    if files.format is not DatasetFormat.TFDS:
        return None
    try:
        info = read_tfds_info(files.directory) or {}
        (lengths,) = (
            [int(length) for length in entry["shardLengths"]]
            for entry in info["splits"]
            if entry["name"] == split
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"it does not state the lengths of the shards of {split!r}",
            path=files.directory / "dataset_info.json",
        ) from error
    return lengths


def _slim_shards(directory: Path, split: str) -> dict[Path, tuple[int, int]]:
    return _shards(directory, split)


def _shards(directory: Path, stem: str) -> dict[Path, tuple[int, int]]:
    """Returns the shard's number and the number of shards of each file."""
    shards = {}
    for path in sorted(directory.glob(f"{stem}-*-of-*")):
        match = re.fullmatch(re.escape(stem) + r"-(\d{5})-of-(\d{5})", path.name)
        if match and path.is_file():
            shards[path] = (int(match[1]), int(match[2]))
    return shards
