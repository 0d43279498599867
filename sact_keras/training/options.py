"""The options of a run, as the flags give them."""

import dataclasses
from typing import Any

from sact_keras.models.presets import METHOD_ARGUMENTS, parse_model

DEFAULT_SCHEDULES = {
    "cifar10": {"max_number_of_steps": 100_000, "batch_size": 128},
    "cifar100": {"max_number_of_steps": 100_000, "batch_size": 128},
    # About five minutes on two cores. Small batches make the steps that halting needs
    # to settle.
    "shapes": {"max_number_of_steps": 2_500, "batch_size": 32},
}
"""Data set -> the flags of its schedule where they are not given."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What one run of the program is asked to do.

    The attributes bear the names of the flags; `None` stands for a flag that was not
    given and whose value follows from others (see `resolve_model` and
    `resolve_schedule`).

    Attributes:
        explicit: Names of the flags that were given, on the command line or in a
            flagfile.
        argv: The command line, program name first.

    Example:
        >>> options = Options(model_type="sact", tau=0.5).resolve_model()
        >>> options.model, options.method_arguments
        ('5', {'tau': 0.5, 'eps': 0.01})
    """

    mode: str = "train_and_eval"
    dataset: str | None = None
    dataset_dir: str | None = None
    seed: int = 0
    model_type: str | None = None
    model: str | None = None
    tau: float | None = None
    eps: float | None = None
    batch_size: int | None = None
    max_number_of_steps: int | None = None
    learning_rate: float = 0.1
    finetune_path: str | None = None
    train_log_dir: str | None = None
    save_interval_secs: float = 60.0
    save_summaries_secs: float = 60.0
    eval_interval_steps: int | None = None
    checkpoint_dir: str | None = None
    eval_dir: str | None = None
    eval_batch_size: int = 100
    split_name: str = "test"
    num_examples: int | None = None
    evaluate_once: bool = False
    eval_interval_secs: float = 60.0
    jit_compile: str = "auto"
    explicit: frozenset[str] = frozenset()
    argv: tuple[str, ...] = ()

    def replace(self, **changes: Any) -> "Options":
        """A copy with `changes`."""
        return dataclasses.replace(self, **changes)

    def flags(self) -> dict[str, Any]:
        """All flags and their values, in a form that JSON can hold."""
        values = dataclasses.asdict(self)
        del values["explicit"], values["argv"]
        return values

    def resolve_model(self) -> "Options":
        """Fills in the model's flags that were not given."""
        model_type = self.model_type or "vanilla"
        arguments = {
            name: default if getattr(self, name) is None else getattr(self, name)
            for name, default in METHOD_ARGUMENTS[model_type].items()
        }
        return self.replace(
            model_type=model_type,
            # '5' and '5_5_5' are the same network, and so must be the same run.
            model=_canonical_model(self.model or "5"),
            **{"tau": None, "eps": None, **arguments},
        )

    def resolve_schedule(self) -> "Options":
        """Fills in the flags of the data set's schedule that were not given."""
        schedule = DEFAULT_SCHEDULES[self.dataset]
        return self.replace(
            **{
                name: default
                for name, default in schedule.items()
                if getattr(self, name) is None
            }
        )

    @property
    def method_arguments(self) -> dict[str, float]:
        """The arguments that the method of a resolved model takes."""
        return {name: getattr(self, name) for name in METHOD_ARGUMENTS[self.model_type]}

    def default_log_dir(self) -> str:
        """The run's directory where `--train_log_dir` is not given."""
        parts = [self.dataset, self.model_type, self.model]
        if self.tau is not None:
            parts.append(f"tau{self.tau:g}")
        return "runs/" + "_".join(parts)


def _canonical_model(model: str) -> str:
    units = [str(count) for count in parse_model(model)]
    return units[0] if len(set(units)) == 1 else "_".join(units)
