"""Finds image files in a folder for each split and class, without TensorFlow."""

import dataclasses
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from sact_keras.data.dataset_error import DatasetError

logger = logging.getLogger(__name__)

SPLIT_FOLDERS = {
    "train": ("train",),
    "test": ("test",),
    "validation": ("validation", "val"),
}
"""Split -> the names that its folder may have."""

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
"""The ends of the names of images, in lower case."""

_LISTED = 5  # How many names an error lists.


class LabelledFile(NamedTuple):
    """An image file and the number of its class."""

    path: Path
    label: int


@dataclasses.dataclass(frozen=True)
class FolderFiles:
    """What a folder of images holds.

    Attributes:
        directory: the folder.
        class_names: of the folders in `train`, in the order of their labels.
        splits: split -> its files, for the splits that there are; "train" is one.
    """

    directory: Path
    class_names: tuple[str, ...]
    splits: Mapping[str, tuple[LabelledFile, ...]]


def find_folder(dataset_dir: str | os.PathLike[str]) -> FolderFiles:
    """Looks through a folder: `train/<class>/*.jpg`, `test/<class>/*.png` and so on.

    Images are files that end in .jpg, .jpeg or .png, in upper or lower case, in the
    folder of their class or in folders below it. Hidden files and folders, whose names
    begin with a dot, are passed over, and so are all other files, which are counted in
    the log. The files of a split come in an order that follows from their names and
    mixes the classes, so that the first of them are of all kinds.

    Args:
        dataset_dir: the folder that holds `train`, and `test` or `validation` (or
            `val`).

    Raises:
        DatasetError: if a folder is missing or cannot be read, an image lies outside
            the folders of the classes, a class has no image, or a split has a class
            that `train` has not.

    Example:
        >>> for name in ("train/rose/1.JPG", "train/daisy/2.png", "test/rose/3.png"):
        ...     path = Path("flowers", name)
        ...     path.parent.mkdir(parents=True)
        ...     path.touch()
        >>> files = find_folder("flowers")
        >>> files.class_names, [label for _, label in files.splits["test"]]
        (('daisy', 'rose'), [1])
    """
    directory = Path(dataset_dir).expanduser()
    class_names = find_class_names(directory)
    splits = {
        split: _labelled_files(folder, class_names)
        for split, folder in _split_folders(directory).items()
    }
    return FolderFiles(directory, class_names, splits)


def find_class_names(dataset_dir: str | os.PathLike[str]) -> tuple[str, ...]:
    """Returns the names of the folders in `train`, sorted as strings.

    Raises:
        DatasetError: if there is no such folder, or it holds fewer than two classes.
    """
    directory = Path(dataset_dir).expanduser()
    folders = _split_folders(directory)
    if "train" not in folders:
        raise DatasetError(
            "there must be a folder `train` with a folder of images for each class, "
            f"train/<class>/*.jpg. Received: {_listed(_visible(directory))}",
            path=directory,
        )
    names = tuple(sorted(_class_folders(folders["train"])))
    if len(names) < 2:
        raise DatasetError(
            "there must be a folder of images for each class, and at least two "
            f"classes. Received: {_listed(_visible(folders['train']))}",
            path=folders["train"],
        )
    return names


def holds_folder(directory: str | os.PathLike[str]) -> bool:
    """Returns whether a directory has a folder `train`, with folders in it."""
    folder = Path(directory).expanduser() / "train"
    try:
        return folder.is_dir() and any(e.is_dir() for e in _visible(folder).values())
    except (DatasetError, OSError):
        return False


def _split_folders(directory: Path) -> dict[str, Path]:
    """The folders of the splits that there are."""
    present = _visible(directory)
    folders = {}
    for split, names in SPLIT_FOLDERS.items():
        found = [name for name in names if name in present and present[name].is_dir()]
        if len(found) > 1:
            raise DatasetError(
                f"there must be one folder for the split {split!r}. Received: "
                f"{' and '.join(found)}",
                path=directory,
            )
        if found:
            folders[split] = directory / found[0]
    return folders


def _class_folders(folder: Path) -> list[str]:
    """The names of the classes' folders in a split's, which holds no image itself."""
    found = _visible(folder)
    images = [name for name, entry in found.items() if _is_image(entry)]
    if images:
        raise DatasetError(
            "images must lie in a folder of their class, not beside these folders. "
            f"Received: {_listed(images)}",
            path=folder,
        )
    names = [name for name, entry in found.items() if entry.is_dir()]
    for name in names:
        if not name.isprintable():
            raise DatasetError(
                "the name of a class must be text that can be printed on a line. "
                f"Received: {name!r}",
                path=folder,
            )
    return names


def _labelled_files(
    folder: Path, class_names: tuple[str, ...]
) -> tuple[LabelledFile, ...]:
    """All images of a split."""
    names = _class_folders(folder)
    unknown = [name for name in names if name not in class_names]
    if unknown:
        raise DatasetError(
            f"its classes must be among those of `train`, {_listed(class_names)}. "
            f"Received: {_listed(unknown)}",
            path=folder,
        )
    files: list[LabelledFile] = []
    others: list[str] = []
    for label, name in enumerate(class_names):
        if name not in names:
            logger.warning("There are no images of that class: %s", folder / name)
            continue
        found = list(_walk(folder / name))
        images = [LabelledFile(Path(e.path), label) for e in found if _is_image(e)]
        if not images:
            raise DatasetError(
                f"a class must have an image, a file *{', *'.join(IMAGE_SUFFIXES)}. "
                f"Received: {_listed(entry.name for entry in found)}",
                path=folder / name,
            )
        files += images
        others += (entry.name for entry in found if not _is_image(entry))
    if others:
        logger.info(
            "Left out in %s, %d other files: %s", folder, len(others), _listed(others)
        )
    return tuple(sorted(files, key=lambda file: _place(file.path, folder)))


def _place(path: Path, folder: Path) -> bytes:
    """Puts the files of a split in an order that is the same on every machine."""
    name = os.fsencode(path.relative_to(folder).as_posix())
    return hashlib.sha256(name).digest()


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All files below a folder that are not hidden."""
    for entry in _visible(folder).values():
        if entry.is_file():
            yield entry
        # A link to a folder may lead back to where it is.
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))


def _visible(folder: Path) -> dict[str, os.DirEntry[str]]:
    """What a folder holds that is not hidden, by name, in the order of the names."""
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry for entry in entries}
    except OSError as error:
        raise DatasetError(f"cannot be read: {error.strerror}", path=folder) from error
    return {name: found[name] for name in sorted(found) if not name.startswith(".")}


def _is_image(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(IMAGE_SUFFIXES) and entry.is_file()


def _listed(names: Iterable[str]) -> str:
    """Names for a message: the first few, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - _LISTED} more" if names[_LISTED:] else ""
    return ", ".join(names[:_LISTED]) + more or "nothing"
