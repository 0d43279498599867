"""Image classification data sets: CIFAR, ImageNet and the built-in shapes.

The public names load on first use: `choose_dataset` answers without TensorFlow,
and a program that only asks for help waits for nothing.

Example:
    >>> from sact_keras import data
    >>> dataset = data.open_dataset("shapes")
    >>> dataset.num_classes, dataset.num_examples
    (10, {'train': 20000, 'test': 2000})
"""

from sact_keras.lazy import lazy_names

_PUBLIC_NAMES = {
    "DATASET_NAMES": "sact_keras.data.choice",
    "DatasetChoice": "sact_keras.data.choice",
    "DatasetError": "sact_keras.data.dataset_error",
    "ImageDataset": "sact_keras.data.image_dataset",
    "PHOTOGRAPH_PREPROCESSING": "sact_keras.data.photograph_preprocessing",
    "PREPROCESSING": "sact_keras.data.preprocessing",
    "choose_dataset": "sact_keras.data.choice",
    "open_dataset": "sact_keras.data.registry",
}

__all__ = list(_PUBLIC_NAMES)

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC_NAMES)
