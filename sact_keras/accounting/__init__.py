"""Accounting: what was executed, as functions of the masks and the static shapes."""

from sact_keras.accounting.account import account, block_flops, count_units
from sact_keras.accounting.flops import (
    count_flops,
    dilate,
    executed_flops,
    executed_macs,
    executed_positions,
    flops_dtype,
    spread,
)
from sact_keras.accounting.maps import pixel_map, resize_to_pixels

__all__ = [
    "account",
    "block_flops",
    "count_flops",
    "count_units",
    "dilate",
    "executed_flops",
    "executed_macs",
    "executed_positions",
    "flops_dtype",
    "pixel_map",
    "resize_to_pixels",
    "spread",
]
