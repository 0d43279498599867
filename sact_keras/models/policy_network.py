"""The policy network of BlockDrop."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers import Cost, ReplicaSeedGenerator
from sact_keras.layers.compute_budget import probability_threshold
from sact_keras.losses import bound_probabilities
from sact_keras.models.families import FAMILIES

_VARIANT = "blockdrop"
_POOLING = {"cifar": 1, "imagenet": 2}
"""Family -> how many times coarser than the image its policy network looks."""


@keras.saving.register_keras_serializable(package="sact_keras")
class PolicyNetwork(keras.layers.Layer):
    """Looks at an image once, and says which residual units are to run for it.

    Wu et al. 2018 (arXiv 1711.08393, section 3.1): a small ResNet, with one basic unit
    a block that always runs, gives each residual unit of the large one the probability
    to run, independently of the others. On ImageNet it looks at the image at half its
    resolution.

    Without training the policy is the likeliest one: a unit runs iff its probability is
    at least 0.5. In training a policy is drawn besides, with the probabilities
    bounded by `alpha` (equation 7), and the likeliest one is its baseline.

    Args:
        family: The ResNet family, "cifar" or "imagenet".
        num_units: Residual units to decide about, K.
        base_channels: The base of its blocks' widths; None for the family's.
        alpha: Draws are made with alpha p + (1 - alpha) (1 - p).
        seed: Of the draws; None draws one from Keras' global seed.

    Attributes:
        value: A second head that estimates a reward. The original has it, counts its
            FLOPs and never trains it.
        free_units: Weight that is not trained, float32 scalar: the policy decides about
            so many last units, all ahead of them run. All are free but in the course of
            a curriculum (`sact_keras.training.Curriculum`).

    Input shape:
        [N, H, W, 3].

    Output:
        A dictionary.
            policy: what is to run, float32 [N, K] of zeros and ones.
            policy_probability: float32 [N, K].
            policy_value: float32 [N].
            baseline_policy: in training, the likeliest policy, float32 [N, K].

    Example:
        >>> network = PolicyNetwork("cifar", num_units=15, base_channels=4)
        >>> network(ops.zeros((2, 32, 32, 3)))["policy"].shape
        TensorShape([2, 15])
    """

    def __init__(
        self,
        family: str,
        num_units: int,
        base_channels: int | None = None,
        alpha: float = 0.8,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Layers cast what they compute on; noise stays in float32.
        self.autocast = False
        design = FAMILIES[family, _VARIANT].of_units("basic")
        self.family = family
        self.num_units = num_units
        self.base_channels = base_channels or design.base_channels
        self.alpha = alpha
        self.seed = seed
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.stem = design.stem(self.base_channels)
        # One unit a block, so that its number is the block's.
        self.units = [
            design.unit(block, block, width * self.base_channels, strides)
            for block, (width, strides) in enumerate(
                zip(design.widths, design.strides, strict=True)
            )
        ]
        self.logits = design.style.output(num_units, name="logits")
        self.value = design.style.output(1, name="value", trainable=False)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for images of `input_shape`."""
        shape = (*input_shape[:1], None, None, input_shape[-1])
        for layer in (self.stem, *self.units):
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self._channels = shape[-1]
        self.logits.build((None, self._channels))
        self.value.build((None, self._channels))
        self.free_units = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.num_units),
            dtype="float32",
            autocast=False,
            trainable=False,
            name="free_units",
        )
        self.built = True

    def call(
        self,
        inputs: Tensor,
        training: bool = False,
        noise: Sequence[Tensor] | None = None,
        policy: Tensor | None = None,
        compute_budget: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Decides.

        Args:
            inputs: Images, [N, H, W, 3].
            training: Whether the network is being trained.
            noise: Uniform draws in [0, 1) to take instead of drawing, one [N] a unit.
            policy: What to run instead of what is decided, [N, K] of zeros and ones; in
                training instead of the draw, of which the free units are taken.
            compute_budget: Moves the threshold of 1/2, [N]; see
                `sact_keras.layers.compute_budget`.

        Returns:
            The outputs; see the class.
        """
        features = self._features(inputs, training=training)
        probability = ops.sigmoid(self.logits(features))
        outputs = {
            "policy_probability": probability,
            "policy_value": self.value(features)[:, 0],
        }
        threshold = 0.5
        if compute_budget is not None:
            threshold = probability_threshold(compute_budget)[:, None]
        likeliest = self._with_fixed(ops.cast(probability >= threshold, "float32"))
        if not training:
            return {**outputs, "policy": likeliest if policy is None else policy}
        if policy is None:
            policy = self._draw(probability, noise)
        return {
            **outputs,
            "policy": self._with_fixed(policy),
            "baseline_policy": likeliest,
        }

    def free(self) -> Tensor:
        """Which units the policy is free to decide about: ones and zeros, [K]."""
        behind = self.num_units - 1 - ops.arange(self.num_units)
        return ops.cast(ops.cast(behind, "float32") < self.free_units, "float32")

    def input_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """The (height, width) at which an image of `size` is looked at."""
        if _POOLING[self.family] == 1:
            return size
        # At least one pixel.
        return tuple(side // 2 + 1 // side for side in size)

    def head_costs(self) -> list[Cost]:
        """What the two linear maps cost."""
        return [
            Cost.convolution(
                layer.name, (1, 1), self._channels, layer.units, per="image", macs=0
            )
            for layer in (self.logits, self.value)
        ]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "family": self.family,
            "num_units": self.num_units,
            "base_channels": self.base_channels,
            "alpha": self.alpha,
            "seed": self.seed,
        }

    def look(self, images: Tensor) -> Tensor:
        """The images at the resolution at which they are looked at."""
        if _POOLING[self.family] == 1:
            return images
        # A last row or column of an odd number is left out, as in PyTorch.
        height, width = (2 * side for side in self.input_size(ops.shape(images)[1:3]))
        return ops.average_pool(images[:, :height, :width], 2, 2, padding="same")

    def _features(self, images: Tensor, training: bool) -> Tensor:
        features = self.stem(self.look(images), training=training)
        for unit in self.units:
            features = unit(features, training=training)
        return ops.cast(ops.mean(features, axis=(1, 2)), "float32")

    def _with_fixed(self, policy: Tensor) -> Tensor:
        """The policy with all units running that it is not free to decide about."""
        return ops.maximum(policy, 1.0 - self.free())

    def _draw(self, probability: Tensor, noise: Sequence[Tensor] | None) -> Tensor:
        if noise is None:
            draws = keras.random.uniform(
                ops.shape(probability), seed=self.seed_generator
            )
        else:
            draws = ops.stack(noise, axis=1)
        q = bound_probabilities(probability, self.alpha)
        return ops.cast(draws < q, "float32")
