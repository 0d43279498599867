"""The gates of ConvNet-AIG in the compact executor."""

import tensorflow as tf

from sact_keras.compact.decision import CompactDecision
from sact_keras.compact.folding import array, fold_convolution, single
from sact_keras.compact.pooled_linear import PooledLinear
from sact_keras.kernels.types import Tensor
from sact_keras.layers import GateDecision
from sact_keras.layers.gumbel import gumbel_noise


class CompactGates(CompactDecision):
    """Gates that look at means which the block keeps; see `GateDecision`.

    A gate's norm is part of its first linear map, and of its two logits only the
    difference is computed. With `gate_eval` "sample" the noise comes from TensorFlow's
    own generator.

    Args:
        decision: The layer, built.
    """

    reads_pooled = True
    reads_features = False

    def __init__(self, decision: GateDecision, name: str | None = None) -> None:
        super().__init__(name=name)
        self.weighs = decision.weighs
        self.gate_eval = decision.gate_eval
        self.noise_epsilon = decision.noise_epsilon
        self.gates = [
            None
            if gate is None
            else _fold_gate(gate, slope=decision.style.negative_slope)
            for gate in decision.gates
        ]

    def start(self, features: Tensor, policy: Tensor | None) -> tuple[Tensor, ...]:
        """No score yet."""
        del features, policy
        return ()

    def before_unit(
        self,
        index: int,
        features: Tensor,
        pooled: Tensor,
        state: tuple[Tensor | None, ...],
    ) -> tuple[Tensor | None, tuple[Tensor | None, ...]]:
        """Asks the unit's gate."""
        del features
        gate = self.gates[index]
        if gate is None:
            return None, (*state, None)
        score = gate(pooled)
        state = (*state, score)
        if self.gate_eval == "expected":
            return tf.sigmoid(score), state
        if self.gate_eval == "sample":
            noise = gumbel_noise(
                tf.random.uniform((2, tf.shape(score)[0])), self.noise_epsilon
            )
            score += noise[1] - noise[0]
        return tf.cast(score > 0, tf.float32), state

    def finish(
        self, outputs: Tensor, state: tuple[Tensor | None, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Reports how likely each unit was to run."""
        always = tf.fill(tf.shape(outputs)[:1], float("inf"))
        scores = [always if score is None else score for score in state]
        return outputs, {"gate_probability": tf.sigmoid(tf.stack(scores, axis=1))}


def _fold_gate(gate: tf.Module, slope: float) -> PooledLinear:
    hidden = fold_convolution(gate.hidden, gate.norm, slope=slope)
    kernel, bias = array(gate.logits.kernel), array(gate.logits.bias)
    return PooledLinear(
        single(kernel[:, 1] - kernel[:, 0]), single(bias[1] - bias[0]), before=hidden
    )
