"""What a training of BlockDrop logs, and what it makes of labels."""

import types

import keras
import numpy as np
import pytest
from four_classes import four_classes
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_networks import make_images

import sact_keras
from sact_keras.models.policy_method import (
    MEASURED,
    measure_policies,
    right_predictions,
)

STAGES = ["curriculum", "finetune"]


def build(stage, run_eagerly=True, **arguments):
    model = sact_keras.build_model(
        "blockdrop",
        **{"model": "1_2_1", "base_channels": 4, "stage": stage, **arguments},
    )
    model.compile(
        keras.optimizers.Adam(1e-2),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        # Tracing takes longer than a step.
        run_eagerly=run_eagerly,
    )
    # A graph that makes the optimizer's variables is traced a second time.
    model.optimizer.build(model.trainable_variables)
    return model


def measure(policies, right, penalty):
    """By brute force; `policies` is [N, units], `right` is [N]."""
    policies = np.array(policies, "float64")
    used = policies.sum(axis=1)
    rewards = np.where(right, 1 - policies.mean(axis=1) ** 2, penalty)
    return {
        "reward": rewards.mean(),
        "block_usage": used.mean(),
        "block_usage_std": used.std(ddof=1) if len(used) > 1 else 0.0,
        "unique_policies": len(np.unique(policies, axis=0)),
    }


def measure_outputs(outputs, labels, penalty):
    policies = np.stack(outputs["masks"], axis=1)
    right = np.argmax(outputs["logits"], axis=1) == labels
    return measure(policies, right, penalty)


def assert_same_logs(logs, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5, err_msg=name)


@settings(deadline=None)
@given(
    st.integers(1, 54).flatmap(
        lambda units: st.lists(
            st.tuples(st.integers(0, 2**units - 1), st.booleans()),
            min_size=1,
            max_size=20,
        ).map(lambda rows: (units, rows))
    ),
    st.floats(-10, 0),
)
def test_measures_are_those_of_brute_force(drawn, penalty):
    units, rows = drawn
    policies = np.array([[row >> i & 1 for i in range(units)] for row, _ in rows])
    right = np.array([each for _, each in rows])
    model = types.SimpleNamespace(arguments={"stage": "finetune", "penalty": penalty})
    outputs = {
        "masks": list(np.float32(policies.T)),
        # The first class is always the likelier one.
        "logits": np.tile(np.float32([1, 0]), (len(rows), 1)),
    }
    found = measure_policies(model, outputs, np.where(right, 0, 1))
    assert set(found) == set(MEASURED)
    expected = measure(policies, right, penalty)
    for name, value in expected.items():
        np.testing.assert_allclose(
            found[name], value, rtol=1e-4, atol=1e-5, err_msg=name
        )


@pytest.mark.parametrize("stage", STAGES)
def test_a_step_logs_what_it_has_drawn(stage):
    model, images, labels = build(stage), make_images(24), np.arange(24) % 10
    state = model.policy.seed_generator.state
    before = np.array(state)
    outputs = model(images, training=True)
    state.assign(before)
    logs = model.train_on_batch(images, labels, return_dict=True)
    penalty = {"curriculum": -1.0, "finetune": -5.0}[stage]
    assert set(logs) == {"loss", "accuracy", *MEASURED}
    assert_same_logs(logs, measure_outputs(outputs, labels, penalty))


@pytest.mark.parametrize("stage", STAGES)
def test_evaluate_measures_the_likeliest_policies(stage):
    """Its loss is the compiled one: there is no draw to learn from."""
    model, labels = build(stage, penalty=-2.0), np.arange(24) % 10
    images = make_images(24)
    logs = model.evaluate(images, labels, batch_size=8, verbose=0, return_dict=True)
    outputs = model(images)
    assert set(logs) == {"loss", "accuracy", *MEASURED}
    batches = [
        measure_outputs(
            {
                "masks": [mask[start:][:8] for mask in outputs["masks"]],
                "logits": outputs["logits"][start:][:8],
            },
            labels[start:][:8],
            -2.0,
        )
        for start in (0, 8, 16)
    ]
    means = {name: np.mean([batch[name] for batch in batches]) for name in MEASURED}
    assert_same_logs(logs, means)
    logits = np.array(outputs["logits"], "float64")
    chosen = logits[np.arange(24), labels] - np.log(np.exp(logits).sum(axis=1))
    np.testing.assert_allclose(logs["loss"], -np.mean(chosen), rtol=1e-4)


@pytest.mark.parametrize("stage", STAGES)
def test_labels_may_be_a_column(stage):
    model, images, labels = build(stage), make_images(12), np.arange(12) % 10
    outputs = model(images, training=True)
    results = []
    for given_labels in (labels, labels[:, np.newaxis]):
        loss = model.compute_loss(images, given_labels, outputs, None, training=True)
        results.append([loss, *measure_policies(model, outputs, given_labels).values()])
    np.testing.assert_array_equal(*results)


def test_right_predictions():
    logits = np.array([[0.1, 0.3], [2.0, -1.0], [-1.0, -2.0]], "float32")
    for labels in ([1, 1, 0], [[1], [1], [0]], np.uint8([1, 1, 0])):
        right = right_predictions(logits, np.array(labels))
        assert right.dtype == "float32"
        np.testing.assert_array_equal(right, [1.0, 0.0, 1.0])


def test_stages_without_a_policy_log_the_loss_alone():
    model, images, labels = build("pretrain"), make_images(4), np.arange(4)
    logs = model.train_on_batch(images, labels, return_dict=True)
    assert set(logs) == {"loss", "accuracy"}
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert set(logs) == {"loss", "accuracy"}


@pytest.mark.slow
def test_finetuning_learns_labels_with_fewer_blocks():
    """To be right with all of them running is a reward of 0."""
    images, labels = four_classes()
    model = build("finetune", run_eagerly=False, model="1", num_classes=4)
    model.fit(images, labels, batch_size=16, epochs=20, verbose=0)
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert logs["accuracy"] > 0.9
    assert logs["reward"] > 0.3
