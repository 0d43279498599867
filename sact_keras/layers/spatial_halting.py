"""The halting branch of SACT."""

from typing import Any, ClassVar

import keras
from keras import ops

from sact_keras.kernels import convolve_to_one_channel
from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.halting_branch import INITIAL_BIAS, HaltingBranch
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class SpatialHalting(HaltingBranch):
    """Halting score of each position: sigmoid(local evidence + global evidence).

    Figurnov et al. 2017, section 3.2 and equation 10. The local evidence is a batch
    norm ("local_bn") and a 3x3 convolution to one channel ("local_conv"); the global
    evidence is ACT's without its bias, the same at every position. Arguments as in
    `HaltingBranch`.

    Input shape:
        [N, h, w, channels].

    Output shape:
        [N, h, w], in (0, 1).

    Example:
        >>> branch = SpatialHalting(style=Style(0.9, 1e-3, 0.1))
        >>> branch(ops.zeros((2, 8, 8, 16))).shape
        TensorShape([2, 8, 8])
    """

    global_bias: ClassVar[bool] = False

    def __init__(
        self,
        activated: bool = True,
        *,
        style: Style | dict[str, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(activated, style=style, **kwargs)
        self.local_bn = self.style.norm(name="local_bn", dtype=self.dtype_policy)
        self.local_conv = self.style.convolution(
            1,
            3,
            bias_initializer=keras.initializers.Constant(INITIAL_BIAS),
            name="local_conv",
            dtype=self.dtype_policy,
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        self.local_bn.build(input_shape)
        self.local_conv.build(input_shape)
        super().build(input_shape)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Scores the state at each position."""
        features = self._normalize(self.local_bn, inputs, training)
        kernel = ops.cast(self.local_conv.kernel, features.dtype)
        local = convolve_to_one_channel(features, kernel) + self.local_conv.bias
        whole = self.global_logit(inputs, training)
        return ops.sigmoid(local + ops.expand_dims(whole, axis=-1))

    def costs(self) -> list[Cost]:
        """Local evidence is paid for by position, the global by every image."""
        return [
            Cost.convolution("local_conv", (3, 3), self._channels, 1, when="active"),
            Cost.convolution("global_conv", (1, 1), self._channels, 1, per="image"),
        ]

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """One score a position."""
        return tuple(input_shape[:-1])
