"""The error for a server that does not answer as asked."""


class EndpointError(OSError):
    """A server cannot be reached, refuses a request or answers with something else.

    Args:
        message: A sentence for the user.
        invalid_request: Whether the server says that the request itself is at fault,
            so that another one may well be answered.
    """

    def __init__(self, message: str, *, invalid_request: bool = False) -> None:
        super().__init__(message)
        self.invalid_request = invalid_request
