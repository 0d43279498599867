"""Pictures of where a network spends its computation."""

from sact_keras.lazy import lazy_names

_NAMES = {
    "PonderMapFile": "sact_keras.visualization.ponder_map_file",
    "maximum_ponder_cost": "sact_keras.visualization.heatmap",
    "ponder_caption": "sact_keras.visualization.ponder_maps",
    "ponder_heatmap": "sact_keras.visualization.heatmap",
    "read_ponder_map_attributes": "sact_keras.visualization.ponder_map_reading",
    "read_ponder_map_batches": "sact_keras.visualization.ponder_map_reading",
    "read_ponder_maps": "sact_keras.visualization.ponder_map_reading",
    "save_ponder_map_grid": "sact_keras.visualization.ponder_maps",
}

__all__ = [
    "PonderMapFile",
    "maximum_ponder_cost",
    "ponder_caption",
    "ponder_heatmap",
    "read_ponder_map_attributes",
    "read_ponder_map_batches",
    "read_ponder_maps",
    "save_ponder_map_grid",
]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
