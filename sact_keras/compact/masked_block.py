"""A block whose units are decided about one by one."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from sact_keras.compact.choices import dense_share
from sact_keras.compact.decision import CompactDecision, Look
from sact_keras.compact.image_list import ImageList
from sact_keras.compact.position_execution import run_positions
from sact_keras.compact.unit import CompactUnit
from sact_keras.kernels.types import Tensor


class MaskedBlock(tf.Module):
    """Runs each unit for the images, or at the positions, that its mask keeps.

    Whether a unit runs everywhere, nowhere or somewhere is found at run time, unit by
    unit. Serves every decision; halting has blocks of its own, which need not go back
    to the whole batch after each unit.

    Args:
        units: The units.
        decision: The block's decision.
    """

    def __init__(
        self,
        units: Sequence[CompactUnit],
        decision: CompactDecision,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.units = list(units)
        self.decision = decision

    def __call__(
        self,
        features: Tensor,
        policy: Tensor | None = None,
        given: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> dict[str, Any]:
        """Runs the block.

        Args:
            features: [N, H, W, channels].
            policy: The block's part of a policy, [N, units].
            given: Masks that overrule the decision's, one a unit.
            compute_budget: Moves the decision's thresholds, [N].

        Returns:
            As `AdaptiveBlock`: "outputs", "masks" and what the decision reports.
        """
        decision, masks = self.decision, []
        state = decision.start(features, policy, compute_budget)
        looked = decision.look(features) if decision.looks else None
        images = None
        for index, unit in enumerate(self.units):
            mask, state = decision.before_unit(index, features, looked, state)
            if given is not None:
                mask, state = decision.overrule(index, mask, state, given)
            if images is None and self._goes_by_image(index, features):
                images = ImageList.of(features)
            look = None
            if decision.looks and index + 1 < len(self.units):
                look = decision.look
            if images is None:
                features, looked = self._run(unit, features, mask, looked, look)
                explicit = self._explicit(mask, features)
            else:
                explicit = self._explicit(mask, features)
                images, looked = images.run(
                    unit,
                    explicit if mask is None else mask,
                    looked,
                    look,
                    weighs=decision.weighs,
                )
            masks.append(explicit)
            features, state = decision.after_unit(index, features, state)
        if images is not None:
            features = images.stack()
        features, report = decision.finish(features, state)
        return {"outputs": features, "masks": masks, **report}

    def _goes_by_image(self, index: int, features: Tensor) -> bool:
        """Whether all units from here on can run on a list of images."""
        if self.decision.reads_features or features.shape[0] == 1:
            return False
        return all(unit.keeps_input for unit in self.units[index:])

    def _run(
        self,
        unit: CompactUnit,
        features: Tensor,
        mask: Tensor | None,
        looked: Tensor | None,
        look: Look | None,
    ) -> tuple[Tensor, Tensor | None]:
        def with_look(outputs: Tensor) -> tuple[Tensor, ...]:
            return (outputs,) if look is None else (outputs, look(outputs))

        if mask is None:
            outputs, *looks = with_look(unit(features))
            return outputs, looks[0] if looks else None
        spatial = mask.shape.rank == 3

        def everywhere() -> tuple[Tensor, ...]:
            if self.decision.weighs:
                return with_look(unit(features, mask))
            made = unit(features)
            if not spatial:
                return with_look(made)
            return with_look(
                tf.cond(
                    kept >= size,
                    lambda: made,
                    lambda: unit.choose(mask > 0, made, features),
                )
            )

        def nowhere() -> tuple[Tensor, ...]:
            if unit.keeps_input:
                return (features,) if look is None else (features, looked)
            return with_look(unit.skip(features))

        def somewhere() -> tuple[Tensor, ...]:
            if spatial:
                return with_look(run_positions(unit, features, mask))
            return run_images(
                unit, features, mask, looked, look, weighs=self.decision.weighs
            )

        if features.shape[0] == 1 and not spatial:
            # One image runs the unit or skips it, with no operation to spare.
            results = tf.cond(tf.reshape(mask > 0, []), everywhere, nowhere)
        else:
            # Sums of ones are exact up to 2^24 of them.
            kept = tf.reduce_sum(tf.sign(mask) if self.decision.weighs else mask)
            size = tf.cast(tf.size(mask), tf.float32)
            share = dense_share(unit) if spatial else 1.0
            results = tf.cond(
                kept >= share * size,
                everywhere,
                lambda: tf.cond(kept > 0, somewhere, nowhere),
            )
        outputs = results[0]
        outputs.set_shape((*features.shape[:1], None, None, unit.filters))
        return outputs, None if look is None else results[1]

    def _explicit(self, mask: Tensor | None, features: Tensor) -> Tensor:
        if mask is not None:
            return tf.cast(mask > 0, tf.float32) if self.decision.weighs else mask
        return tf.ones(tf.shape(features)[: 3 if self.decision.spatial else 1])


def run_images(
    unit: CompactUnit,
    features: Tensor,
    mask: Tensor,
    looked: Tensor | None = None,
    look: Look | None = None,
    weighs: bool = False,
) -> tuple[Tensor, ...]:
    """Runs a unit for the images that a mask keeps.

    Args:
        unit: The unit.
        features: Its input, [N, H, W, channels].
        mask: [N].
        looked: What the decision has seen of the input, [N, ...].
        look: Looks at features for the next unit; None where nobody does.
        weighs: Whether the mask weighs the residuals.

    Returns:
        The outputs, [N, h, w, filters]; and unless `look` is None what it sees of them.
    """
    active = tf.cast(tf.where(mask > 0)[:, 0], tf.int32)
    weights = tf.gather(mask, active) if weighs else None
    rows = unit(tf.gather(features, active), weights)
    indices = active[:, tf.newaxis]
    outputs = tf.tensor_scatter_nd_update(unit.skip(features), indices, rows)
    if look is None:
        return (outputs,)
    if unit.keeps_input:
        return outputs, tf.tensor_scatter_nd_update(looked, indices, look(rows))
    return outputs, look(outputs)
