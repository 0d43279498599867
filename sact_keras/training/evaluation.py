"""What an evaluation has found."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sact_keras.files.atomic_write import atomic_write


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Accuracy, loss and cost of a model on a data set.

    Attributes:
        num_examples: Images evaluated.
        values: Name in the original's terms -> value, in the order of printing.

    Example:
        >>> found = Evaluation(2, {"eval/Accuracy": 0.5, "Total Flops/mean": 8.2e7})
        >>> print(found)
        eval/Accuracy[0.5]
        Total Flops/mean[82000000]
    """

    num_examples: int
    values: Mapping[str, float]

    @property
    def accuracy(self) -> float:
        """Fraction of the images whose likeliest class is the right one."""
        return self.values["eval/Accuracy"]

    def __str__(self) -> str:
        return "\n".join(
            f"{name}[{_format(value)}]" for name, value in self.values.items()
        )

    def write(
        self, directory: Path, *, step: int | None, details: Mapping[str, Any]
    ) -> Path:
        """Writes the numbers as JSON.

        Args:
            directory: Where to; created if need be.
            step: Training steps of the checkpoint, or None where it does not say.
            details: What else there is to say about it (the checkpoint, the split).

        Returns:
            `eval-<step>.json`, if there is a step; `eval.json`, which always holds the
            latest evaluation, else.
        """
        directory.mkdir(parents=True, exist_ok=True)
        content = {
            "step": step,
            "num_examples": self.num_examples,
            **details,
            "values": dict(self.values),
        }
        text = json.dumps(content, indent=2) + "\n"
        latest = directory / "eval.json"
        path = latest if step is None else directory / f"eval-{step:08d}.json"
        for file in {path, latest}:
            atomic_write(file, text)
        return path


def _format(value: float) -> str:
    # Eight significant digits; FLOPs whole rather than with an exponent.
    return f"{value:.0f}" if abs(value) >= 1e7 else f"{value:.8g}"
