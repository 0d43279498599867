"""A weight of a compact network."""

import numpy as np
import tensorflow as tf

from sact_keras.kernels.types import Tensor


class Weight(tf.Module):
    """Values that stay: a constant of each graph that reads them, unless shared.

    A constant costs no operation to read, and lets oneDNN keep a kernel in the order
    that it likes, which is what small layers take their time with. But it exists in
    each branch of each graph: `share` makes one variable of it.

    Attributes:
        stand_in: What is read instead, where several modules are traced as one.

    Args:
        values: float32.

    Example:
        >>> Weight(np.ones(2, "float32")).read().numpy().tolist()
        [1.0, 1.0]
    """

    def __init__(self, values: np.ndarray, name: str | None = None) -> None:
        super().__init__(name=name)
        self.values = np.asarray(values, "float32")
        self.shape = self.values.shape
        self.size = self.values.size
        self.variable: tf.Variable | None = None
        self.stand_in: Tensor | None = None

    def share(self) -> None:
        """Keeps the values in a variable, before any graph reads them."""
        self.variable = tf.Variable(self.values, trainable=False, name="values")
        del self.values

    def read(self) -> Tensor:
        """The values, in the graph that is being made."""
        if self.stand_in is not None:
            return self.stand_in
        if self.variable is None:
            return tf.constant(self.values)
        return self.variable.read_value()


def share_large_weights(network: tf.Module) -> None:
    """Makes variables of a network's large weights: what is large depends on its size.

    Args:
        network: Its weights are those of all modules in it.
    """
    weights = [part for part in network.submodules if isinstance(part, Weight)]
    is_small = sum(weight.size for weight in weights) <= _SMALL_NETWORK
    largest = _LARGEST_CONSTANTS["small" if is_small else "large"]
    for weight in weights:
        if weight.size > largest:
            weight.share()


_SMALL_NETWORK = 2**22
"""Weights of a network, of which those of CIFAR have fewer, and ImageNet's more."""

_LARGEST_CONSTANTS = {"small": 2**16, "large": 2**12}
"""Values of a weight that is still a constant."""
