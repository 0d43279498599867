"""What a report knows of the network."""

import dataclasses
from collections.abc import Sequence

from sact_keras.visualization.heatmap import maximum_ponder_cost

# What a block adds to its cost beyond its units: halting's remainder, of at most 1.
REMAINDERS = {"ponder cost": 1, "executed units": 0}


@dataclasses.dataclass(frozen=True)
class ReportedNetwork:
    """The network's blocks, and the scale on which its maps are drawn.

    Attributes:
        block_names: In order.
        num_units: Units of each block.
        quantity: What maps hold: "ponder cost" or "executed units".
        low: Value of the summed maps that is drawn in the first colour.
        high: Value of the summed maps that is drawn in the last colour.

    Raises:
        ValueError: If the lists differ in length, a block has no unit, the quantity is
            another, or the scale is upside down.

    Example:
        >>> network = ReportedNetwork(
        ...     ["block_1", "block_2"], [2, 3], "ponder cost", low=2.0, high=7.0
        ... )
        >>> network.maximum, network.block_maximum("block_2")
        (7, 4)
    """

    block_names: Sequence[str]
    num_units: Sequence[int]
    quantity: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if len(self.block_names) != len(self.num_units):
            raise ValueError(
                "`block_names` and `num_units` must be equally many. Received: "
                f"block_names={list(self.block_names)}, "
                f"num_units={list(self.num_units)}"
            )
        maximum_ponder_cost(self.num_units)  # Checks them.
        if self.quantity not in REMAINDERS:
            raise ValueError(
                f"`quantity` must be one of {list(REMAINDERS)}. "
                f"Received: quantity={self.quantity!r}"
            )
        # Written so that NaN fails it too.
        if not self.low <= self.high < float("inf"):
            raise ValueError(
                "`low` must be at most `high`, and both finite. "
                f"Received: low={self.low}, high={self.high}"
            )

    @property
    def maximum(self) -> int:
        """The largest value that a map summed over blocks can take."""
        return sum(self.num_units) + len(self.num_units) * REMAINDERS[self.quantity]

    def block_maximum(self, name: str) -> int:
        """The largest value that a block's own map can take."""
        units = self.num_units[list(self.block_names).index(name)]
        return units + REMAINDERS[self.quantity]
