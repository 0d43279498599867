"""The error for an optional dependency that is not at hand."""


class MissingExtraError(ImportError):
    """What was asked for needs an extra of this package.

    The message is one sentence that says what needs it, and how to install it.
    """
