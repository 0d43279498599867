"""Trained networks that come with the package.

Each is a directory `<name>/` here: a checkpoint as a training writes it, which every
program takes as its `--checkpoint_dir`, with kernels in float16; `config.json`, the
flags and the commands that made it; and `metrics.json`, what `--mode=eval` finds of it
on the 10,000 test images. docs/results.md compares them.

Example:
    >>> from sact_keras.pretrained import pretrained_names
    >>> "cifar10_sact_resnet32" in pretrained_names()
    True
"""

from sact_keras.lazy import lazy_names

_NAMES = {
    "load_pretrained": "sact_keras.pretrained.loading",
    "pretrained_directory": "sact_keras.pretrained.directories",
    "pretrained_names": "sact_keras.pretrained.directories",
}

__all__ = ["load_pretrained", "pretrained_directory", "pretrained_names"]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
