"""The error for a command line that cannot be meant."""

from typing import NoReturn


class UsageError(Exception):
    """A flag that is unknown, out of range or at odds with another.

    The message is one sentence for the user's terminal. The program ends with exit
    code 2, before any work.
    """


def refuse(flag: str, requirement: str, value: object) -> NoReturn:
    """Raises a UsageError: what the flag must be, and what it is.

    Example:
        >>> refuse("batch_size", "at least 1", 0)
        Traceback (most recent call last):
        sact_keras.training.usage_error.UsageError: --batch_size must be at least 1. \
Received: --batch_size=0
    """
    if isinstance(value, float):
        value = f"{value:g}"
    raise UsageError(f"--{flag} must be {requirement}. Received: --{flag}={value}")
