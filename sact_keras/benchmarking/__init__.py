"""How much of the computation that masks save is saved in time.

`sact_keras.benchmark` measures a network that computes everything, the same under its
masks, and the same in the compact executor, which computes only what masks keep.
"""

from sact_keras.lazy import lazy_names

_NAMES = {
    "benchmark": "sact_keras.benchmarking.speed_benchmark",
    "draw_speedups": "sact_keras.benchmarking.speedup_picture",
    "forced_masks": "sact_keras.benchmarking.mask_drawing",
    "format_report": "sact_keras.benchmarking.table",
}

__all__ = ["benchmark", "draw_speedups", "forced_masks", "format_report"]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
