"""Policy networks to test with."""

import numpy as np

from sact_keras.models import PolicyNetwork

FAMILIES = ("cifar", "imagenet")
NUM_UNITS = 4


def make_network(family="cifar", num_units=NUM_UNITS, **arguments):
    """A built network that runs each unit for about half of `make_images()`.

    Its weights are the same each time.
    """
    network = PolicyNetwork(
        family, num_units, **{"base_channels": 4, "name": "policy", **arguments}
    )
    network.build((None, None, None, 3))
    rng = np.random.default_rng(1)
    for variable in network.trainable_variables:
        if variable.name == "kernel":
            scale = np.sqrt(2 / np.prod(variable.shape[:-1]))
            variable.assign(rng.normal(0.0, scale, variable.shape))
    chances = np.array(network(make_images())["policy_probability"], "float64")
    logits = np.log(chances) - np.log1p(-chances)
    network.logits.kernel.assign(network.logits.kernel / logits.std(axis=0))
    network.logits.bias.assign(-np.median(logits, axis=0) / logits.std(axis=0))
    return network


def make_images(count=64, size=(8, 8)):
    return np.random.default_rng(0).normal(size=(count, *size, 3)).astype("float32")


def to_numpy(outputs):
    return {name: np.array(value) for name, value in outputs.items()}
