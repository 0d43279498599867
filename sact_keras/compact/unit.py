"""A residual unit of folded weights."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from sact_keras.compact.affine import Affine
from sact_keras.compact.convolution import Convolution, activate
from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor
from sact_keras.layers.masked_execution import broadcast_mask
from sact_keras.layers.pooled_shortcut import pool_and_widen


class PooledShortcut:
    """A shortcut without weights; see `pool_and_widen`.

    Args:
        strides: Factor by which it reduces the resolution.
        before: Channels of zeros ahead of the input's.
        behind: Channels of zeros behind them.
        subsample: Whether it keeps one position of a window rather than its mean.
    """

    def __init__(
        self, strides: int, before: int = 0, behind: int = 0, subsample: bool = False
    ) -> None:
        self.strides = strides
        self.before = before
        self.behind = behind
        self.subsample = subsample

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return (self.strides, self.before, self.behind) == (1, 0, 0)

    def __call__(self, features: Tensor) -> Tensor:
        """Pools [N, H, W, channels]."""
        if self.subsample:
            # Copies far faster than a slice with steps does.
            return tf.nn.max_pool2d(features, 1, self.strides, "VALID")
        return pool_and_widen(features, self.strides, self.before, self.behind)


class CompactUnit(tf.Module):
    """What a residual unit computes at inference, apart from where it does.

    Every type of unit is one of these: with p the pre-activation (or the input itself,
    where there is none), r the shortcut of p or of the input, F the convolutions,

        a(r + F(p))          where it runs,
        a(r), or r itself    where it does not.

    To both may be added what the features are to carry to the next unit; see
    `carry_shifts`.

    Args:
        convolutions: F, each with the bias and the activation behind it.
        preact: The pre-activation; None for none.
        shortcut: r; None for the input.
        shortcut_of_preact: Whether the shortcut reads the pre-activation.
        slope: Slope of the activation a below zero; None for none.
        activates_dropped: Whether it applies where the unit does not run.

    Attributes:
        step: What is added to the output everywhere, [filters]; None for nothing. Only
            units without an activation behind the sum may have it.
        strides: Factor by which the unit reduces the resolution.
        filters: Channels of the output.
    """

    def __init__(
        self,
        convolutions: Sequence[Convolution],
        preact: Affine | None = None,
        shortcut: Callable[[Tensor], Tensor] | None = None,
        shortcut_of_preact: bool = False,
        slope: float | None = None,
        activates_dropped: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.convolutions = list(convolutions)
        self.preact = preact
        self.shortcut = shortcut
        self.shortcut_of_preact = shortcut_of_preact
        self.slope = slope
        self.activates_dropped = activates_dropped
        self.step: Weight | None = None
        self.filters = self.convolutions[-1].filters
        self.strides = 1
        for convolution in self.convolutions:
            self.strides *= convolution.strides

    @property
    def keeps_input(self) -> bool:
        """Whether the unit hands on its input where it does not run.

        The networks whose units activate their sums have activated inputs, which an
        activation with slope 0 leaves as they are.
        """
        return self.shortcut is None and not self.shortcut_of_preact

    def __call__(self, inputs: Tensor, weights: Tensor | None = None) -> Tensor:
        """Runs the unit everywhere, the residual weighed by `weights` if given.

        Args:
            inputs: [N, H, W, channels].
            weights: [N], of units that have no `step` and either activate what is
                dropped or drop nothing; None weighs nothing.

        Returns:
            [N, h, w, filters].
        """
        preact = self.preactivate(inputs)
        residual = preact
        for convolution in self.convolutions[:-1]:
            residual = convolution(residual)
        residual = self.convolutions[-1](residual, self.step)
        shortcut = self.shortcut_branch(inputs, preact)
        if weights is not None:
            residual = broadcast_mask(weights, residual) * residual
        return self.activate(add_branches(shortcut, residual))

    def choose(self, mask: Tensor, made: Tensor, inputs: Tensor) -> Tensor:
        """Takes what the unit has made where a mask keeps it, and drops the rest.

        One pass, where weighing the residual and adding it would be two, and the sum is
        left to the convolution.

        Args:
            mask: bool, [N], or [N, h, w] for features of positions.
            made: What the unit made of them, [N, h, w, filters].
            inputs: [N, H, W, channels].

        Returns:
            [N, h, w, filters]. Rows, [M, channels], go with a mask [M].
        """
        dropped = self.skip(inputs)
        rows = (
            tf.reshape(features, (-1, features.shape[-1]))
            if mask.shape.rank == 3
            else features
            for features in (made, dropped)
        )
        chosen = tf.raw_ops.Select(
            condition=tf.reshape(mask, [-1]), x=next(rows), y=next(rows)
        )
        return tf.reshape(chosen, tf.shape(made))

    def skip(self, inputs: Tensor) -> Tensor:
        """Runs the unit nowhere, [N, H, W, channels] -> [N, h, w, filters]."""
        if self.keeps_input:
            return self.carry(inputs)
        preact = self.preactivate(inputs) if self.shortcut_of_preact else inputs
        shortcut = self.carry(self.shortcut_branch(inputs, preact))
        return self.activate(shortcut) if self.activates_dropped else shortcut

    def carry(self, features: Tensor) -> Tensor:
        """Adds the `step`, if there is one, to [..., filters]."""
        if self.step is None:
            return features
        return tf.nn.bias_add(features, self.step.read())

    def preactivate(self, inputs: Tensor) -> Tensor:
        """The pre-activation of [..., channels]; the input where there is none."""
        return inputs if self.preact is None else self.preact(inputs)

    def shortcut_branch(self, inputs: Tensor, preact: Tensor) -> Tensor:
        """The shortcut, [N, h, w, filters]."""
        source = preact if self.shortcut_of_preact else inputs
        return source if self.shortcut is None else self.shortcut(source)

    def activate(self, features: Tensor) -> Tensor:
        """The activation behind the sum."""
        return activate(features, self.slope)


def add_branches(shortcut: Tensor, residual: Tensor) -> Tensor:
    """The sum of both, for as many threads at a time as like.

    Of a convolution, its bias and an addition TensorFlow's optimizer of graphs makes
    one operation of oneDNN's, which keeps what is added to in the operation itself:
    two threads that run it at a time corrupt each other's memory. It does so only where
    it knows that both have one shape, which is withheld from it here.

    Args:
        shortcut: [N, h, w, filters].
        residual: [N, h, w, filters].

    Example:
        >>> add_branches(tf.ones((1, 2, 2, 3)), tf.ones((1, 2, 2, 3))).shape
        TensorShape([1, 2, 2, 3])
    """
    unknown = tf.raw_ops.PlaceholderWithDefault(input=residual, shape=None)
    sums = shortcut + unknown
    sums.set_shape(residual.shape)
    return sums
