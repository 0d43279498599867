"""What the report shows of one image."""

import dataclasses
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class ReportEntry:
    """An image, where a network spent its computation on it, and what that cost.

    Attributes:
        name: Of the image; need not be unique. Any text.
        image: `[H, W, 3]`, uint8.
        ponder_cost_map: `[H, W]`, finite: ponder cost a pixel, summed over blocks;
            executed units for a method that has no ponder cost.
        block_maps: Name of a block -> the same of this block alone, `[h, w]` at the
            block's own resolution. Empty for networks that decide for whole images.
        cost: Mean of the map over the image: what the report sorts by.
        flops: Floating point operations that the image needed.
        num_units: Units executed, averaged over the image's positions.
        executed_units: `[units]`, in [0, 1]: the share of the positions at which each
            unit ran, over all blocks in order.
        spatial: Whether decisions vary over an image: then maps are shown, else a
            strip of the units that ran.
        dense_flops: What the image would have needed with every unit run; None where
            that is not known.
        label: The right class, where it is known.
        prediction: The class that the network says, where it is known. It is marked
            as wrong where there is a label that differs.

    Raises:
        ValueError: If an array has another shape, type or range.

    Example:
        >>> entry = ReportEntry(
        ...     name="cat.jpg",
        ...     image=np.zeros((32, 48, 3), np.uint8),
        ...     ponder_cost_map=np.full((32, 48), 9.5),
        ...     block_maps={"block_1": np.full((32, 48), 9.5)},
        ...     cost=9.5,
        ...     flops=82_393_168,
        ...     num_units=8.9,
        ...     executed_units=np.ones(10),
        ...     label="cat",
        ...     prediction="dog",
        ... )
        >>> entry.is_wrong
        True
    """

    name: str
    image: np.ndarray
    ponder_cost_map: np.ndarray
    cost: float
    flops: float
    num_units: float
    executed_units: np.ndarray
    block_maps: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    spatial: bool = True
    dense_flops: float | None = None
    label: str | None = None
    prediction: str | None = None

    def __post_init__(self) -> None:
        image = self.image
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
            raise ValueError(
                "`image` must be uint8 of shape [H, W, 3]. "
                f"Received: {self.name!r} of type {image.dtype}, shape {image.shape}"
            )
        if self.ponder_cost_map.shape != image.shape[:2]:
            raise ValueError(
                f"`ponder_cost_map` must have the image's size, {image.shape[:2]}. "
                f"Received: {self.name!r} of shape {self.ponder_cost_map.shape}"
            )
        for block, block_map in self.block_maps.items():
            if block_map.ndim != 2:
                raise ValueError(
                    "`block_maps` must hold maps of shape [h, w]. "
                    f"Received: {block!r} of {self.name!r}, shape {block_map.shape}"
                )
        maps = [self.ponder_cost_map, *self.block_maps.values()]
        numbers = [self.cost, self.flops, self.num_units]
        if not all(np.isfinite(values).all() for values in [*maps, numbers]):
            raise ValueError(
                "`ponder_cost_map`, `block_maps`, `cost`, `flops` and `num_units` must "
                f"be finite. Received: NaN or infinite values in {self.name!r}"
            )
        ran = self.executed_units
        # Written so that NaN fails it too.
        if ran.ndim != 1 or not ((ran >= 0) & (ran <= 1)).all():
            raise ValueError(
                "`executed_units` must be shares in [0, 1] of shape [units]. "
                f"Received: {ran!r} of {self.name!r}"
            )

    @property
    def is_wrong(self) -> bool:
        """Whether the network takes the image for something that it is not."""
        return None not in (self.label, self.prediction) and (
            self.label != self.prediction
        )
