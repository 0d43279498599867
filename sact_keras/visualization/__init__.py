"""Pictures of where a network spends its computation."""

from sact_keras.lazy import lazy_names

_NAMES = {
    "maximum_ponder_cost": "sact_keras.visualization.heatmap",
    "ponder_caption": "sact_keras.visualization.ponder_maps",
    "ponder_heatmap": "sact_keras.visualization.heatmap",
    "save_ponder_map_grid": "sact_keras.visualization.ponder_maps",
}

__all__ = [
    "maximum_ponder_cost",
    "ponder_caption",
    "ponder_heatmap",
    "save_ponder_map_grid",
]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
