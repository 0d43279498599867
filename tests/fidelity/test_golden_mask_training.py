"""What DynConv's own code computed from its own checkpoints, in training.

Keys say what a loss was taken at: "t0.3_e300_n350" is of budget 0.3, in epoch 300 of
350. Whether there was noise was told the original separately.
"""

import re

import keras
import numpy as np
import pytest
from golden_masks import CASES, assert_dilations, assert_masks, maskers_of
from recording import recorded
from torch_golden import (
    GRADIENT_TOLERANCES,
    assert_close,
    assert_gradients,
    load_case,
    to_nhwc,
    variables_under,
)

from sact_keras.layers import MaskDecision
from sact_keras.losses import (
    SparseCategoricalCrossentropy,
    budget_loss,
    budget_statistics,
)

# Shares of the training with and without noise.
PROGRESS = {"noise": 0.0, "nonoise": 1.0}

# Whole losses that a model takes by its own arguments: where there is noise when, and
# only when, the epoch says so.
OF_THE_MODEL = [("noise", "t0.5_e20_n350"), ("nonoise", "t0.3_e300_n350")]


@pytest.fixture(scope="module", params=CASES)
def case(request, shared_dir):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken with TensorFlow's tape")
    return load_case(shared_dir, request.param)


def moment_of(key):
    """What a key says: the budget, and the share of the training that was done."""
    budget, epoch, epochs = re.search(r"/t([\d.]+)_e(\d+)_n(\d+)/", key).groups()
    return float(budget), int(epoch) / int(epochs)


def budget_loss_of(model, masks, budget, progress):
    statistics = budget_statistics(model, {"masks": masks})
    means = {name: keras.ops.mean(v, axis=0) for name, v in statistics.items()}
    return budget_loss(means, budget, progress)


def uniform_noise(case, name):
    draws = (case.series(f"{name}/{u}/{{}}", axis=1) for u in ("U1", "U2"))
    return [np.stack(pair, axis=-1) for pair in zip(*draws, strict=True)]


@pytest.mark.parametrize("mode", ["noise_t1", "noise_t2.5", "nonoise_t1"])
def test_masks_of_given_scores(case, mode):
    """The decision alone, at a temperature, and the budget loss of its masks."""
    import tensorflow as tf

    model = case.model()
    kind, temperature = mode.split("_t")
    scores = [tf.constant(s) for s in case.series("mask/{}/soft", axis=1)]
    decision = MaskDecision(
        len(scores), temperatures=[float(temperature)], style=model.stem.style
    )
    decision.maskers = [lambda _, training, score=score: score for score in scores]
    losses = [k for k in case.arrays if k.startswith(f"unit/{mode}/t") and "loss" in k]
    assert len(losses) == 3
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(scores)
        state = decision.start(
            None, progress=PROGRESS[kind], noise=uniform_noise(case, "unit")
        )
        masks = [
            decision.before_unit(index, None, state, training=True)[0]
            for index in range(len(scores))
        ]
        losses = {key: budget_loss_of(model, masks, *moment_of(key)) for key in losses}
    for mask, expected in zip(
        masks, case.series(f"unit/{mode}/hard/{{}}", axis=1), strict=True
    ):
        np.testing.assert_array_equal(mask, expected)
    assert_dilations(case, f"unit/{mode}/dilate/{{}}", masks)
    for key, loss in losses.items():
        np.testing.assert_allclose(loss, case.arrays[key], rtol=1e-5, err_msg=key)
        name = key.replace("/loss", "/grad/{}")
        for gradient, expected in zip(
            tape.gradient(loss, scores), case.series(name, axis=1), strict=True
        ):
            assert_gradients(name, gradient, expected, 1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", ["noise", "nonoise"])
def test_training_step(case, mode, dtype):
    import tensorflow as tf

    model, tolerance = case.model(dtype=dtype), GRADIENT_TOLERANCES[dtype]
    for block in model.blocks:
        # At 1 in the golden cases, whichever the data.
        block.decision.temperatures = [1.0]
    model.progress.assign(PROGRESS[mode])
    prefix = f"train/{mode}/"
    keys = [k for k in case.arrays if k.startswith(prefix) and k.endswith("/loss")]
    assert len(keys) == 4
    losses = {}
    with tf.GradientTape(persistent=True) as tape:
        with recorded(maskers_of(model)) as scores:
            outputs = model(
                to_nhwc(case.arrays["images"]),
                training=True,
                noise=uniform_noise(case, "train"),
            )
        task = SparseCategoricalCrossentropy()(
            case.arrays["targets"], outputs["logits"]
        )
        for key in keys:
            sparsity = budget_loss_of(model, outputs["masks"], *moment_of(key))
            total = task + 10 * sparsity if "/total/" in key else sparsity
            losses[key] = total, task, sparsity
    logits = case.arrays[f"{prefix}logits"]
    assert_close("logits", outputs["logits"], logits, 1e-5)
    assert_masks(case, prefix, outputs["masks"], scores)
    for key, terms in losses.items():
        np.testing.assert_allclose(terms, case.arrays[key], rtol=1e-5, err_msg=key)
        root = key.removesuffix("loss")
        expected = {
            f"{root}grad_soft/{index}": array
            for index, array in enumerate(case.series(f"{root}grad_soft/{{}}", axis=1))
        }
        found = variables_under(model, case, f"{root}grad/")
        assert len(found) == (5 if "/t0.5_e20_n350/total/" in key else 0)
        expected.update({name: array for name, (_, array) in found.items()})
        values = [variable.value for variable, _ in found.values()]
        gradients = tape.gradient(terms[0], [*scores, *values])
        for (name, wanted), gradient in zip(expected.items(), gradients, strict=True):
            assert_gradients(name, gradient, wanted, tolerance)
    if mode == "noise":
        after = variables_under(model, case, f"{prefix}after/")
        assert len(after) == 6
        for key, (variable, expected) in after.items():
            assert_close(key, variable, expected, 1e-5)


@pytest.mark.parametrize(("mode", "moment"), OF_THE_MODEL)
def test_loss_of_the_model(case, mode, moment):
    """The whole loss, as `fit` takes it from a model by its arguments alone."""
    key = f"train/{mode}/{moment}/total/loss"
    budget, progress = moment_of(key)
    model = case.model(budget=budget)
    model.compile(loss=SparseCategoricalCrossentropy())
    model.progress.assign(progress)
    outputs = model(
        to_nhwc(case.arrays["images"]),
        training=True,
        noise=uniform_noise(case, "train"),
    )
    loss = model.compute_loss(y=case.arrays["targets"], y_pred=outputs)
    np.testing.assert_allclose(loss, case.arrays[key][0], rtol=1e-5)
