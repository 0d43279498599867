"""The decision of ACT and SACT: stop early within a block."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import ops

from sact_keras.kernels import fork
from sact_keras.kernels.types import Tensor
from sact_keras.layers.compute_budget import halting_threshold
from sact_keras.layers.cost import Cost
from sact_keras.layers.decision import Decision
from sact_keras.layers.halting import Halting
from sact_keras.layers.image_halting import ImageHalting
from sact_keras.layers.masked_execution import broadcast_mask
from sact_keras.layers.overruling import overrule
from sact_keras.layers.spatial_halting import SpatialHalting
from sact_keras.layers.style import Style


class _State(NamedTuple):
    halting: Halting | None
    threshold: Tensor | float
    overruling: Tensor | None = None
    shares: tuple[Tensor, ...] = ()
    features: tuple[Tensor, ...] = ()


@keras.saving.register_keras_serializable(package="sact_keras")
class HaltingDecision(Decision):
    """Runs the units of a block until the halting scores add up.

    ACT (`spatial=False`) stops whole images, SACT (`spatial=True`) positions, whose
    state is frozen from then on while their neighbours go on reading it. The block's
    output is the mean of the units' states under the halting distribution. See
    `sact_keras.layers.halting` for the mathematics.

    Args:
        num_units: Units of the block. The last has no halting branch: all halt there.
        spatial: Whether positions halt rather than images.
        eps: An element halts once its scores sum to 1 - eps; in (0, 1).
        activated: Whether the halting branches' norms are activated.
        style: The family's numerical conventions, or their config.

    Reports:
        ponder_cost: N + R, float32 [N] or [N, h, w].
        halting_distribution: p_l, float32 [N, num_units] or [N, h, w, num_units].

    Raises:
        ValueError: If `eps` is not in (0, 1).

    Example:
        >>> decision = HaltingDecision(2, spatial=True, style=Style(0.9, 1e-3, 0.1))
        >>> features = ops.ones((1, 4, 4, 16))
        >>> decision.build(features.shape)
        >>> _, state = decision.after_unit(0, features, decision.start(features))
        >>> mask, state = decision.before_unit(1, features, state)
        >>> mask.shape
        TensorShape([1, 4, 4])
    """

    takes_budget = True

    def __init__(
        self,
        num_units: int,
        spatial: bool,
        eps: float = 0.01,
        activated: bool = True,
        *,
        style: Style | dict[str, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0.0 < eps < 1.0:
            raise ValueError(f"eps must be in (0, 1). Received: eps={eps}")
        self.num_units = num_units
        self.spatial = spatial
        # A halted image's later states have no share in the output, so the original
        # goes on computing them in training; a halted position's would be read by its
        # neighbours.
        self.trains_dense = not spatial
        self.eps = eps
        self.activated = activated
        self.style = Style(**style) if isinstance(style, dict) else style
        branch = SpatialHalting if spatial else ImageHalting
        self.branches = [
            branch(
                activated,
                style=self.style,
                name=f"unit_{index + 1}",
                dtype=self.dtype_policy,
            )
            for index in range(num_units - 1)
        ]

    def build(
        self,
        input_shape: tuple[int | None, ...],
        output_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Creates the weights; see the base class."""
        for branch in self.branches:
            branch.build(output_shape or input_shape)
        self.built = True

    def start(
        self,
        inputs: Tensor,
        training: bool = False,
        progress: Tensor | float = 0.0,
        noise: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> _State:
        """Everything runs at first; a budget says for how long."""
        del inputs, training, progress, noise
        threshold = 1.0 - self.eps
        if compute_budget is not None:
            threshold = halting_threshold(self.eps, compute_budget)
            if self.spatial:
                threshold = threshold[:, None, None]
        return _State(halting=None, threshold=threshold)

    def decides(self, index: int) -> bool:
        """The first unit always runs."""
        return index > 0

    def before_unit(
        self, index: int, inputs: Tensor, state: _State, training: bool = False
    ) -> tuple[Tensor | None, _State]:
        """The next unit runs where nothing has halted; the first runs everywhere."""
        del inputs, training
        if index == 0:
            return None, state
        return ops.cast(state.halting.running, "float32"), state

    def overrule(
        self, index: int, mask: Tensor | None, state: _State, masks: Sequence[Tensor]
    ) -> tuple[Tensor | None, _State]:
        """Scores 1 where the next mask ends, and 0 before: the mask follows.

        The first unit runs everywhere, and a mask keeps only what the one before kept.
        """
        goes_on = masks[index + 1] if index < self.num_units - 1 else None
        return mask, state._replace(overruling=goes_on)

    def after_unit(
        self, index: int, outputs: Tensor, state: _State, training: bool = False
    ) -> tuple[Tensor, _State]:
        """Scores the unit's state, and keeps it for the block's output."""
        halting = state.halting
        if halting is None:
            # The first unit may have changed the resolution, so the elements are
            # counted on its output.
            shape = ops.shape(outputs)
            halting = Halting.start(shape[:3] if self.spatial else shape[:1])
        score, kept = None, outputs
        if index < self.num_units - 1:
            outputs, seen = fork(outputs)
            scored, kept = fork(seen)
            score = self.branches[index](scored, training=training)
            if state.overruling is not None:
                score = overrule(score, 1.0 - state.overruling)
        share, halting = halting.advance(score, state.threshold)
        state = _State(
            halting,
            state.threshold,
            shares=(*state.shares, share),
            features=(*state.features, kept),
        )
        return outputs, state

    def finish(
        self, outputs: Tensor, state: _State
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean state under the halting distribution, and what it cost."""
        del outputs
        weighted = [
            broadcast_mask(share, features) * features
            for share, features in zip(state.shares, state.features, strict=True)
        ]
        return sum(weighted[1:], start=weighted[0]), {
            "ponder_cost": state.halting.ponder_cost(),
            "halting_distribution": ops.stack(state.shares, axis=-1),
        }

    def costs(self, index: int) -> list[Cost]:
        """The halting branch after the unit; there is none after the last."""
        return [] if index == self.num_units - 1 else self.branches[index].costs()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_units": self.num_units,
            "spatial": self.spatial,
            "eps": self.eps,
            "activated": self.activated,
            "style": self.style.get_config(),
        }
