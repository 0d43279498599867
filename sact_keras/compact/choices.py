"""When skipping pays: what was measured, by the shape of a unit.

The share of active positions from which a unit is faster where it runs everywhere;
docs/compact.md has the measurements. Gathering what lies under a 3x3 kernel takes time
by the channel, the matrix product behind it by the square of the channels, so that
skipping pays for wide units early and for narrow ones late.
"""

from sact_keras.compact.unit import CompactUnit

_BOTTLENECKS = 0.7
"""One 3x3 convolution between two of 1x1."""

_BASIC = {16: 0.1, 32: 0.2, 64: 0.35, 128: 0.5}
"""Channels up to which -> the share, for units of two 3x3 convolutions."""

_WIDE_BASIC = 0.6


def dense_share(unit: CompactUnit) -> float:
    """The share of active positions from which a unit runs everywhere.

    Args:
        unit: The unit.

    Returns:
        In (0, 1].
    """
    if any(convolution.side == 1 for convolution in unit.convolutions):
        return _BOTTLENECKS
    for channels, share in _BASIC.items():
        if unit.filters <= channels:
            return share
    return _WIDE_BASIC
