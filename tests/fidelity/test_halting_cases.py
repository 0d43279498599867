"""The original's halting function alone, on many rows of scores, with gradients.

`act/<units>`: scores of 211 images. `sact_stub` and `sact_chain`: six units over
2 x 5 x 3 positions with given scores. The units of the stub make given states,
whatever they read; those of the chain add given residuals. A unit costs its number
(from 1) for each position where it runs. `R_*` weigh the outputs whose gradients
were taken.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import load_arrays

from sact_keras.accounting import block_flops
from sact_keras.layers import (
    AdaptiveBlock,
    Cost,
    Halting,
    HaltingDecision,
    ResidualUnit,
    Style,
)


@pytest.fixture(scope="module")
def arrays(shared_dir):
    path = shared_dir / "golden" / "sact" / "act_unit_cases.npz"
    if not path.is_file():
        pytest.skip(f"the halting cases are not at hand: no {path}")
    return load_arrays(path)


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("units", [2, 3, 5, 8, 18])
def test_act(arrays, units):
    case = {
        name: arrays[f"act/{units}/{name}"]
        for name in (
            "halting_proba",
            "R",
            "ponder_cost",
            "num_units",
            "halting_distribution",
            "grad_ponder_cost",
            "grad_distribution",
        )
    }
    scores = tf.constant(case["halting_proba"])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(scores)
        state, shares = Halting.start(scores.shape[:1]), []
        for score in [*tf.unstack(scores, axis=1), None]:
            share, state = state.advance(score, 1.0 - float(arrays["eps"]))
            shares.append(share)
        distribution = tf.stack(shares, axis=-1)
        cost = state.ponder_cost()
        weighted = tf.reduce_sum(distribution * case["R"])
    np.testing.assert_array_equal(state.num_units, case["num_units"])
    assert_close(cost, case["ponder_cost"])
    assert_close(distribution, case["halting_distribution"])
    assert_close(tape.gradient(cost, scores), case["grad_ponder_cost"])
    assert_close(tape.gradient(weighted, scores), case["grad_distribution"])


class GivenUnit(ResidualUnit):
    """Makes a given state (the stub) or adds it as a residual (the chain)."""

    strides = 1

    def __init__(self, number, state, *, adds):
        super().__init__()
        self.number, self.state, self.adds = number, state, adds

    def call(self, inputs, execution_mask=None, training=False):
        if not self.adds:
            return self.state
        return super().call(inputs, execution_mask, training=training)

    def branches(self, inputs, training=False):
        return inputs, self.state

    def costs(self):
        return [Cost("unit", self.number, when="active")]

    def output_size(self, size):
        return size

    def compute_output_shape(self, input_shape):
        return input_shape


class GivenHalting(HaltingDecision):
    """Halts by given scores; deciding is free."""

    def __init__(self, scores, eps):
        super().__init__(len(scores), spatial=True, eps=eps, style=Style(0.9, 1e-3))
        self.scores = scores
        self.branches = [self._reader(index) for index in range(len(scores) - 1)]

    def costs(self, index):
        return []

    def _reader(self, index):
        return lambda features, training: self.scores[index]


@pytest.mark.parametrize("name", ["sact_stub", "sact_chain"])
def test_sact(arrays, name):
    case = {
        key.removeprefix(f"{name}/"): value
        for key, value in arrays.items()
        if key.startswith(f"{name}/")
    }
    inputs = tf.constant(case["inputs"])
    states = tf.constant(case["states"])
    scores = tf.constant(case["halting_proba"][..., 0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([inputs, states, scores])
        block = AdaptiveBlock(
            [
                GivenUnit(number, state, adds=name == "sact_chain")
                for number, state in enumerate(tf.unstack(states), start=1)
            ],
            GivenHalting(tf.unstack(scores), float(arrays["eps"])),
        )
        report = block.call(inputs)
        outputs = tf.reduce_sum(report["outputs"] * case["R_outputs"])
        ponder = tf.reduce_sum(report["ponder_cost"] * case["R_ponder"])
        distribution = tf.reduce_sum(
            report["halting_distribution"] * case["R_distribution"]
        )

    def gradient(target, source):
        return tape.gradient(target, source, unconnected_gradients="zero")

    masks = report["masks"]
    np.testing.assert_array_equal(masks[0], 1.0)
    np.testing.assert_array_equal(masks[1:], case["residual_masks"][..., 0])
    np.testing.assert_array_equal(keras.ops.sum(masks, axis=0), case["num_units"])
    np.testing.assert_array_equal(block_flops(block, masks, (5, 3)), case["flops"])
    compared = {
        "outputs": report["outputs"],
        "ponder_cost": report["ponder_cost"],
        "halting_distribution": report["halting_distribution"],
        "grad_outputs_wrt_states": gradient(outputs, states),
        "grad_outputs_wrt_halting": gradient(outputs, scores)[..., None],
        "grad_ponder_wrt_halting": gradient(ponder, scores)[..., None],
        "grad_distribution_wrt_halting": gradient(distribution, scores)[..., None],
    }
    if "grad_outputs_wrt_inputs" in case:
        compared["grad_outputs_wrt_inputs"] = gradient(outputs, inputs)
    for key, value in compared.items():
        assert_close(value, case[key])
    unchecked = set(case) - set(compared)
    assert unchecked == {
        "inputs",
        "states",
        "halting_proba",
        "R_outputs",
        "R_ponder",
        "R_distribution",
        "residual_masks",
        "num_units",
        "flops",
    }
