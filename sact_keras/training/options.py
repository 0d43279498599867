"""The options of a run, as the flags give them."""

import dataclasses
from pathlib import Path
from typing import Any

from sact_keras.models.presets import (
    BASE_CHANNELS,
    DATASETS,
    DEFAULT_VARIANTS,
    METHOD_ARGUMENTS,
    PENALTIES,
    canonical_model,
    default_preprocessing,
)
from sact_keras.models.target_rates import TARGET_RATE_SCHEDULES, uses_target_rate
from sact_keras.training.pruning_steps import resolve_pruning_steps
from sact_keras.training.recipes import Recipe, find_recipe

METHOD_FLAGS = tuple(
    dict.fromkeys(name for names in METHOD_ARGUMENTS.values() for name in names)
)
"""The arguments of all methods, which are flags of the same names."""


UNUSED_IN_STAGE = {
    "pretrain": ("penalty", "alpha", "beta"),
    "curriculum": (),
    "finetune": ("beta",),
}
"""Stage of BlockDrop's training -> arguments of its method without meaning there."""


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
    image_size: int | None = None
    skip_bad_records: bool = False
    seed: int = 0
    model_type: str | None = None
    model: str | None = None
    variant: str | None = None
    base_channels: int | None = None
    tau: float | None = None
    eps: float | None = None
    target_rate: float | None = None
    target_rates: str | None = None
    gate_eval: str | None = None
    rate_weight: float | None = None
    gate_all_units: bool | None = None
    noise_until: float | None = None
    budget: float | None = None
    budget_weight: float | None = None
    stage: str | None = None
    penalty: float | None = None
    alpha: float | None = None
    beta: float | None = None
    batch_size: int | None = None
    max_number_of_steps: int | None = None
    learning_rate: float | None = None
    decay_epochs: str | None = None
    weight_decay: float | None = None
    gate_learning_rate_factor: float | None = None
    preprocessing: str | None = None
    finetune_path: str | None = None
    policy_path: str | None = None
    curriculum_steps: int | None = None
    prune_final_sparsity: float | None = None
    prune_begin_step: int = 0
    prune_end_step: int | None = None
    prune_frequency: int | None = None
    prune_block: str = "1x1"
    prune_also: str | None = None
    distribution: str = "auto"
    num_replicas: int | None = None
    sync_batch_norm: bool = False
    accumulate_steps: int = 1
    precision: str = "float32"
    worker_timeout_secs: float = 600.0
    train_log_dir: str | None = None
    save_interval_secs: float = 60.0
    save_summaries_secs: float = 60.0
    eval_interval_steps: int | None = None
    checkpoint_dir: str | None = None
    eval_dir: str | None = None
    eval_batch_size: int | None = None
    split_name: str | None = None
    num_examples: int | None = None
    evaluate_once: bool = False
    eval_interval_secs: float = 60.0
    attack: str = "fgsm"
    epsilon: float = 0.01
    jpeg_quality: int = 75
    squeezed_path: str | None = None
    benchmark_batch_sizes: str = "1,32"
    force_rate: str | None = None
    benchmark_rounds: int = 7
    compute_budgets: str | None = None
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

    @property
    def trains(self) -> bool:
        """Whether the mode is one of training."""
        return self.mode in ("train", "train_and_eval")

    def resolve_model(self) -> "Options":
        """Fills in the model's flags that were not given; the data set must be known.

        Raises:
            ValueError: If the data set's ResNets have no such model.
        """
        model_type = self.model_type or "vanilla"
        arguments = {
            name: default if getattr(self, name) is None else getattr(self, name)
            for name, default in METHOD_ARGUMENTS[model_type].items()
        }
        if "target_rate" in arguments and not uses_target_rate(self.target_rates):
            arguments["target_rate"] = None
        if model_type == "blockdrop":
            arguments = _of_stage(arguments)
        preset = DATASETS[self.dataset or "cifar10"]
        # '5' and '5_5_5' are the same network, and so must be the same run; likewise
        # what is given as it would be anyway.
        base_channels, image_size = self.base_channels, self.image_size
        if base_channels == BASE_CHANNELS[preset.family]:
            base_channels = None
        if (image_size, image_size) == preset.image_size:
            image_size = None
        model = canonical_model(self.model, preset.family, self._variant)
        preprocessing = self.preprocessing or default_preprocessing(
            self.dataset or "cifar10", self._variant, model
        )
        return self.replace(
            model_type=model_type,
            model=model,
            variant=self._variant,
            base_channels=base_channels,
            image_size=image_size,
            preprocessing=preprocessing,
            **{**dict.fromkeys(METHOD_FLAGS), **arguments},
        )

    @property
    def _variant(self) -> str:
        return self.variant or DEFAULT_VARIANTS[self.model_type or "vanilla"]

    @property
    def recipe(self) -> Recipe:
        """How the original trains on the data set, which must be known."""
        return find_recipe(self.dataset, self._variant, self.stage)

    def resolve_schedule(self) -> "Options":
        """Fills in the flags of the training that were not given.

        Raises:
            UsageError: If pruning would not come to its end.
        """
        options = self._fill_in(
            "max_number_of_steps", "batch_size", "learning_rate", "weight_decay"
        )
        if self.model_type == "aig" and self.gate_learning_rate_factor is None:
            options = options.replace(gate_learning_rate_factor=1.0)
        # Of blocks 2:4 all masks are made in the beginning.
        if self.prune_final_sparsity is None or self.prune_block == "2:4":
            return options
        end, frequency = resolve_pruning_steps(
            self.prune_begin_step,
            self.prune_end_step,
            self.prune_frequency,
            options.max_number_of_steps,
        )
        return options.replace(prune_end_step=end, prune_frequency=frequency)

    def resolve_evaluation(self) -> "Options":
        """Fills in the flags of the evaluation that were not given."""
        return self._fill_in("eval_batch_size", "split_name")

    def _fill_in(self, *names: str) -> "Options":
        unset = [name for name in names if getattr(self, name) is None]
        return self.replace(**{name: getattr(self.recipe, name) for name in unset})

    @property
    def method_arguments(self) -> dict[str, Any]:
        """The arguments that a resolved model's method takes, those that are set."""
        values = {
            name: getattr(self, name) for name in METHOD_ARGUMENTS[self.model_type]
        }
        return {name: value for name, value in values.items() if value is not None}

    @property
    def takes_decisions(self) -> bool:
        """Whether what is started from (`finetune_path`) is taken with what decides."""
        if self.stage is not None:
            return self.stage == "finetune"
        return self.prune_final_sparsity is not None

    @property
    def also_pruned(self) -> tuple[str, ...]:
        """What `prune_also` names."""
        return tuple(filter(None, (self.prune_also or "").split(",")))

    def default_log_dir(self) -> str:
        """The run's directory where `--train_log_dir` is not given."""
        parts = [self.dataset, self.model_type, self.model]
        if self.dataset == "folder":
            # Of one's own data sets there may be several.
            parts[0] = Path(self.dataset_dir or "folder").absolute().name
        if self.variant != DEFAULT_VARIANTS[self.model_type]:
            parts.append(self.variant)
        if self.target_rates is not None:
            named = self.target_rates in TARGET_RATE_SCHEDULES
            parts.append(self.target_rates if named else "rates")
        if self.stage is not None:
            parts.append(self.stage)
            if self.penalty != PENALTIES[self.stage]:
                parts.append(f"penalty{self.penalty:g}")
        for name, shown in (
            ("tau", "tau"),
            ("target_rate", "rate"),
            ("budget", "budget"),
        ):
            if getattr(self, name) is not None:
                parts.append(f"{shown}{getattr(self, name):g}")
        if self.base_channels is not None:
            parts.append(f"base{self.base_channels}")
        if self.image_size is not None:
            parts.append(f"{self.image_size}px")
        if self.prune_final_sparsity is not None:
            parts.append(f"pruned{self.prune_final_sparsity:g}")
        return "runs/" + "_".join(parts)


def _of_stage(arguments: dict[str, Any]) -> dict[str, Any]:
    """BlockDrop's arguments as a stage of its training has them."""
    stage, penalty = arguments["stage"], arguments["penalty"]
    completed = {
        **arguments,
        "penalty": PENALTIES[stage] if penalty is None else penalty,
    }
    return completed | dict.fromkeys(UNUSED_IN_STAGE[stage])
