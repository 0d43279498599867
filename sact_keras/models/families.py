"""The ResNet families as tables."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

from sact_keras.layers import (
    BottleneckUnit,
    ConvolutionStem,
    DroppableBottleneck,
    DroppableUnit,
    LinearClassifier,
    NormalizedClassifier,
    NormalizedStem,
    PooledStem,
    PostactivationBottleneck,
    PostactivationUnit,
    PreactivationUnit,
    ResidualUnit,
    Style,
)
from sact_keras.layers.bottleneck_unit import EXPANSION
from sact_keras.models.presets import BASE_CHANNELS, NUM_BLOCKS


@dataclasses.dataclass(frozen=True)
class Family:
    """A family of residual networks.

    Attributes:
        style: Its numerical conventions.
        base_channels: The base of the widths unless asked otherwise.
        widths: Channels of each block's outputs, as multiples of the base.
        strides: Stride of each block's first unit.
        activated_halting: Whether halting branches activate their norms.
        stem: Makes the layer before the first block, from the base channels.
        unit: Makes a residual unit, from (block index, unit index, filters, strides).
        head: Makes the layer after the last block, from the number of classes.
        unit_type: "basic" (two convolutions) or "bottleneck" (three).
        other: The family with units of the other type, where the original has both.
        reports_macs: Whether the original reports multiply-accumulates, counted in a
            way of its own.
    """

    style: Style
    base_channels: int
    widths: tuple[int, ...]
    strides: tuple[int, ...]
    activated_halting: bool
    stem: Callable[[int], keras.layers.Layer]
    unit: Callable[[int, int, int, int], ResidualUnit]
    head: Callable[[int], keras.layers.Layer]
    unit_type: str = "basic"
    other: "Family | None" = None
    reports_macs: bool = False

    def of_units(self, unit_type: str | None) -> "Family":
        """The family with units of a type; None for its own.

        Raises:
            ValueError: If the original has no such networks.
        """
        families = [family for family in (self, self.other) if family is not None]
        for family in families:
            if unit_type in (None, family.unit_type):
                return family
        known = " or ".join(repr(family.unit_type) for family in families)
        raise ValueError(f"unit must be {known}. Received: unit={unit_type!r}")

    def make_units(
        self, block: int, num_units: int, base_channels: int
    ) -> list[ResidualUnit]:
        """Makes the units of the block at index `block`."""
        filters = self.widths[block] * base_channels
        return [
            self.unit(block, index, filters, self.strides[block] if index == 0 else 1)
            for index in range(num_units)
        ]


def _sact_cifar() -> Family:
    style = Style(momentum=0.9, epsilon=1e-3, negative_slope=0.1, weight_decay=2e-4)

    def unit(block: int, index: int, filters: int, strides: int) -> ResidualUnit:
        return PreactivationUnit(
            filters,
            strides=strides,
            preactivated_shortcut=block == 0 and index == 0,
            style=style,
            name=f"unit_{index + 1}",
        )

    def head(num_classes: int) -> Any:
        return NormalizedClassifier(num_classes, style=style, name="head")

    return Family(
        style=style,
        base_channels=BASE_CHANNELS["cifar"],
        widths=(1, 2, 4),
        strides=(1, 2, 2),
        activated_halting=True,
        stem=lambda filters: ConvolutionStem(filters, style=style, name="stem"),
        unit=unit,
        head=head,
    )


def _sact_imagenet() -> Family:
    style = Style(momentum=0.997, epsilon=1e-5, weight_decay=1e-4)

    def unit(block: int, index: int, filters: int, strides: int) -> ResidualUnit:
        del block
        return BottleneckUnit(
            filters, strides=strides, style=style, name=f"unit_{index + 1}"
        )

    def head(num_classes: int) -> Any:
        return NormalizedClassifier(
            num_classes, pool_first=False, style=style, name="head"
        )

    return Family(
        style=style,
        base_channels=BASE_CHANNELS["imagenet"],
        widths=(4, 8, 16, 32),
        strides=(1, 2, 2, 2),
        activated_halting=False,
        # The stem's width does not follow the base.
        stem=lambda base_channels: PooledStem(64, style=style, name="stem"),
        unit=unit,
        head=head,
        unit_type="bottleneck",
    )


_PYTORCH = Style(
    momentum=0.9, epsilon=1e-5, initialization="fan_out", unbiased_variance=True
)
"""Weight decay, of all weights, is the optimizer's there."""


def _postactivation(
    family: str,
    unit_type: str,
    other: Family | None = None,
    reports_macs: bool = False,
    unit_class: type[ResidualUnit] | None = None,
    **unit_arguments: Any,
) -> Family:
    """The ResNets of He et al. 2016 (arXiv 1512.03385), as PyTorch has them."""
    usual_class, expansion = {
        "basic": (PostactivationUnit, 1),
        "bottleneck": (PostactivationBottleneck, EXPANSION),
    }[unit_type]

    def unit(block: int, index: int, filters: int, strides: int) -> ResidualUnit:
        del block
        return (unit_class or usual_class)(
            filters,
            strides=strides,
            style=_PYTORCH,
            name=f"unit_{index + 1}",
            **unit_arguments,
        )

    return Family(
        style=_PYTORCH,
        base_channels=BASE_CHANNELS[family],
        widths=tuple(expansion * 2**block for block in range(NUM_BLOCKS[family])),
        strides=(1, *(2,) * (NUM_BLOCKS[family] - 1)),
        activated_halting=True,
        stem=lambda filters: NormalizedStem(
            filters, pooled=family == "imagenet", style=_PYTORCH, name="stem"
        ),
        unit=unit,
        head=lambda num_classes: LinearClassifier(
            num_classes, style=_PYTORCH, name="head"
        ),
        unit_type=unit_type,
        other=other,
        reports_macs=reports_macs,
    )


FAMILIES = {
    ("cifar", "sact"): _sact_cifar(),
    ("imagenet", "sact"): _sact_imagenet(),
    ("cifar", "aig"): _postactivation("cifar", "basic"),
    ("imagenet", "aig"): _postactivation("imagenet", "bottleneck"),
    ("cifar", "dynconv"): _postactivation("cifar", "basic", reports_macs=True),
    ("imagenet", "dynconv"): _postactivation(
        "imagenet",
        "bottleneck",
        other=_postactivation("imagenet", "basic", reports_macs=True),
        reports_macs=True,
    ),
    ("cifar", "blockdrop"): _postactivation("cifar", "basic", unit_class=DroppableUnit),
    ("imagenet", "blockdrop"): _postactivation(
        "imagenet",
        "bottleneck",
        # Its policy network is of these.
        other=_postactivation(
            "imagenet", "basic", unit_class=DroppableUnit, projection=True
        ),
        unit_class=DroppableBottleneck,
        projection=True,
    ),
}
"""(family, variant) -> the family, where the variant is the original it comes from."""
