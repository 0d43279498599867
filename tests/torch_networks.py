"""The networks of the golden cases whose originals are written in PyTorch."""

import dataclasses

import pytest

import sact_keras
from sact_keras.models.families import FAMILIES

_IMAGENET = {"dataset": "imagenet", "num_classes": 50}
NETWORKS = {
    "aig_cifar_222": {"model_type": "aig", "model": "2"},
    "aig_imagenet_1221_w8": {
        "model_type": "aig",
        "model": "1_2_2_1",
        "base_channels": 8,
        **_IMAGENET,
    },
    "dynconv_cifar_resnet8": {"model_type": "dynconv", "model": "1"},
    "dynconv_imagenet_basic1111_w025": {
        "model_type": "dynconv",
        "model": "basic_1_1_1_1",
        "base_channels": 16,
        **_IMAGENET,
    },
    "dynconv_imagenet_bottleneck1121_w0125": {
        "model_type": "dynconv",
        "model": "1_1_2_1",
        "base_channels": 8,
        **_IMAGENET,
    },
}
"""Case -> what `build_model` makes its network from."""


def build_torch_network(case, **arguments):
    """The network of a case, with random weights.

    Args:
        case: A key of `NETWORKS`.
        **arguments: The method's.
    """
    with pytest.MonkeyPatch.context() as patch:
        if case == "aig_imagenet_1221_w8":
            # The last block of this one is as narrow as the first.
            key = "imagenet", "aig"
            narrow = dataclasses.replace(FAMILIES[key], widths=(4, 8, 16, 4))
            patch.setitem(FAMILIES, key, narrow)
        return sact_keras.build_model(**NETWORKS[case], **arguments)
