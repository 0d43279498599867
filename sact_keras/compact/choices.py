"""When skipping pays: measured choices by the shape of a unit."""

from sact_keras.compact.unit import CompactUnit


def dense_share(unit: CompactUnit) -> float:
    """The share of active positions from which a unit runs everywhere."""
    channels = min(convolution.channels for convolution in unit.convolutions)
    if channels < 32:
        return 0.15
    if channels < 64:
        return 0.35
    return 0.8
