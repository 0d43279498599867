"""Image classification data sets: CIFAR-10, CIFAR-100 and the built-in shapes.

The public names load on first use: `choose_dataset` answers without TensorFlow,
and a program that only asks for help waits for nothing.

Example:
    >>> from sact_keras import data
    >>> dataset = data.open_dataset("shapes")
    >>> dataset.num_classes, dataset.num_examples
    (10, {'train': 20000, 'test': 2000})
"""

import importlib
from typing import Any

_PUBLIC_NAMES = {
    "DatasetChoice": "sact_keras.data.choice",
    "DatasetError": "sact_keras.data.dataset_error",
    "ImageDataset": "sact_keras.data.image_dataset",
    "PREPROCESSING": "sact_keras.data.preprocessing",
    "choose_dataset": "sact_keras.data.choice",
    "open_dataset": "sact_keras.data.registry",
}

__all__ = [
    "PREPROCESSING",
    "DatasetChoice",
    "DatasetError",
    "ImageDataset",
    "choose_dataset",
    "open_dataset",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC_NAMES:
        return getattr(importlib.import_module(_PUBLIC_NAMES[name]), name)
    raise AttributeError(f"module 'sact_keras.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
