"""The gates of ConvNet-AIG in the compact executor."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from sact_keras.compact.convolution import Convolution
from sact_keras.compact.decision import CompactDecision
from sact_keras.compact.folding import array, fold_convolution
from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor
from sact_keras.layers import GateDecision
from sact_keras.layers.compute_budget import score_threshold
from sact_keras.layers.gumbel import gumbel_noise
from sact_keras.layers.image_gate import ImageGate


class _State(NamedTuple):
    """What scores have to reach, [N] or None for 0; and the scores of units so far."""

    threshold: Tensor | None
    scores: tuple[Tensor | None, ...] = ()

    def remember(self, score: Tensor | None) -> "_State":
        return self._replace(scores=(*self.scores, score))


class CompactGates(CompactDecision):
    """Gates that look at an image only when it has changed; see `GateDecision`.

    A gate reads the means over the positions. Where no unit has run since, these are
    what they were for the gate before, so that all gates look at once, and their scores
    stay until a unit runs. A gate's norm is part of its first linear map, and of its
    two logits only the difference is computed. With `gate_eval` "sample" the noise
    comes from TensorFlow's own generator.

    Args:
        decision: The layer, built.
    """

    looks = True
    reads_features = False

    def __init__(self, decision: GateDecision, name: str | None = None) -> None:
        super().__init__(name=name)
        self.weighs = decision.weighs
        self.gate_eval = decision.gate_eval
        self.noise_epsilon = decision.noise_epsilon
        # By the channels that they read, which the first unit of a block may change.
        groups: dict[int, list[ImageGate]] = {}
        self.places: list[int | None] = []
        for gate in decision.gates:
            if gate is None:
                self.places.append(None)
                continue
            group = groups.setdefault(gate.hidden.kernel.shape[0], [])
            self.places.append(len(group))
            group.append(gate)
        self.groups = [
            _GateGroup(group, decision.style.negative_slope)
            for group in groups.values()
        ]

    def look(self, features: Tensor) -> Tensor:
        """The scores of all gates that read as many channels, [N, gates].

        Where there are none, a column that nobody reads.
        """
        for group in self.groups:
            if group.hidden.channels == features.shape[-1]:
                return group(tf.reduce_mean(features, axis=(1, 2)))
        return tf.zeros([tf.shape(features)[0], 1])

    def start(
        self,
        features: Tensor,
        policy: Tensor | None = None,
        compute_budget: Tensor | None = None,
    ) -> _State:
        """No score yet."""
        del features, policy
        if compute_budget is None:
            return _State(None)
        return _State(score_threshold(compute_budget))

    def before_unit(
        self,
        index: int,
        features: Tensor,
        looked: Tensor,
        state: _State,
    ) -> tuple[Tensor | None, _State]:
        """Takes the score of the unit's gate."""
        del features
        place = self.places[index]
        if place is None:
            return None, state.remember(None)
        score = looked[:, place]
        state = state.remember(score)
        threshold = 0.0 if state.threshold is None else state.threshold
        if self.gate_eval == "expected":
            return tf.sigmoid(score - threshold), state
        if self.gate_eval == "sample":
            noise = gumbel_noise(
                tf.random.uniform((2, tf.shape(score)[0])), self.noise_epsilon
            )
            score += noise[1] - noise[0]
        return tf.cast(score > threshold, tf.float32), state

    def finish(
        self, outputs: Tensor, state: _State
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Reports how likely each unit was to run."""
        always = tf.fill(tf.shape(outputs)[:1], float("inf"))
        scores = [always if score is None else score for score in state.scores]
        return outputs, {"gate_probability": tf.sigmoid(tf.stack(scores, axis=1))}


class _GateGroup(tf.Module):
    """The scores of gates that read the same means, two linear maps each."""

    def __init__(self, gates: Sequence[ImageGate], slope: float) -> None:
        super().__init__()
        hidden = [fold_convolution(gate.hidden, gate.norm, slope) for gate in gates]
        self.hidden = Convolution(
            np.concatenate([layer.kernel.values for layer in hidden], axis=-1),
            np.concatenate([layer.bias.values for layer in hidden]),
            slope=slope,
        )
        logits = [
            (array(gate.logits.kernel), array(gate.logits.bias)) for gate in gates
        ]
        self.kernel = Weight([kernel[:, 1] - kernel[:, 0] for kernel, _ in logits])
        self.bias = Weight([bias[1] - bias[0] for _, bias in logits])

    def __call__(self, pooled: Tensor) -> Tensor:
        # Each gate weighs its own hidden units.
        hidden = tf.reshape(self.hidden.of_rows(pooled), (-1, *self.kernel.shape))
        return tf.reduce_sum(hidden * self.kernel.read(), axis=2) + self.bias.read()
