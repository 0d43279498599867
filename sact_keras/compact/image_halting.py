"""A block of ACT in the compact executor."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from sact_keras.compact.global_evidence import fold_global_evidence
from sact_keras.compact.halting_block import HaltingBlock
from sact_keras.compact.pooled_linear import PooledLinear
from sact_keras.compact.shared_graphs import SharedGraphs
from sact_keras.compact.unit import CompactUnit
from sact_keras.kernels.types import Tensor
from sact_keras.layers import HaltingDecision
from sact_keras.layers.halting import Halting


class _Running(NamedTuple):
    """The images that have not halted.

    Attributes:
        images: Their indices, int32 [running].
        features: Their state, [running, h, w, channels].
        sums: Their share of the block's output so far, in the same shape; None before
            there is any.
        outputs: The block's output of those that have halted, [N, h, w, channels].
    """

    images: Tensor
    features: Tensor
    sums: Tensor | None
    outputs: Tensor


class ImageHaltingBlock(HaltingBlock):
    """Runs units until images halt; see `HaltingDecision`.

    Who has halted never runs again in a block, so the batch shrinks to those that go
    on, and stays shrunken until the block ends.

    Args:
        units: The units.
        decision: The layer, built.
    """

    def __init__(
        self,
        units: Sequence[CompactUnit],
        decision: HaltingDecision,
        name: str | None = None,
    ) -> None:
        super().__init__(units, decision, name=name)
        branches = zip(decision.branches, self.carried[:-1], strict=True)
        self.branches = [fold_global_evidence(*branch) for branch in branches]

    def __call__(
        self,
        features: Tensor,
        policy: Tensor | None = None,
        given: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> dict[str, Any]:
        """Runs the block; see `MaskedBlock`."""
        del policy
        features = self.units[0](features)
        batch = tf.shape(features)[0]
        halting, threshold = Halting.start((batch,)), self.threshold(compute_budget)
        masks, shares = [tf.ones([batch])], []
        state = _Running(tf.range(batch), features, None, tf.zeros_like(features))
        graphs = SharedGraphs()
        for index, (unit, branch) in enumerate(
            zip(self.units, [*self.branches, None], strict=True)
        ):
            overruling = None
            if given is not None and branch is not None:
                overruling = given[index + 1]
            if index == 0:
                share, halting, state = self._score(
                    branch, state, halting, threshold, overruling
                )
            else:
                masks.append(tf.cast(halting.running, tf.float32))
                share, halting, state = graphs.run(
                    self._step, (unit, branch), state, halting, threshold, overruling
                )
            shares.append(share)
        return self.report(_finish(state, batch), masks, shares, halting)

    def _step(
        self,
        unit: CompactUnit,
        branch: PooledLinear | None,
        state: _Running,
        halting: Halting,
        threshold: Tensor,
        given: Tensor | None,
    ) -> tuple[Tensor, Halting, _Running]:
        """Runs a unit for the images that go on, and takes in what it makes."""
        state = _shrink(state, halting.running)

        def run() -> tuple[Tensor, Halting, _Running]:
            features = unit(state.features)
            return self._score(
                branch, state._replace(features=features), halting, threshold, given
            )

        return tf.cond(
            tf.size(state.images) > 0,
            run,
            lambda: (tf.zeros_like(halting.cumulative), halting, state),
        )

    def _score(
        self,
        branch: PooledLinear | None,
        state: _Running,
        halting: Halting,
        threshold: Tensor,
        given: Tensor | None,
    ) -> tuple[Tensor, Halting, _Running]:
        """Takes in the states that a unit has made; see `Halting.advance`."""
        score = None
        if branch is not None:
            evidence = branch(tf.reduce_mean(state.features, (1, 2)))
            score = tf.scatter_nd(
                state.images[:, tf.newaxis],
                tf.sigmoid(evidence),
                tf.shape(halting.running),
            )
            score = self.overrule(score, given)
        share, halting = halting.advance(score, threshold)
        weights = tf.gather(share, state.images)[:, tf.newaxis, tf.newaxis, tf.newaxis]
        sums = weights * state.features
        if state.sums is not None:
            sums += state.sums
        return share, halting, state._replace(sums=sums)


def _shrink(state: _Running, running: Tensor) -> _Running:
    """Takes the images out that have halted."""
    goes_on = tf.gather(running, state.images)
    halts = tf.cast(tf.where(~goes_on)[:, 0], tf.int32)

    def shrink() -> _Running:
        kept = tf.cast(tf.where(goes_on)[:, 0], tf.int32)
        outputs = tf.tensor_scatter_nd_update(
            state.outputs,
            tf.gather(state.images, halts)[:, tf.newaxis],
            tf.gather(state.sums, halts),
        )
        parts = (
            tf.gather(part, kept) for part in (state.images, state.features, state.sums)
        )
        return _Running(*parts, outputs)

    shrunken = tf.cond(tf.size(halts) > 0, shrink, lambda: state)
    for part, before in zip(shrunken[1:], state[1:], strict=True):
        part.set_shape((None, *before.shape[1:]))
    return shrunken


def _finish(state: _Running, batch: Tensor) -> Tensor:
    outputs = tf.cond(
        tf.equal(tf.size(state.images), batch),
        lambda: state.sums,
        lambda: tf.tensor_scatter_nd_update(
            state.outputs, state.images[:, tf.newaxis], state.sums
        ),
    )
    outputs.set_shape(state.outputs.shape)
    return outputs
