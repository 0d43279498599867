"""The error for what TensorFlow Lite cannot do."""


class TFLiteError(ValueError):
    """A network, or a way of running it, that TensorFlow Lite has no means for.

    The message is one sentence: what cannot be done, and what can be done instead. It
    is raised before anything is converted, or from what the converter answers; what was
    converted does run.
    """
