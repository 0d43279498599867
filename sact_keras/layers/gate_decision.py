"""The decision of ConvNet-AIG: run a unit or skip it, for each image."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.gumbel import bounded, straight_through
from sact_keras.layers.gumbel_decision import GumbelDecision, GumbelState
from sact_keras.layers.image_gate import ImageGate
from sact_keras.layers.style import Style

GATE_EVALS = ("deterministic", "sample", "expected")


@keras.saving.register_keras_serializable(package="sact_keras")
class GateDecision(GumbelDecision):
    """Asks a gate before each unit whether the image needs it.

    Veit & Belongie 2018 (arXiv 1711.11503), section 3. In training a gate draws from
    the softmax of its logits by the Gumbel trick, at temperature 1 (see
    `sact_keras.layers.gumbel`). Without training it does as `gate_eval` says:
    "deterministic" takes the larger logit; "sample" draws as in training, as the
    original does; "expected" runs the unit always and scales it by the probability
    that it would run, as stochastic depth does (section 4.1).

    Args:
        gated: For each unit of the block, whether it has a gate. One without always
            runs and costs nothing to decide about.
        gate_eval: What gates do without training.
        noise_until: Share of the training after which gates decide without noise, in
            [0, 1]. The original never stops. Without noise at the end, the rates that
            the loss holds to their targets are those of deterministic evaluation.
        seed: Of the noise; None draws one from Keras' global seed.
        style: The family's numerical conventions, or their config.

    Noise:
        A unit's noise is two uniform draws in [0, 1) for each image, [N, 2], for
        skipping and for running.

    Reports:
        gate_probability: That of each unit to run, without noise, float32
            [N, num_units].

    Raises:
        ValueError: If there is no such `gate_eval`, or `noise_until` is not in [0, 1].

    Example:
        >>> decision = GateDecision([False, True], style=Style(0.9, 1e-5))
        >>> features = ops.ones((3, 4, 4, 16))
        >>> decision.build(features.shape)
        >>> mask, state = decision.before_unit(1, features, decision.start(features))
        >>> mask.shape
        TensorShape([3])
    """

    noise_epsilon = 1e-10

    def __init__(
        self,
        gated: Sequence[bool],
        gate_eval: str = "deterministic",
        noise_until: float = 1.0,
        seed: int | None = None,
        *,
        style: Style | dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(noise_until, seed, style=style, **kwargs)
        if gate_eval not in GATE_EVALS:
            raise ValueError(
                f"gate_eval must be one of {', '.join(GATE_EVALS)}. "
                f"Received: gate_eval={gate_eval!r}"
            )
        self.gated = [bool(gate) for gate in gated]
        self.gate_eval = gate_eval
        self.weighs = gate_eval == "expected"
        self.gates = [
            ImageGate(
                style=self.style, name=f"unit_{index + 1}", dtype=self.dtype_policy
            )
            if has_gate
            else None
            for index, has_gate in enumerate(self.gated)
        ]

    def build(
        self,
        input_shape: tuple[int | None, ...],
        output_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Creates the weights; see the base class."""
        shape = input_shape
        for gate in self.gates:
            if gate is not None:
                gate.build(shape)
            shape = output_shape or input_shape
        self.built = True

    def decides(self, index: int) -> bool:
        """A unit without a gate always runs."""
        return self.gated[index]

    def reads_input(self, index: int) -> bool:
        """A gate looks at the unit's input."""
        return self.gated[index]

    def before_unit(
        self, index: int, inputs: Tensor, state: GumbelState, training: bool = False
    ) -> tuple[Tensor | None, GumbelState]:
        """Asks the unit's gate."""
        gate = self.gates[index]
        if gate is None:
            return None, self._remember(state, None)
        logits = bounded(gate(inputs, training=training))
        score = logits[:, 1] - logits[:, 0]
        state = self._remember(state, ops.sigmoid(score))
        if state.threshold is not None:
            score = score - state.threshold
        if not training and self.gate_eval == "expected":
            return ops.sigmoid(score), state
        if training or self.gate_eval == "sample":
            noisy = logits + self.noise(index, ops.shape(logits), state)
            noisy = noisy[:, 1] - noisy[:, 0]
            if state.threshold is not None:
                noisy = noisy - state.threshold
            # Who samples at inference does so however far the training was.
            is_noisy = self.is_noisy(state) if training else True
            score = ops.where(is_noisy, noisy, score)
        return straight_through(score), state

    def finish(
        self, outputs: Tensor, state: GumbelState
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Reports how likely each unit was to run."""
        always = ops.ones(ops.shape(outputs)[:1], "float32")
        probabilities = [
            always if probability is None else probability
            for probability in state.probabilities
        ]
        return outputs, {"gate_probability": ops.stack(probabilities, axis=-1)}

    def costs(self, index: int) -> list[Cost]:
        """The unit's gate, if it has one."""
        gate = self.gates[index]
        return [] if gate is None else gate.costs()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "gated": self.gated,
            "gate_eval": self.gate_eval,
        }

    @staticmethod
    def _remember(state: GumbelState, probability: Tensor | None) -> GumbelState:
        return state._replace(probabilities=(*state.probabilities, probability))
