"""Folding: from Keras layers to the least arithmetic that computes the same.

At inference a batch norm is a scale and a shift for each channel. Behind a convolution
they become part of its kernel and its bias; elsewhere they stay, as one operation.
Products are made in float64, once, when a network is compacted.
"""

import functools
from typing import Any

import numpy as np
from keras import ops

from sact_keras.compact.affine import Affine
from sact_keras.compact.convolution import Convolution
from sact_keras.compact.unit import CompactUnit, PooledShortcut
from sact_keras.layers import (
    BottleneckUnit,
    PreactivationUnit,
    ResidualUnit,
)
from sact_keras.layers.droppable_base import DroppableBase
from sact_keras.layers.postactivation_base import PostactivationBase


def scale_and_shift(
    norm: Any, carried: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """What a batch norm multiplies by and adds at inference, float64 [channels] each.

    Args:
        norm: The batch norm.
        carried: What its input carries that is to be taken off; see `carry_shifts`.

    Example:
        >>> from sact_keras.layers import BatchNorm
        >>> norm = BatchNorm(epsilon=0.0)
        >>> norm.build((None, 2))
        >>> [values.tolist() for values in scale_and_shift(norm)]
        [[1.0, 1.0], [0.0, 0.0]]
    """
    mean, variance = array(norm.moving_mean), array(norm.moving_variance)
    scale = array(norm.gamma) / np.sqrt(variance + norm.epsilon)
    return scale, array(norm.beta) - (mean + carried) * scale


def fold_norm(
    norm: Any, slope: float | None = None, carried: np.ndarray | float = 0.0
) -> Affine:
    """A batch norm by itself, with the activation of that slope behind it."""
    scale, shift = scale_and_shift(norm, carried)
    return Affine(single(scale), single(shift), slope)


def fold_preactivation(
    norm: Any, slope: float, carried: np.ndarray | float = 0.0
) -> tuple[Affine, np.ndarray]:
    """A batch norm and its activation, as far as they cannot be put elsewhere.

    Leaky ReLUs commute with positive factors, so a scale above zero is taken from ahead
    of the activation into the convolutions behind it: a(s x + t) = s a(x + t / s).
    That saves a pass over the features.

    Args:
        norm: The batch norm.
        slope: Slope of the activation below zero.
        carried: What the norm's input carries that is to be taken off.

    Returns:
        What is left; and the factors, [channels], by which the kernels that read it are
        to be multiplied.
    """
    scale, shift = scale_and_shift(norm, carried)
    if scale.min() < np.finfo("float32").tiny:
        return fold_norm(norm, slope, carried), np.ones_like(scale)
    return Affine(None, single(shift / scale), slope), scale


def fold_convolution(
    convolution: Any,
    norm: Any = None,
    slope: float | None = None,
    factors: np.ndarray | None = None,
) -> Convolution:
    """A convolution (or a linear map) with the batch norm behind it.

    Args:
        convolution: A Keras `Conv2D` or `Dense`, built.
        norm: The batch norm that reads its outputs; None for none.
        slope: Slope of the activation behind both below zero; None for none.
        factors: Of the input's channels, which become part of the kernel; None for 1.

    Example:
        >>> import keras
        >>> layer = keras.layers.Conv2D(4, 3, strides=2)
        >>> layer.build((None, 8, 8, 2))
        >>> fold_convolution(layer).kernel.shape
        (3, 3, 2, 4)
    """
    kernel = array(convolution.kernel)
    bias = None if convolution.bias is None else array(convolution.bias)
    if factors is not None:
        kernel = kernel * factors[:, np.newaxis]
    if norm is not None:
        scale, shift = scale_and_shift(norm)
        kernel = kernel * scale
        bias = shift if bias is None else bias * scale + shift
    strides, same = 1, False
    if kernel.ndim == 2:
        kernel = kernel[None, None]
    else:
        strides, same = convolution.strides[0], convolution.padding == "same"
    return Convolution(
        single(kernel),
        None if bias is None else single(bias),
        strides=strides,
        slope=slope,
        same_padding=same,
    )


@functools.singledispatch
def fold_unit(unit: ResidualUnit) -> CompactUnit:
    """The compact form of a residual unit.

    Another type of unit is made known by `fold_unit.register`.

    Args:
        unit: Built.

    Raises:
        TypeError: If there is none for its type.
    """
    raise TypeError(
        "unit must be of a type whose arithmetic fold_unit knows. "
        f"Received: {type(unit).__name__}"
    )


@fold_unit.register
def _(unit: PreactivationUnit) -> CompactUnit:
    slope = unit.style.negative_slope
    before = (unit.filters - unit.conv1.kernel.shape[2]) // 2
    if unit.preactivated_shortcut:
        preact, factors = fold_norm(unit.preact, slope=slope), None
    else:
        preact, factors = fold_preactivation(unit.preact, slope)
    return CompactUnit(
        # The activation between them is applied twice.
        [
            fold_convolution(unit.conv1, unit.conv1_norm, slope**2, factors),
            fold_convolution(unit.conv2),
        ],
        preact=preact,
        shortcut=_pooled_shortcut(unit, before),
        shortcut_of_preact=unit.preactivated_shortcut,
    )


@fold_unit.register
def _(unit: BottleneckUnit) -> CompactUnit:
    slope = unit.style.negative_slope
    preact, factors = fold_preactivation(unit.preact, slope)
    shortcut = None
    if unit.shortcut is not None:
        shortcut = fold_convolution(unit.shortcut, factors=factors)
        shortcut.strides = unit.strides
    elif unit.strides > 1:
        shortcut = PooledShortcut(unit.strides, subsample=True)
    return CompactUnit(
        [
            fold_convolution(unit.conv1, unit.conv1_norm, slope, factors),
            fold_convolution(unit.conv2, unit.conv2_norm, slope),
            fold_convolution(unit.conv3),
        ],
        preact=preact,
        shortcut=shortcut,
        shortcut_of_preact=unit.shortcut is not None,
    )


@fold_unit.register
def _(unit: PostactivationBase) -> CompactUnit:
    slope = unit.style.negative_slope
    pairs = unit.convolutions()
    convolutions = [
        fold_convolution(
            convolution, norm, slope=slope if index < len(pairs) - 1 else None
        )
        for index, (convolution, norm) in enumerate(pairs)
    ]
    shortcut = None
    if unit.shortcut is not None:
        shortcut = fold_convolution(unit.shortcut, unit.shortcut_norm)
        shortcut.strides = unit.strides
    elif isinstance(unit, DroppableBase):
        shortcut = _pooled_shortcut(unit, 0)
    return CompactUnit(
        convolutions,
        shortcut=shortcut,
        slope=slope,
        activates_dropped=not isinstance(unit, DroppableBase),
    )


def array(weight: Any) -> np.ndarray:
    """A weight's value, float64."""
    return np.asarray(ops.convert_to_numpy(weight), "float64")


def single(values: np.ndarray) -> np.ndarray:
    """Values in float32."""
    return np.asarray(values, "float32")


def _pooled_shortcut(unit: Any, before: int) -> PooledShortcut | None:
    behind = unit.filters - unit.conv1.kernel.shape[2] - before
    shortcut = PooledShortcut(unit.strides, before, behind)
    return None if shortcut.is_identity else shortcut
