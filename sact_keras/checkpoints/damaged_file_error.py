"""The error for a file that is not what was once written."""


class DamagedFileError(ValueError):
    """A checkpoint, or another file of a run, is truncated, changed or foreign.

    The message is one sentence that names the file.
    """
