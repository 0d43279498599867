"""Decisions: which units of a block run, and where."""

from collections.abc import Sequence
from typing import Any

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.overruling import overrule


@keras.saving.register_keras_serializable(package="sact_keras")
class Decision(keras.layers.Layer):
    """Base of the decisions: one for each block of a network, asked unit by unit.

    This is all that tells one method from another. The block asks `before_unit` for
    the mask of each unit in order, executes the unit under it, shows the result to
    `after_unit`, and at the end lets `finish` say what leaves the block. Between the
    calls the decision keeps what it likes in `state`, which only it reads.

    The base class decides nothing: every unit runs everywhere. That is `vanilla`.

    Attributes:
        spatial: Whether the masks are [N, h, w] (positions) rather than [N] (images).
        trains_dense: Whether training runs every unit everywhere all the same. A
            decision may ask for it if what its masks drop never reaches the block's
            output: the mask is then only accounted for, and the batch norms see
            states that go on changing.
        weighs: Whether masks may weigh what they keep, in (0, 1]. What has a weight
            runs, and is accounted for as run.
        takes_budget: Whether `start` takes a `compute_budget`, by which inference moves
            the decision's thresholds; see `sact_keras.layers.compute_budget`.
    """

    spatial: bool = False
    trains_dense: bool = False
    weighs: bool = False
    takes_budget: bool = False

    def build(
        self,
        input_shape: tuple[int | None, ...],
        output_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Creates the weights.

        Args:
            input_shape: Of the first unit's input.
            output_shape: Of all units' outputs; None where it is the same.
        """
        del input_shape, output_shape
        self.built = True

    def start(
        self,
        inputs: Tensor,
        training: bool = False,
        progress: Tensor | float = 0.0,
        noise: Sequence[Tensor] | None = None,
    ) -> Any:
        """Begins a block; returns the state for its first unit.

        Where a policy for the whole network was made before the first block, `start`
        is also handed the block's part of it, `policy`: [N, units] of zeros and ones.
        Where the decision takes one and it was given, `compute_budget`: float32 [N].

        Args:
            inputs: The block's input, [N, H, W, channels].
            training: Whether the network is being trained.
            progress: Share of the training that is done, for what is annealed.
            noise: For decisions that draw at random: what to take instead, one tensor
                of uniform draws a unit; see the decision. None draws.
        """
        del inputs, training, progress, noise

    def decides(self, index: int) -> bool:
        """Whether the unit at `index` is decided about: `before_unit` gives a mask."""
        del index
        return type(self).before_unit is not Decision.before_unit

    def reads_input(self, index: int) -> bool:
        """Whether `before_unit` reads the input of the unit at `index`."""
        del index
        return False

    def before_unit(
        self, index: int, inputs: Tensor, state: Any, training: bool = False
    ) -> tuple[Tensor | None, Any]:
        """Decides where the unit at `index` runs.

        Args:
            index: The unit's place in the block, from 0.
            inputs: The unit's input, [N, H, W, channels].
            state: What the last call returned.
            training: Whether the network is being trained.

        Returns:
            The mask ([N] or [N, h, w], zeros and ones unless `weighs`, of the unit's
            *output*) or None for everywhere; and the new state.
        """
        del index, inputs, training
        return None, state

    def overrule(
        self, index: int, mask: Tensor | None, state: Any, masks: Sequence[Tensor]
    ) -> tuple[Tensor | None, Any]:
        """Takes the masks that a caller has handed over instead of what was decided.

        Args:
            index: The unit's place in the block, from 0.
            mask: What `before_unit` gave.
            state: And the state.
            masks: What was handed over, for all units of the block.

        Returns:
            The mask and the state.
        """
        return overrule(mask, masks[index]), state

    def after_unit(
        self, index: int, outputs: Tensor, state: Any, training: bool = False
    ) -> tuple[Tensor, Any]:
        """Sees what the unit at `index` made.

        Args:
            index: The unit's place in the block, from 0.
            outputs: The unit's output, [N, h, w, filters].
            state: What the last call returned.
            training: Whether the network is being trained.

        Returns:
            What the next unit reads, [N, h, w, filters]; and the new state.
        """
        del index, training
        return outputs, state

    def finish(self, outputs: Tensor, state: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Ends a block.

        Args:
            outputs: What the last unit made, [N, h, w, filters].
            state: What the last call returned.

        Returns:
            The block's output, [N, h, w, filters], and what the decision has to
            report, by name; the model shows it as `outputs["block_1/<name>"]`.
        """
        del state
        return outputs, {}

    def costs(self, index: int) -> list[Cost]:
        """What deciding about the unit at `index` costs."""
        del index
        return []
