"""The error for a checkpoint of another architecture."""

import os

_SHOWN = 8


class CheckpointMismatchError(ValueError):
    """A checkpoint's variables are not the model's.

    Attributes:
        path: The checkpoint.
        missing: Names of variables that the model has and the checkpoint lacks.
        unexpected: Names of variables that the checkpoint has and the model lacks.
        wrong_shapes: (name, the model's shape, the checkpoint's shape) of variables
            that both have.

    Example:
        >>> print(CheckpointMismatchError("a.h5", [], [], [("w", (3,), (4,))]))
        The checkpoint a.h5 does not fit the model:
          wrong shape (1): w (model (3,), checkpoint (4,))
    """

    def __init__(
        self,
        path: str | os.PathLike,
        missing: list[str],
        unexpected: list[str],
        wrong_shapes: list[tuple[str, tuple, tuple]],
    ) -> None:
        self.path = os.fspath(path)
        self.missing = missing
        self.unexpected = unexpected
        self.wrong_shapes = wrong_shapes
        shapes = [
            f"{name} (model {expected}, checkpoint {found})"
            for name, expected, found in wrong_shapes
        ]
        lines = [f"The checkpoint {self.path} does not fit the model:"]
        for title, names in (
            ("missing in the checkpoint", missing),
            ("unknown to the model", unexpected),
            ("wrong shape", shapes),
        ):
            if names:
                more = f", and {len(names) - _SHOWN} more" if names[_SHOWN:] else ""
                shown = ", ".join(names[:_SHOWN])
                lines.append(f"  {title} ({len(names)}): {shown}{more}")
        super().__init__("\n".join(lines))
