"""The ways in which a network is run, to be timed against each other."""

from typing import Any

import tensorflow as tf

import sact_keras
from sact_keras.benchmarking.held_masks import HeldMasks, Run
from sact_keras.kernels.types import Tensor
from sact_keras.models import AdaptiveResNet

EXECUTORS = ("dense", "dense_folded", "masked", "compact")
"""The names of `make_executors`, in the order of reports."""


def make_executors(model: AdaptiveResNet) -> dict[str, Run]:
    """Makes functions of a network that take images, and masks or None.

    Args:
        model: The network.

    Returns:
        "dense": the vanilla network of the same body and weights, a `tf.function` of
            the Keras model, which runs every unit and decides nothing.
        "dense_folded": the same in the compact executor: what folding batch norms
            gives without skipping anything.
        "masked": a `tf.function` of the network as it is.
        "compact": the network in the compact executor.
        The first two ignore the masks.

    Raises:
        TypeError: If the model is no network of `sact_keras.build_model`.
        RuntimeError: If Keras runs on another backend than TensorFlow.
    """
    compact = sact_keras.compact(model)  # First: it says what is wrong with a model.
    vanilla = vanilla_of(model)
    dense, masked = function_of(vanilla), function_of(model)
    dense_folded = sact_keras.compact(vanilla)
    return {
        "dense": lambda images, masks: dense(images),
        "dense_folded": lambda images, masks: dense_folded(images),
        "masked": HeldMasks(masked),
        "compact": HeldMasks(compact),
    }


def vanilla_of(model: AdaptiveResNet) -> AdaptiveResNet:
    """The network without its decisions: every unit runs.

    Args:
        model: A built network.

    Returns:
        A new one, of the same body, with a copy of its weights.

    Example:
        >>> model = sact_keras.build_model("sact", model="1", base_channels=4)
        >>> vanilla_of(model).model_type
        'vanilla'
    """
    vanilla = AdaptiveResNet(
        "vanilla",
        model.family,
        model.num_units,
        num_classes=model.num_classes,
        base_channels=model.base_channels,
        variant=model.variant,
        unit=model.unit,
        dtype=model.dtype_policy,
    )
    vanilla.build((None, None, None, 3))
    # Paths begin with the names of the networks, which differ.
    weights = {v.path.partition("/")[2]: v for v in model.weights}
    for variable in vanilla.weights:
        variable.assign(weights[variable.path.partition("/")[2]])
    return vanilla


def function_of(model: AdaptiveResNet) -> Run:
    """The network as Keras runs it at inference, in a `tf.function`.

    Args:
        model: A built network.

    Returns:
        A function of images [N, H, W, 3], and masks or None, to the model's outputs.

    Example:
        >>> model = sact_keras.build_model("sact", model="1", base_channels=4)
        >>> run = function_of(model)
        >>> run(tf.zeros([2, 32, 32, 3]))["logits"].shape
        TensorShape([2, 10])
    """

    @tf.function(autograph=False)
    def run(images: Tensor, masks: list[Tensor] | None = None) -> dict[str, Any]:
        return model(images, training=False, masks=masks)

    return run
