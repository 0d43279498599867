"""A weight of a compact network."""

import numpy as np
import tensorflow as tf

from sact_keras.kernels.types import Tensor

_LARGEST_CONSTANT = 2**12
"""Values of a weight that is still written into the graph."""


class Weight(tf.Module):
    """Values that stay: a constant of the graph where they are few, else a variable.

    A constant costs no operation to read, which is what small layers take their time
    with; a variable exists once, however many branches of a graph read it.

    Args:
        values: float32.

    Example:
        >>> Weight(np.ones(2, "float32")).read().numpy().tolist()
        [1.0, 1.0]
    """

    def __init__(self, values: np.ndarray, name: str | None = None) -> None:
        super().__init__(name=name)
        values = np.asarray(values, "float32")
        self.shape = values.shape
        self.variable, self.values = None, None
        if values.size > _LARGEST_CONSTANT:
            self.variable = tf.Variable(values, trainable=False, name="values")
        else:
            self.values = values

    def read(self) -> Tensor:
        """The values, in the graph that is being made."""
        if self.variable is None:
            return tf.constant(self.values)
        return self.variable.read_value()
