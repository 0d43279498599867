"""A block of residual units under one decision."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from sact_keras.kernels import fork
from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.decision import Decision
from sact_keras.layers.residual_unit import ResidualUnit


@keras.saving.register_keras_serializable(package="sact_keras")
class AdaptiveBlock(keras.layers.Layer):
    """Runs residual units in order, each under the mask that a decision gives it.

    Every method runs through this one loop: the decision is asked for a mask, the unit
    is executed under it, and the decision sees the result.

    Args:
        units: The block's residual units. Only the first may change the resolution.
        decision: The decision about them.

    Input shape:
        [N, H, W, channels].

    Output:
        A dictionary with "outputs" ([N, h, w, filters]), "masks" (for each unit a
        float32 tensor of zeros and ones, [N] or [N, h, w]) and all that the decision
        reports.

    Example:
        >>> from sact_keras.layers import PreactivationUnit, Style
        >>> style = Style(0.9, 1e-3, 0.1)
        >>> units = [PreactivationUnit(16, style=style) for _ in range(2)]
        >>> block = AdaptiveBlock(units, Decision())
        >>> sorted(block(ops.ones((1, 8, 8, 16))))
        ['masks', 'outputs']
    """

    def __init__(
        self, units: list[ResidualUnit], decision: Decision, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        # Units cast what they compute on; noise and progress stay in float32.
        self.autocast = False
        self.units = list(units)
        self.decision = decision

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        unit_shape = input_shape
        # Layers that come from a config are built already.
        for unit in self.units:
            if not unit.built:
                unit.build(unit_shape)
            unit_shape = unit.compute_output_shape(unit_shape)
        if not self.decision.built:
            self.decision.build(input_shape, unit_shape)
        self.built = True

    def call(
        self,
        inputs: Tensor,
        training: bool = False,
        progress: Tensor | float = 0.0,
        noise: Sequence[Tensor] | None = None,
        policy: Tensor | None = None,
        masks: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> dict[str, Any]:
        """Runs the block; the decision is handed `progress`, `noise` and a `policy`.

        `masks`, one a unit, overrule what it decides; a `compute_budget`, [N], moves
        its thresholds, if it has any.
        """
        decision, features, executed = self.decision, inputs, []
        dense = training and decision.trains_dense
        given = {} if policy is None else {"policy": policy}
        if compute_budget is not None and decision.takes_budget:
            given["compute_budget"] = compute_budget
        state = decision.start(
            inputs, training=training, progress=progress, noise=noise, **given
        )
        for index, unit in enumerate(self.units):
            seen = features
            if decision.reads_input(index):
                features, seen = fork(features)
            mask, state = decision.before_unit(index, seen, state, training=training)
            if masks is not None:
                mask, state = decision.overrule(index, mask, state, masks)
            features = unit(
                features, execution_mask=None if dense else mask, training=training
            )
            executed.append(self._explicit(mask, features))
            features, state = decision.after_unit(
                index, features, state, training=training
            )
        features, report = decision.finish(features, state)
        return {"outputs": features, "masks": executed, **report}

    def costs(self, index: int) -> list[Cost]:
        """What the unit at `index` costs, and what deciding about it does."""
        return self.units[index].costs() + self.decision.costs(index)

    def features_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """The static shape of "outputs"."""
        for unit in self.units:
            input_shape = unit.compute_output_shape(input_shape)
        return input_shape

    def output_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """The output's (height, width) for an input of `size`."""
        for unit in self.units:
            size = unit.output_size(size)
        return size

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "units": [serialize(unit) for unit in self.units],
            "decision": serialize(self.decision),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AdaptiveBlock":
        """Makes the block from `get_config`'s dictionary."""
        deserialize = keras.saving.deserialize_keras_object
        units = [deserialize(unit) for unit in config["units"]]
        decision = deserialize(config["decision"])
        return cls(**{**config, "units": units, "decision": decision})

    def _explicit(self, mask: Tensor | None, features: Tensor) -> Tensor:
        if mask is not None:
            mask = ops.cast(mask, "float32")
            return ops.cast(mask > 0, "float32") if self.decision.weighs else mask
        shape = ops.shape(features)
        return ops.ones(shape[:3] if self.decision.spatial else shape[:1], "float32")
