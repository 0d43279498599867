"""The error for a command line that cannot be meant."""


class UsageError(Exception):
    """A flag that is unknown, out of range or at odds with another.

    The message is one sentence for the user's terminal. The program ends with exit
    code 2, before any work.
    """
