"""One number from the means over an image's positions."""

import numpy as np
import tensorflow as tf

from sact_keras.compact.affine import Affine
from sact_keras.compact.convolution import Convolution
from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor


class PooledLinear(tf.Module):
    """A linear map of pooled features to one number, behind a layer of its own.

    Args:
        kernel: [channels].
        bias: A number.
        before: What stands ahead: a linear map seen as a 1x1 convolution, what is left
            of a norm, or None.

    Example:
        >>> PooledLinear(np.ones(3, "float32"), 0.5)(tf.ones((2, 3))).numpy().tolist()
        [3.5, 3.5]
    """

    def __init__(
        self,
        kernel: np.ndarray,
        bias: float,
        before: Convolution | Affine | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.kernel = Weight(kernel[:, None])
        self.bias = Weight([bias])
        self.before = before

    def __call__(self, pooled: Tensor) -> Tensor:
        """Maps [N, channels] to [N]."""
        if isinstance(self.before, Convolution):
            pooled = self.before.of_rows(pooled)
        elif self.before is not None:
            pooled = self.before(pooled)
        sums = tf.nn.bias_add(tf.matmul(pooled, self.kernel.read()), self.bias.read())
        return tf.squeeze(sums, axis=1)
