"""The bottleneck of the ImageNet ResNets of BlockDrop."""

import keras

from sact_keras.layers.droppable_base import DroppableBase
from sact_keras.layers.postactivation_bottleneck import PostactivationBottleneck


@keras.saving.register_keras_serializable(package="sact_keras")
class DroppableBottleneck(DroppableBase, PostactivationBottleneck):
    """Convolutions of 1x1, 3x3 and 1x1 that a policy may drop; see `DroppableBase`.

    Args:
        filters: Channels of the output, a multiple of 4; without projection at least
            the input's.
        strides: Factor by which the unit reduces the resolution.
        projection: Whether the shortcut of a unit that changes the shape has weights.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels].

    Output shape:
        [N, ceil(H / strides), ceil(W / strides), filters].

    Example:
        >>> from sact_keras.layers import Style
        >>> unit = DroppableBottleneck(32, strides=2, style=Style(0.9, 1e-5))
        >>> outputs = unit(keras.ops.ones((2, 8, 8, 16)), keras.ops.array([0.0, 1.0]))
        >>> outputs.shape
        TensorShape([2, 4, 4, 32])
    """
