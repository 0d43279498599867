"""Smaller networks: pruned, quantized, and how small they are.

Adaptive depth and compression multiply: what a network does not run costs nothing, and
what it runs has fewer or shorter weights.
"""

from sact_keras.lazy import lazy_names

_NAMES = {
    "PruneLowMagnitude": "sact_keras.compression.prune_low_magnitude",
    "TFLiteError": "sact_keras.compression.tflite_error",
    "TFLiteModel": "sact_keras.compression.tflite_model",
    "convert_to_tflite": "sact_keras.compression.tflite",
    "prunable_kernels": "sact_keras.compression.prunable_kernels",
}

__all__ = [
    "PruneLowMagnitude",
    "TFLiteError",
    "TFLiteModel",
    "convert_to_tflite",
    "prunable_kernels",
]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
