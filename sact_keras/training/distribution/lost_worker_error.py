"""The error of a training that has lost one of its processes."""


class LostWorkerError(RuntimeError):
    """Another process of the training has ended, or cannot be reached."""
