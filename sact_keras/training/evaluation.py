"""What an evaluation has found."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sact_keras.training.policy_usage import PolicyUsage, format_policy_usage
from sact_keras.training.result_files import format_json, format_values, write_result
from sact_keras.training.unit_rates import UnitRates


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Accuracy, loss and cost of a model on a data set.

    Attributes:
        num_examples: Images evaluated.
        values: Name in the original's terms -> value, in the order of printing.
        unit_rates: How often each unit runs, by class; None where nothing is decided.
        policy_usage: Which policies images run under; None without a policy network.

    Example:
        >>> found = Evaluation(2, {"eval/Accuracy": 0.5, "Total Flops/mean": 8.2e7})
        >>> print(found)
        eval/Accuracy[0.5]
        Total Flops/mean[82000000]
    """

    num_examples: int
    values: Mapping[str, float]
    unit_rates: UnitRates | None = dataclasses.field(
        default=None, compare=False, repr=False
    )
    policy_usage: PolicyUsage | None = dataclasses.field(
        default=None, compare=False, repr=False
    )

    @property
    def accuracy(self) -> float:
        """Fraction of the images whose likeliest class is the right one."""
        return self.values["eval/Accuracy"]

    def __str__(self) -> str:
        lines = format_values(self.values)
        if self.policy_usage is not None:
            lines += "\n" + format_policy_usage(self.values)
        return lines

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
        content = {
            "step": step,
            "num_examples": self.num_examples,
            **details,
            "values": dict(self.values),
        }
        return write_result(
            directory, "eval", step=step, content=format_json(content), suffix=".json"
        )
