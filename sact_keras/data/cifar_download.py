"""Downloads CIFAR with TFDS, after finding out quickly whether that can work."""

import os
import queue
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from sact_keras.data.cifar_files import describe_search
from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.dataset_files import search_directories

_URLS = {
    "cifar10": "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "cifar100": "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
}

# The archive, what comes out of it, and the TFRecords made of that.
_BYTES_NEEDED = 600_000_000

# With the seconds that TensorFlow takes to be imported, within the 15 that are
# promised for the choice of a data set.
_PROBE_SECONDS = 8.0

#: Asks for a URL's headers; takes the URL and a time limit in seconds, raises if the
#: URL does not answer with success.
HeadRequest = Callable[[str, float], None]


def download_directory(name: str, dataset_dir: str | None) -> Path:
    """Returns the TFDS data directory that a download should fill.

    A `dataset_dir` that was named is filled if it is empty, is to be made in a
    directory that exists, or already is a TFDS data directory. In any other, the user
    expected to find something: it is left alone.

    Args:
        name: "cifar10" or "cifar100".
        dataset_dir: as given by the user; None means `$TFDS_DATA_DIR`, or else
            `~/tensorflow_datasets`.

    Raises:
        DatasetError: if `dataset_dir` is not one to fill; says what is in it.
    """
    directory = search_directories(name, dataset_dir)[0]
    if dataset_dir is None:
        return directory
    looked_for = describe_search(name, dataset_dir)
    if not directory.exists():
        if directory.parent.is_dir():
            return directory
        raise DatasetError(f"{looked_for}: that directory does not exist")
    if not directory.is_dir():
        raise DatasetError(f"{looked_for}: that is not a directory")
    entries = sorted(entry.name for entry in directory.iterdir())
    is_tfds = (directory / "downloads").is_dir() or any(
        directory.glob("*/*/dataset_info.json")
    )
    if entries and not is_tfds:
        shown = ", ".join(entries[:5]) + (", ..." if len(entries) > 5 else "")
        raise DatasetError(
            f"{looked_for}, which holds {shown}. To download {name}, name an empty "
            "directory"
        )
    return directory


def find_download_obstacle(
    name: str,
    directory: Path,
    *,
    seconds: float = _PROBE_SECONDS,
    request_head: HeadRequest | None = None,
) -> str | None:
    """Finds out whether CIFAR can be downloaded, within a time limit.

    Args:
        name: "cifar10" or "cifar100".
        directory: where it would be put.
        seconds: the longest that this may take, name resolution included.
        request_head: replaces the request to the server, in tests.

    Returns:
        None if nothing stands in the way, or else what does.
    """
    existing = next(d for d in (directory, *directory.parents) if d.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"{existing} is not writable"
    free = shutil.disk_usage(existing).free
    if free < _BYTES_NEEDED:
        return (
            f"{existing} has {free / 1e6:.0f} MB left, {_BYTES_NEEDED / 1e6:.0f} MB "
            "are needed"
        )
    return _probe(_URLS[name], seconds, request_head or _request_head)


def download_cifar(name: str, directory: Path) -> None:
    """Downloads and prepares CIFAR, with TFDS's progress bar.

    Args:
        name: "cifar10" or "cifar100".
        directory: the TFDS data directory; made if it does not exist.

    Raises:
        DatasetError: if the download or the preparation fails.
    """
    import tensorflow_datasets as tfds

    try:
        tfds.builder(name, data_dir=directory, try_gcs=False).download_and_prepare(
            download_config=tfds.download.DownloadConfig(try_download_gcs=False)
        )
    # TFDS passes on whatever its downloader, the archive or the disk raises.
    except Exception as error:
        raise DatasetError(
            f"downloading {name} failed: {error}", path=directory
        ) from error


def _probe(url: str, seconds: float, request_head: HeadRequest) -> str | None:
    # A thread of its own, because nothing limits how long name resolution hangs.
    answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            request_head(url, seconds)
        except Exception as error:
            answers.put(f"{urlsplit(url).hostname} cannot be reached ({error})")
        else:
            answers.put(None)

    threading.Thread(target=ask, name="download-probe", daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        return f"{urlsplit(url).hostname} did not answer within {seconds:g} seconds"


def _request_head(url: str, seconds: float) -> None:
    # What TFDS downloads with, so that proxies and certificates are the same.
    import requests

    try:
        response = requests.head(url, timeout=seconds, allow_redirects=True)
        response.raise_for_status()
    except requests.HTTPError:
        raise
    except requests.RequestException as error:
        # Its text is a nest of internals; its name says what went wrong.
        raise ConnectionError(type(error).__name__) from error
