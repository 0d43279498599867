"""Small networks with random weights, and their compact form without a graph."""

import numpy as np
import tensorflow as tf
from compact_checks import ACCOUNTED, assert_equal_outputs

import sact_keras
from sact_keras.compact.network import CompactNetwork

FAMILIES = {
    "cifar": {"model": "2_3_2", "base_channels": 4},
    "imagenet": {
        "dataset": "imagenet",
        "model": "1_2_2_1",
        "num_classes": 7,
        "base_channels": 4,
    },
    "imagenet_basic": {
        "dataset": "imagenet",
        "model": "basic_1_2_2_1",
        "num_classes": 7,
        "base_channels": 4,
    },
}

SIZES = {"cifar": (13, 10), "imagenet": (45, 38), "imagenet_basic": (45, 38)}
"""Of images; features of either parity on the way."""


def build(model_type, family="cifar", seed=0, **arguments):
    """A network with random weights.

    Args:
        model_type: The method.
        family: A key of `FAMILIES`.
        seed: Of the weights.
        **arguments: Further arguments of `build_model`.
    """
    model = sact_keras.build_model(model_type, **{**FAMILIES[family], **arguments})
    return with_random_weights(model, seed)


def with_random_weights(layer, seed=0):
    """Draws all weights; of the scales of the norms some are negative, and some 0."""
    rng = np.random.default_rng(seed)
    for variable in layer.weights:
        if variable.name not in ("progress", "free_units", "seed_generator_state"):
            variable.assign(_draw(rng, variable))
    return layer


def draw_images(batch, size, seed=0):
    """Images of different contrast, float32 [N, H, W, 3]."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(batch, *size, 3))
    return (images * rng.uniform(0.3, 2.0, (batch, 1, 1, 1))).astype("float32")


def run_eagerly(network, images, masks=None):
    """Runs a `CompactNetwork` operation by operation: no graph has to be made.

    Returns:
        Its outputs, with masks as a list, as the model's are.
    """
    images = tf.constant(images)
    if masks is not None:
        masks = [tf.constant(mask) for mask in masks]
    outputs = network(images, masks)
    names = [name for name in outputs if name.endswith("/masks")]
    return {"masks": [mask for name in names for mask in outputs.pop(name)], **outputs}


def assert_network_equals_model(model, images, masks=None, network=None, **options):
    """Compares the compact network with the model, but for what is accounted for.

    Returns:
        The model's outputs.
    """
    expected = model(images, training=False, masks=masks)
    actual = run_eagerly(network or CompactNetwork(model), images, masks)
    computed = {k: v for k, v in expected.items() if not k.endswith(ACCOUNTED)}
    assert_equal_outputs(actual, computed, **options)
    return expected


def _draw(rng, variable):
    shape, kind = variable.shape, variable.name
    if kind == "moving_variance":
        return rng.uniform(0.5, 2.0, shape)
    if kind == "gamma":
        signs = rng.choice([1.0, 1.0, 1.0, -1.0, 0.0], shape)
        return signs * rng.uniform(0.6, 1.4, shape)
    if kind != "kernel":
        return rng.normal(0.0, 0.3, shape)
    return rng.normal(0.0, np.sqrt(1.3 / np.prod(shape[:-1])), shape)
