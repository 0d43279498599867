"""What stands before the first block and behind the last, of folded weights."""

import functools
from typing import Any

import tensorflow as tf

from sact_keras.compact.affine import Affine
from sact_keras.compact.convolution import Convolution
from sact_keras.compact.folding import fold_convolution, fold_norm
from sact_keras.kernels.types import Tensor
from sact_keras.layers import (
    ConvolutionStem,
    LinearClassifier,
    NormalizedClassifier,
    NormalizedStem,
    PooledStem,
)


class CompactStem(tf.Module):
    """A convolution, and perhaps 3x3 max pooling with stride 2.

    Args:
        convolution: The convolution.
        pooling: None; "same", or "symmetric" for padding by one on every side.
    """

    def __init__(
        self,
        convolution: Convolution,
        pooling: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.convolution = convolution
        self.pooling = pooling

    def __call__(self, images: Tensor) -> Tensor:
        """Maps [N, H, W, 3] to the first block's input."""
        features = self.convolution(images)
        if self.pooling is None:
            return features
        padding = "SAME"
        if self.pooling == "symmetric":
            # Of activations, which the zeros of a padding by itself never exceed.
            padding = [[0, 0], [1, 1], [1, 1], [0, 0]]
        return tf.nn.max_pool2d(features, 3, 2, padding)


class CompactHead(tf.Module):
    """Pooling and a linear map, with a norm ahead of either or none.

    Args:
        logits: The linear map.
        before: A norm ahead of the pooling.
        behind: A norm behind it.
    """

    def __init__(
        self,
        logits: Convolution,
        before: Affine | None = None,
        behind: Affine | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.logits = logits
        self.before = before
        self.behind = behind

    def __call__(self, features: Tensor) -> Tensor:
        """Maps [N, h, w, channels] to logits, [N, classes]."""
        if self.before is not None:
            features = self.before(features)
        pooled = tf.reduce_mean(features, axis=(1, 2))
        if self.behind is not None:
            pooled = self.behind(pooled)
        return self.logits.of_rows(pooled)


@functools.singledispatch
def fold_stem(stem: Any) -> CompactStem:
    """The compact form of a stem; another is made known by `fold_stem.register`.

    Raises:
        TypeError: If there is none for its type.
    """
    raise TypeError(
        f"stem must be of a type that fold_stem knows. Received: {type(stem).__name__}"
    )


@fold_stem.register
def _(stem: ConvolutionStem) -> CompactStem:
    return CompactStem(fold_convolution(stem.conv))


@fold_stem.register
def _(stem: PooledStem) -> CompactStem:
    return CompactStem(fold_convolution(stem.conv), pooling="same")


@fold_stem.register
def _(stem: NormalizedStem) -> CompactStem:
    convolution = fold_convolution(
        stem.conv, stem.norm, slope=stem.style.negative_slope
    )
    return CompactStem(convolution, pooling="symmetric" if stem.pooled else None)


@functools.singledispatch
def fold_head(head: Any) -> CompactHead:
    """The compact form of a classifier; `fold_head.register` makes others known.

    Raises:
        TypeError: If there is none for its type.
    """
    raise TypeError(
        f"head must be of a type that fold_head knows. Received: {type(head).__name__}"
    )


@fold_head.register
def _(head: LinearClassifier) -> CompactHead:
    return CompactHead(fold_convolution(head.logits))


@fold_head.register
def _(head: NormalizedClassifier) -> CompactHead:
    norm = fold_norm(head.norm, slope=head.style.negative_slope)
    place = {"behind": norm} if head.pool_first else {"before": norm}
    return CompactHead(fold_convolution(head.logits), **place)
