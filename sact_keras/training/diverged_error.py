"""The error for a training that has diverged."""


class DivergedError(ArithmeticError):
    """The loss of a training step, or a weight after it, is not finite."""
