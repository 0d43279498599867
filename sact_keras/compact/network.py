"""A network in the compact executor."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from sact_keras.compact.blocks import compact_block
from sact_keras.compact.ends import fold_head, fold_stem
from sact_keras.compact.policy import CompactPolicy
from sact_keras.compact.weight import share_large_weights
from sact_keras.kernels.types import Tensor


class CompactNetwork(tf.Module):
    """Stem, blocks and classifier of folded weights, on a batch as it comes.

    Args:
        model: The network, built.
    """

    def __init__(self, model: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self.stem = fold_stem(model.stem)
        self.blocks = [compact_block(block) for block in model.blocks]
        self.block_names = list(model.block_names)
        self.head = fold_head(model.head)
        self.policy = None if model.policy is None else CompactPolicy(model.policy)
        share_large_weights(self)

    def __call__(
        self,
        images: Tensor,
        given: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> dict[str, Any]:
        """Runs the network.

        Args:
            images: [N, H, W, 3].
            given: Masks that overrule those that are decided, one a unit.
            compute_budget: Moves the thresholds of decisions, [N].

        Returns:
            "logits"; for each block "block_1/masks", a list, and what its decision
            reports; with a policy its outputs.
        """
        outputs, policy = {}, None
        if self.policy is not None:
            policy, outputs = self.policy(images, compute_budget)
        features = self.stem(images)
        start = 0
        for name, block in zip(self.block_names, self.blocks, strict=True):
            end = start + len(block.units)
            report = block(
                features,
                policy=None if policy is None else policy[:, start:end],
                given=None if given is None else given[start:end],
                compute_budget=compute_budget,
            )
            start = end
            features = report.pop("outputs")
            outputs.update({f"{name}/{key}": value for key, value in report.items()})
        return {"logits": self.head(features), **outputs}
