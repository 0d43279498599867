"""Entries of reports, as small as they can be."""

import numpy as np

from sact_keras.visualization.report import ReportEntry

BLOCKS = ["block_1", "block_2"]
NUM_UNITS = [2, 3]
OPTIONS = {
    "title": "Where it looks",
    "description": {"method": "SACT"},
    "block_names": BLOCKS,
    "num_units": NUM_UNITS,
    "low": 2.0,
    "high": 7.0,
}


def make_entry(name="image", cost=4.0, **others):
    """An image whose map is `cost` on the mean, and larger on the right."""
    ponder_map = np.full((6, 8), cost - 1)
    ponder_map[:, 4:] += 2
    values = {
        "name": name,
        "image": np.full((6, 8, 3), 128, np.uint8),
        "ponder_cost_map": ponder_map,
        "block_maps": {"block_1": ponder_map / 2, "block_2": ponder_map[::2, ::2] / 2},
        "cost": cost,
        "flops": 1e7 * cost,
        "num_units": cost - 1,
        "executed_units": np.array([1.0, 0.5, 1.0, 0.25, 0.0]),
    }
    return ReportEntry(**{**values, **others})
