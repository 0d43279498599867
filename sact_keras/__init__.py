"""Adaptive computation for residual networks in Keras 3 and TensorFlow.

The public names load on first use, so that `import sact_keras` (and with it
`python main.py --help`) does not wait for TensorFlow.

Example:
    >>> import sact_keras
    >>> model = sact_keras.build_model("sact", dataset="cifar10", model="1")
    >>> model.name
    'sact_resnet_1_1_1'
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC_NAMES = {
    "build_model": "sact_keras.models",
    "count_flops": "sact_keras.accounting",
    "load_checkpoint": "sact_keras.checkpoints",
}

__all__ = ["__version__", *_PUBLIC_NAMES]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC_NAMES:
        return getattr(importlib.import_module(_PUBLIC_NAMES[name]), name)
    raise AttributeError(f"module 'sact_keras' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
