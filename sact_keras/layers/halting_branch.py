"""What the halting branches of ACT and SACT have in common."""

from typing import Any, ClassVar

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.style import Style

INITIAL_BIAS = -3.0
"""Of the halting scores before the sigmoid. Scores begin at about 0.05, so that at
first every unit runs."""


class HaltingBranch(keras.layers.Layer):
    """Base of the halting branches: scores the state that a unit has just made.

    Holds the evidence of the whole image: the mean over the positions passes a batch
    norm ("global_bn") and a linear map to one number ("global_conv").

    Args:
        activated: Whether norms are followed by the family's activation (they are on
            CIFAR, not on ImageNet).
        style: The family's numerical conventions, or their config.
    """

    global_bias: ClassVar[bool] = True

    def __init__(
        self,
        activated: bool = True,
        *,
        style: Style | dict[str, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activated = activated
        self.style = Style(**style) if isinstance(style, dict) else style
        self.global_bn = self.style.norm(name="global_bn", dtype=self.dtype_policy)
        self.global_conv = self.style.linear(
            1,
            use_bias=self.global_bias,
            bias_initializer=keras.initializers.Constant(INITIAL_BIAS),
            name="global_conv",
            dtype=self.dtype_policy,
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        pooled_shape = (input_shape[0], input_shape[-1])
        self.global_bn.build(pooled_shape)
        self.global_conv.build(pooled_shape)
        self._channels = input_shape[-1]
        self.built = True

    def global_logit(self, inputs: Tensor, training: bool) -> Tensor:
        """The whole image's evidence, [N, h, w, channels] -> [N, 1]."""
        pooled = ops.mean(inputs, axis=(1, 2))
        return self.global_conv(self._normalize(self.global_bn, pooled, training))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "activated": self.activated,
            "style": self.style.get_config(),
        }

    def _normalize(self, norm: Any, inputs: Tensor, training: bool) -> Tensor:
        outputs = norm(inputs, training=training)
        return self.style.activate(outputs) if self.activated else outputs
