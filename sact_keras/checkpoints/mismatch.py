"""The error for a checkpoint of another architecture."""

import os
from collections.abc import Sequence

_SHOWN = 8


class CheckpointMismatchError(ValueError):
    """A checkpoint's variables are not the model's.

    Attributes:
        path: The checkpoint.
        missing: Names of variables that the model has and the checkpoint lacks.
        unexpected: Names of variables that the checkpoint has and the model lacks.
        wrong_shapes: (name, the model's shape, the checkpoint's shape) of variables
            that both have.

    Args:
        networks: The model and the checkpoint in a few words, None where unknown.
        note: What else there is to say.

    Example:
        >>> print(CheckpointMismatchError("a.h5", [], [], [("w", (3,), (4,))]))
        The checkpoint a.h5 does not fit the model:
          wrong shape (1): w (model (3,), checkpoint (4,))
    """

    def __init__(
        self,
        path: str | os.PathLike,
        missing: Sequence[str] = (),
        unexpected: Sequence[str] = (),
        wrong_shapes: Sequence[tuple[str, tuple, tuple]] = (),
        *,
        networks: tuple[str | None, str | None] = (None, None),
        note: str | None = None,
    ) -> None:
        self.path = os.fspath(path)
        self.missing = missing
        self.unexpected = unexpected
        self.wrong_shapes = wrong_shapes
        model, checkpoint = networks
        if model and checkpoint and model != checkpoint:
            fit = f" ({checkpoint}) does not fit the model ({model})"
        else:
            fit = " does not fit the model"
        lines = [f"The checkpoint {self.path}{fit}:"]
        shapes = [
            f"{name} (model {expected}, checkpoint {found})"
            for name, expected, found in wrong_shapes
        ]
        for title, names in (
            ("missing in the checkpoint", missing),
            ("unknown to the model", unexpected),
            ("wrong shape", shapes),
        ):
            if names:
                more = f", and {len(names) - _SHOWN} more" if names[_SHOWN:] else ""
                shown = ", ".join(names[:_SHOWN])
                lines.append(f"  {title} ({len(names)}): {shown}{more}")
        if note:
            lines.append(f"  {note}")
        super().__init__("\n".join(lines))
