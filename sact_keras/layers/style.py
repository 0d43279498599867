"""The numerical conventions that all layers of one ResNet family share."""

import dataclasses
from typing import Any, Literal

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.batch_norm import BatchNorm

# The standard deviation of a standard normal distribution truncated at two standard
# deviations. Keras divides by it, so that the *truncated* values have the variance
# asked for; the families here fix the deviation before truncation.
_TRUNCATED_STDDEV = 0.87962566103423978


@dataclasses.dataclass(frozen=True)
class Style:
    """How a ResNet family normalises, activates, initialises and decays weights.

    Attributes:
        momentum: Decay of the batch norms' moving averages, in [0, 1).
        epsilon: Added to the variance by the batch norms.
        negative_slope: Slope of the leaky ReLU below zero; 0 is a plain ReLU.
        weight_decay: Factor of half the sum of squares of each convolution kernel.
        initialization: Normal distribution of the kernels' initial values: "fan_in"
            is truncated, of standard deviation sqrt(1.3 x 2 / fan_in), as in TF-Slim;
            "fan_out" of sqrt(2 / fan_out) (He et al. 2015), as in PyTorch's ResNets.
        unbiased_variance: Whether moving variances follow the unbiased variance, as in
            PyTorch.

    Example:
        >>> style = Style(momentum=0.9, epsilon=1e-3, negative_slope=0.1)
        >>> style.norm(name="preact").momentum
        0.9
    """

    momentum: float
    epsilon: float
    negative_slope: float = 0.0
    weight_decay: float = 0.0
    initialization: Literal["fan_in", "fan_out"] = "fan_in"
    unbiased_variance: bool = False

    def convolution(self, filters: int, kernel_size: int, **kwargs: Any) -> Any:
        """A SAME convolution; keyword arguments are `keras.layers.Conv2D`'s."""
        options = {"padding": "same", **self._kernel_options(), **kwargs}
        return keras.layers.Conv2D(filters, kernel_size, **options)

    def linear(self, units: int, **kwargs: Any) -> Any:
        """A 1x1 convolution of pooled features, [N, channels] -> [N, units]."""
        return keras.layers.Dense(units, **{**self._kernel_options(), **kwargs})

    def output(self, units: int, **kwargs: Any) -> Any:
        """A linear map to what leaves the network: as PyTorch begins, and float32.

        Initial values are uniform within 1 / sqrt(fan_in). The outputs stay in float32
        under mixed precision.
        """
        initializer = keras.initializers.VarianceScaling(
            scale=1 / 3, mode="fan_in", distribution="uniform"
        )
        options = {"kernel_initializer": initializer, "dtype": "float32", **kwargs}
        return self.linear(units, **options)

    def norm(self, **kwargs: Any) -> Any:
        """A batch norm with scale; keyword arguments are `BatchNorm`'s."""
        return BatchNorm(
            momentum=self.momentum,
            epsilon=self.epsilon,
            unbiased_variance=self.unbiased_variance,
            **kwargs,
        )

    def activate(self, inputs: Tensor, times: int = 1) -> Tensor:
        """The activation applied `times` times over, in one operation."""
        if self.negative_slope == 0.0:
            return keras.ops.relu(inputs)
        return keras.ops.leaky_relu(inputs, self.negative_slope**times)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dataclasses.asdict(self)

    def _kernel_options(self) -> dict[str, Any]:
        return {
            "kernel_initializer": self._initializer(),
            "kernel_regularizer": (
                keras.regularizers.L2(self.weight_decay / 2)
                if self.weight_decay
                else None
            ),
        }

    def _initializer(self) -> keras.initializers.Initializer:
        if self.initialization == "fan_out":
            return keras.initializers.VarianceScaling(
                scale=2.0, mode="fan_out", distribution="untruncated_normal"
            )
        return keras.initializers.VarianceScaling(
            scale=2.6 * _TRUNCATED_STDDEV**2,
            mode="fan_in",
            distribution="truncated_normal",
        )
