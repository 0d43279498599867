"""Adaptive computation for residual networks in Keras 3 and TensorFlow.

Example:
    >>> import sact_keras
    >>> model = sact_keras.build_model("sact", dataset="cifar10", model="1_2_1")
    >>> model.block_names
    ['block_1', 'block_2', 'block_3']
    >>> model.num_units
    (1, 2, 1)
"""

from sact_keras.lazy import lazy_names

__version__ = "0.1.0"

_NAMES = {
    "benchmark": "sact_keras.benchmarking.speed_benchmark",
    "build_model": "sact_keras.models.builder",
    "compact": "sact_keras.compact",
    "count_flops": "sact_keras.accounting.flops",
    "export_saved_model": "sact_keras.serving.saved_model",
    "load_checkpoint": "sact_keras.checkpoints.loading",
    "load_model": "sact_keras.checkpoints.model_loading",
    "load_pretrained": "sact_keras.pretrained.loading",
    "ponder_maps": "sact_keras.visualization.ponder_map_computation",
}

__all__ = [
    "benchmark",
    "build_model",
    "compact",
    "count_flops",
    "export_saved_model",
    "load_checkpoint",
    "load_model",
    "load_pretrained",
    "ponder_maps",
]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
