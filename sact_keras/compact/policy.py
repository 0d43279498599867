"""The policy network of BlockDrop in the compact executor."""

import tensorflow as tf
from keras import ops

from sact_keras.compact.ends import fold_stem
from sact_keras.compact.folding import fold_convolution, fold_unit, single
from sact_keras.kernels.types import Tensor
from sact_keras.layers.compute_budget import probability_threshold
from sact_keras.models.policy_network import PolicyNetwork


class CompactPolicy(tf.Module):
    """The policy network with folded weights: it always runs as a whole.

    Args:
        policy: The layer, built.
    """

    def __init__(self, policy: PolicyNetwork, name: str | None = None) -> None:
        super().__init__(name=name)
        self.stem = fold_stem(policy.stem)
        self.units = [fold_unit(unit) for unit in policy.units]
        self.logits = fold_convolution(policy.logits)
        self.value = fold_convolution(policy.value)
        self.fixed = tf.constant(single(1.0 - ops.convert_to_numpy(policy.free())))
        self.look = policy.look

    def __call__(
        self, images: Tensor, compute_budget: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Decides: the policy, [N, units], and what is reported of it."""
        features = self.stem(self.look(images))
        for unit in self.units:
            features = unit(features)
        pooled = tf.reduce_mean(features, axis=(1, 2))
        probability = tf.sigmoid(self.logits.of_rows(pooled))
        threshold = 0.5
        if compute_budget is not None:
            threshold = probability_threshold(compute_budget)[:, tf.newaxis]
        likeliest = tf.cast(probability >= threshold, tf.float32)
        return tf.maximum(likeliest, self.fixed), {
            "policy_probability": probability,
            "policy_value": self.value.of_rows(pooled)[:, 0],
        }
