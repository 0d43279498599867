"""Flags of the network and of its method."""

from sact_keras.models import presets
from sact_keras.models.target_rates import TARGET_RATE_SCHEDULES
from sact_keras.training.flag_groups.flag_group import FlagGroup

_SACT, _AIG, _DYNCONV, _BLOCKDROP = (
    presets.METHOD_ARGUMENTS[name] for name in ("sact", "aig", "dynconv", "blockdrop")
)


def define_model(group: FlagGroup) -> None:
    """Defines the flags of the network."""
    group.choice(
        "model_type",
        (*presets.MODEL_TYPES, *presets.MODEL_TYPE_ALIASES),
        "Who decides which units run: nobody (vanilla; the default); halting scores, "
        "for the image (act) or each position (sact); gates, for the image (aig) or "
        "each position (dynconv); a policy network, for the image and all units at "
        "once (blockdrop). act_early_stopping is act.",
    )
    group.text(
        "model",
        "Residual units in each block: '5' (ResNet-32; the default), '18' "
        "(ResNet-110), '1_4_6'. ImageNet: number of layers, 50, 101 (the default), "
        "152 or (sact) 200, (dynconv) 18 or 34, or '3_4_23_3', of two-layer units "
        "(dynconv) 'basic_3_4_6_3'.",
    )
    group.choice(
        "variant",
        presets.VARIANTS,
        "Which original's ResNet. Unset: sact, and for aig, dynconv and blockdrop "
        "their own.",
    )
    group.integer("base_channels", "Width of the network. Unset: 16, for imagenet 64.")


def define_method(group: FlagGroup) -> None:
    """Defines the flags of the methods' arguments."""
    group.number(
        "tau",
        "act, sact: price of computation, the weight of the ponder cost in the loss, "
        f"at least 0 (default {_SACT['tau']}).",
    )
    group.number(
        "eps",
        "act, sact: halt once the halting scores sum to 1 - eps; in (0, 1) "
        f"(default {_SACT['eps']}).",
    )
    group.number(
        "target_rate",
        "aig: the share of the images that a gate is taught to let through, in [0, 1] "
        f"(default {_AIG['target_rate']}).",
    )
    group.text(
        "target_rates",
        "aig: one rate for each residual unit, joined by commas, in which t stands for "
        f"--target_rate; or {' or '.join(TARGET_RATE_SCHEDULES)}, the paper's. A unit "
        "of rate 1 always runs. Unset: --target_rate for each.",
    )
    group.choice(
        "gate_eval",
        presets.GATE_EVALS,
        "aig: what the gates do in evaluation: decide without noise (deterministic), "
        "sample as in training and as the original does, or weigh each unit by its "
        f"probability (expected) (default {_AIG['gate_eval']}).",
    )
    group.number(
        "rate_weight",
        "aig: weight of the target-rate loss, at least 0. Unset: 2, for imagenet 1.",
    )
    group.switch(
        "gate_all_units",
        "aig: also gate the units of rate 1, as the original's ImageNet networks do "
        f"(default {str(_AIG['gate_all_units']).lower()}).",
    )
    group.number(
        "noise_until",
        "aig, dynconv: share of the training, in [0, 1], after which it decides "
        "without noise, as in evaluation "
        f"(default {_AIG['noise_until']:g} with aig, whose original is 1, "
        f"{_DYNCONV['noise_until']:g} with dynconv).",
    )
    group.number(
        "budget",
        "dynconv: the share of the computation that is to be left, in (0, 1], or -1 to "
        f"run everything and learn no masks (default {_DYNCONV['budget']}).",
    )
    group.choice(
        "stage",
        presets.STAGES,
        "blockdrop: the stage of its training. pretrain: the network by itself, "
        "without a policy. curriculum: the policy, by its rewards, about ever more "
        "units, on a frozen network. finetune: both together.",
    )
    group.number(
        "penalty",
        "blockdrop: the reward of a wrong prediction, at most 0. Unset: "
        f"{presets.PENALTIES['curriculum']:g} in the curriculum, "
        f"{presets.PENALTIES['finetune']:g} in finetuning.",
    )
    group.number(
        "alpha",
        "blockdrop: policies are drawn with probabilities within 1 - alpha and alpha; "
        f"in (0.5, 1] (default {_BLOCKDROP['alpha']}).",
    )
    group.number(
        "beta",
        "blockdrop: weight of the entropy in the curriculum, at least 0 "
        f"(default {_BLOCKDROP['beta']}).",
    )
    group.number(
        "budget_weight",
        "dynconv: weight of the budget loss, at least 0 "
        f"(default {_DYNCONV['budget_weight']:g}).",
    )
