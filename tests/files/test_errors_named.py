import errno
import os

import pytest

from sact_keras.files.errors_named import errors_named

FULL = errno.ENOSPC, os.strerror(errno.ENOSPC)


class LibraryError(Exception):
    """As TensorFlow's."""


@pytest.mark.parametrize(
    "error",
    [
        OSError(*FULL),
        OSError(*FULL, "/runs/.tmp-a.json"),
        OSError(*FULL, "/runs/.tmp-a/b.json"),
        LibraryError("Save: /runs/.tmp-a/b.json; No space left on device [Op:Save]"),
    ],
)
def test_an_error_gets_the_name_of_what_is_written(error):
    with (
        pytest.raises(OSError, match=r"space left on device: '/runs/a.json'$") as found,
        errors_named("/runs/a.json", LibraryError),
    ):
        raise error
    assert found.value.errno == errno.ENOSPC


@pytest.mark.parametrize(
    "error",
    [
        OSError(*FULL, "/elsewhere/b.json"),
        OSError(errno.EEXIST, "version must be one that is not there yet"),
        OSError("no number"),
        LibraryError("shapes do not match"),
        ValueError("No space left on device"),
    ],
)
def test_other_errors_stay_as_they_are(error):
    with (
        pytest.raises(type(error)) as found,
        errors_named("/runs/a.json", LibraryError),
    ):
        raise error
    assert found.value is error
