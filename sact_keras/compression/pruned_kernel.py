"""A kernel, and which of its weights are pruned."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf


class PrunedKernel:
    """A kernel, its mask, and what training would have made of its pruned weights.

    Args:
        kernel: A built variable of the TensorFlow backend, of rank 2 or more.
        as_matrix: Whether the kernel is seen as a matrix [inputs, outputs], its
            positions being inputs like its channels. Blocks are blocks of a matrix.

    Attributes:
        mask: 1 where a weight is kept, 0 where it is pruned; of the kernel's shape, or
            the matrix'.
        removed: The last step's values of pruned weights, 0 elsewhere; of the kernel's
            shape. A step changes pruned weights, too, and by these changes the next
            mask may take some of them back (Zhu & Gupta 2017, section 3).
        threshold: The least magnitude that is kept; what the toolkit notes beside a
            mask.
    """

    def __init__(self, kernel: keras.Variable, *, as_matrix: bool) -> None:
        shape = tuple(kernel.shape)
        size = int(np.prod(shape))
        self.kernel = kernel
        matrix = (size // shape[-1], shape[-1])
        self._shape = matrix if as_matrix else shape
        self.mask = _variable("ones", self._shape, kernel.dtype)
        self.removed = _variable("zeros", shape, kernel.dtype)
        self.threshold = _variable("zeros", (), kernel.dtype)

    @property
    def variables(self) -> list[keras.Variable]:
        """What must be saved in order to go on: mask and removed weights."""
        return [self.mask, self.removed]

    @property
    def for_toolkit(self) -> tuple[Any, tf.Variable, tf.Variable]:
        """What `pruning_impl.Pruning` takes: the weight, its mask and its threshold."""
        return self, self.mask.value, self.threshold.value

    # What the toolkit uses of a weight, which may be no variable but a view of one.

    @property
    def shape(self) -> tf.TensorShape:
        """The shape in which the kernel is seen."""
        return tf.TensorShape(self._shape)

    @property
    def dtype(self) -> tf.DType:
        """The kernel's type."""
        return self.kernel.value.dtype

    def get_shape(self) -> tf.TensorShape:
        """The shape, as TensorFlow's variables are asked for it."""
        return self.shape

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> tf.Tensor:
        """The weights, in the shape in which the kernel is seen."""
        del name
        seen = tf.reshape(self.kernel.value, self._shape)
        return seen if dtype is None else tf.cast(seen, dtype)

    def assign(self, value: tf.Tensor, name: str | None = None) -> Any:
        """Gives the kernel other weights."""
        del name
        return self.kernel.value.assign(tf.reshape(value, self.kernel.shape))

    def keep_removed(self) -> None:
        """Notes what is about to be removed by the mask."""
        mask = tf.reshape(self.mask.value, self.kernel.shape)
        self.removed.value.assign(self.kernel.value * (1 - mask))

    def restore_removed(self) -> None:
        """Gives pruned weights the values that have been noted."""
        self.kernel.value.assign(self.kernel.value + self.removed.value)
        self.removed.value.assign(tf.zeros_like(self.removed.value))


def _variable(initializer: str, shape: tuple[int, ...], dtype: str) -> keras.Variable:
    return keras.Variable(initializer, shape=shape, dtype=dtype, trainable=False)
