"""`build_model`: from names to a network."""

from typing import Any

from sact_keras.models.adaptive_resnet import AdaptiveResNet
from sact_keras.models.families import FAMILIES
from sact_keras.models.methods import METHODS
from sact_keras.models.presets import (
    DATASETS,
    canonical_model_type,
    num_classes_of,
    parse_architecture,
)


def build_model(
    model_type: str,
    dataset: str = "cifar10",
    model: str | int | None = None,
    num_classes: int | None = None,
    base_channels: int | None = None,
    variant: str | None = None,
    **method_arguments: Any,
) -> AdaptiveResNet:
    """Builds a network with fresh weights.

    Args:
        model_type: "vanilla", "act", "sact", "aig", "dynconv" or "blockdrop";
            "act_early_stopping" means "act".
        dataset: "cifar10", "cifar100", "shapes", "imagenet" or "folder": fixes the
            ResNet family, which is CIFAR's for a folder, and the number of classes (for
            ImageNet 1001 in the variant "sact", where 0 is the background, and else
            1000; for a folder `num_classes` must be given).
        model: Residual units of each block: '5' (ResNet-32; the default), '18'
            (ResNet-110), or one number a block, '1_4_6'. On ImageNet the number of
            layers, '50', '101' (the default), '152', or '3_4_23_3'; '200' in the
            variant "sact"; '18', '34' or 'basic_3_4_6_3' in the variant "dynconv".
        num_classes: Overrides the data set's.
        base_channels: Overrides the family's (16 for CIFAR, 64 for ImageNet).
        variant: Which original's ResNet: "sact" (pre-activation), "aig", "dynconv" or
            "blockdrop" (post-activation); the default follows `model_type`.
        **method_arguments: For "act" and "sact": `tau` (price of a unit, at least 0)
            and `eps` (an element halts when its scores sum to 1 - eps).
            For "aig": `target_rate` (in [0, 1]); `target_rates` (one for each unit, 't'
            standing for `target_rate`, or a name; see `parse_target_rates`);
            `gate_eval` ("deterministic", "sample" or "expected"; see `GateDecision`);
            `rate_weight` (of the loss; 2 on CIFAR, 1 on ImageNet); `gate_all_units`
            (whether units of rate 1 have a gate all the same, as in the original).
            For "dynconv": `budget` (share of the computation, in (0, 1]; -1 for no
            gating) and `budget_weight` (of the loss).
            For both: `noise_until` (share of the training after which decisions are
            made without noise, as they are at inference; 0.4 and 0.8. The original of
            "aig" never stops, 1, and samples at inference). The training's progress is
            `model.progress`, which `sact_keras.training.TrainingProgress` keeps.
            For "blockdrop": `stage` of the training ("pretrain", where there is no
            policy and every unit runs, "curriculum", where all but the policy is
            frozen, or "finetune", the default); `penalty` (reward of a wrong
            prediction, at most 0; -1 in the curriculum, -5 in finetuning); `alpha` (in
            (0.5, 1]: bounds the probabilities of what is drawn) and `beta` (weight of
            the entropy in the curriculum, at least 0).

    Returns:
        The model, built for any batch size and image size.

    Raises:
        ValueError: If an argument is unknown or out of range.

    Example:
        >>> model = build_model("act", dataset="cifar100", model="1_4_6", tau=0.1)
        >>> model.num_units, model.num_classes
        ((1, 4, 6), 100)
        >>> build_model("vanilla", dataset="imagenet", model="50").num_units
        (3, 4, 6, 3)
        >>> build_model("aig", model="1", target_rates="1,t,0.5").target_rates
        (1.0, 0.6, 0.5)
    """
    model_type = canonical_model_type(model_type)
    if dataset not in DATASETS:
        raise ValueError(
            f"dataset must be one of {', '.join(DATASETS)}. "
            f"Received: dataset={dataset!r}"
        )
    preset = DATASETS[dataset]
    variant = variant or METHODS[model_type].variant
    if (preset.family, variant) not in FAMILIES:
        known = ", ".join(v for f, v in FAMILIES if f == preset.family)
        raise ValueError(
            f"variant must be one of {known} for the data set {dataset}. "
            f"Received: variant={variant!r}"
        )
    if num_classes is None:
        num_classes = num_classes_of(dataset, variant)
    if num_classes is None:
        raise ValueError(
            f"num_classes must be given for the data set {dataset!r}, whose classes "
            "are those of its images. Received: num_classes=None"
        )
    architecture = parse_architecture(model, preset.family, variant)
    network = AdaptiveResNet(
        model_type,
        preset.family,
        architecture.num_units,
        num_classes=num_classes,
        base_channels=base_channels,
        variant=variant,
        unit=architecture.unit,
        arguments=method_arguments,
    )
    network.build((None, None, None, 3))
    return network
