"""The halting branch of ACT."""

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.halting_branch import HaltingBranch


@keras.saving.register_keras_serializable(package="sact_keras")
class ImageHalting(HaltingBranch):
    """Halting score of each image: sigmoid(w . norm(mean(x)) + b).

    Figurnov et al. 2017, section 3.1. Arguments as in `HaltingBranch`.

    Input shape:
        [N, h, w, channels].

    Output shape:
        [N], in (0, 1).

    Example:
        >>> from sact_keras.layers import Style
        >>> branch = ImageHalting(style=Style(0.9, 1e-3, 0.1))
        >>> branch(ops.zeros((2, 8, 8, 16))).shape
        TensorShape([2])
    """

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Scores each image's state."""
        return ops.sigmoid(ops.squeeze(self.global_logit(inputs, training), axis=-1))

    def costs(self) -> list[Cost]:
        """Only images that ran the unit are scored."""
        return [
            Cost.convolution(
                "global_conv", (1, 1), self._channels, 1, per="image", when="active"
            )
        ]

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None]:
        """One score an image."""
        return (input_shape[0],)
