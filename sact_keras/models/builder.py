"""`build_model`: from names to a network."""

from typing import Any

from sact_keras.models.adaptive_resnet import AdaptiveResNet
from sact_keras.models.presets import DATASETS, canonical_model_type, parse_model


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
        model_type: "vanilla", "act" or "sact"; "act_early_stopping" means "act".
        dataset: "cifar10", "cifar100", "shapes" or "imagenet": fixes the ResNet family
            and the number of classes (1001 for ImageNet: 0 is the background).
        model: Residual units of each block: '5' (ResNet-32; the default), '18'
            (ResNet-110), or one number a block, '1_4_6'. On ImageNet the number of
            layers, '50', '101' (the default), '152', '200', or '3_4_23_3'.
        num_classes: Overrides the data set's.
        base_channels: Overrides the family's (16 for CIFAR, 64 for ImageNet).
        variant: Which original's ResNet; the default follows `model_type`.
        **method_arguments: `tau` (price of a unit, at least 0) and `eps` (an element
            halts when its scores sum to 1 - eps) for "act" and "sact".

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
    """
    model_type = canonical_model_type(model_type)
    if dataset not in DATASETS:
        raise ValueError(
            f"dataset must be one of {', '.join(DATASETS)}. "
            f"Received: dataset={dataset!r}"
        )
    preset = DATASETS[dataset]
    network = AdaptiveResNet(
        model_type,
        preset.family,
        parse_model(model, preset.family),
        num_classes=preset.num_classes if num_classes is None else num_classes,
        base_channels=base_channels,
        variant=variant,
        arguments=method_arguments,
    )
    network.build((None, None, None, 3))
    return network
