import numpy as np
import pytest
import tensorflow as tf

import sact_keras
from sact_keras.losses import target_rate_loss
from sact_keras.models import METHODS


def test_value_by_hand():
    rates = tf.constant([1.0, 0.5, 0.2])
    loss = target_rate_loss(rates, (0.6, 0.6, 0.6), weight=2.0)
    np.testing.assert_allclose(loss, 2 * (0.16 + 0.01 + 0.16) / 3, rtol=1e-6)


def test_units_that_do_not_count_stay_in_the_divisor():
    rates = tf.constant([0.3, 0.5, 0.2, 0.9])
    counted = [False, True, False, True]
    loss = target_rate_loss(rates, (1.0, 0.6, 1.0, 0.4), counted=counted)
    np.testing.assert_allclose(loss, (0.01 + 0.25) / 4, rtol=1e-6)
    assert float(target_rate_loss(rates, [1.0] * 4, counted=[False] * 4)) == 0.0


def test_each_image_carries_its_share_of_the_gradient():
    masks = tf.constant([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(masks)
        rates = tf.reduce_mean(masks, axis=0)
        loss = target_rate_loss(rates, (0.5, 0.5), weight=3.0)
    # d/dz of 3 (t - z)^2 / 2, over four images: rates are 0.75 and 0.25.
    expected = np.tile([3 * 0.25 / 4, -3 * 0.25 / 4], (4, 1))
    np.testing.assert_allclose(tape.gradient(loss, masks), expected, rtol=1e-6)


def test_means_of_an_evaluation_are_float64():
    loss = target_rate_loss(np.array([1.0, 0.5]), (0.6, 0.6))
    np.testing.assert_allclose(loss, 0.085, rtol=1e-12)


def build(**arguments):
    return sact_keras.build_model(
        "aig", **{"model": "1_2_1", "base_channels": 4, **arguments}
    )


IMAGENET = {"dataset": "imagenet", "model": "1_1_1_1", "num_classes": 7}

MIXED = {"target_rates": "1,t,0.8,1", "target_rate": 0.4}


def loss_of(model, rates):
    method = METHODS["aig"]
    return float(method.loss({"rates": tf.constant(rates, "float32")}, model))


@pytest.mark.parametrize(
    ("arguments", "weight"),
    [
        ({}, 2.0),
        (IMAGENET, 1.0),
        ({"rate_weight": 0.0}, 0.0),
        ({**IMAGENET, "rate_weight": 5.0}, 5.0),
    ],
    ids=["cifar", "imagenet", "none", "given"],
)
def test_the_weight_is_the_familys_unless_given(arguments, weight):
    model = build(**arguments, target_rate=0.5)
    expected = weight * (0.25 + 0.09 + 0.0 + 0.04) / 4
    assert loss_of(model, [1.0, 0.8, 0.5, 0.3]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("arguments", "gated", "counted"),
    [
        ({}, [0, 1, 1, 0], [1, 1, 1, 1]),
        ({"gate_all_units": True}, [1, 1, 1, 1], [1, 1, 1, 1]),
        (IMAGENET, [0, 1, 1, 0], [0, 1, 1, 0]),
        ({**IMAGENET, "gate_all_units": True}, [1, 1, 1, 1], [0, 1, 1, 0]),
    ],
    ids=["cifar", "cifar_all", "imagenet", "imagenet_all"],
)
def test_units_of_rate_one(arguments, gated, counted):
    """Without a gate they are at their rate; with one, ImageNet's do not count."""
    model = build(**arguments, **MIXED)
    gates = [gate for block in model.blocks for gate in block.decision.gates]
    assert [gate is not None for gate in gates] == [bool(gate) for gate in gated]
    rates = np.array([0.7, 0.6, 0.5, 0.9])
    distances = (np.array([1.0, 0.4, 0.8, 1.0]) - rates) ** 2
    weight = 1.0 if "dataset" in arguments else 2.0
    expected = weight * np.sum(distances * counted) / 4
    assert loss_of(model, rates) == pytest.approx(expected)


def test_a_model_adds_the_loss_of_its_batchs_masks():
    model = build(**MIXED)
    images = np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype("float32")
    rates = np.mean(model(images, training=True)["masks"], axis=1)
    assert rates[0] == rates[3] == 1
    (loss,) = model.losses
    expected = 2 * np.mean((np.array([1.0, 0.4, 0.8, 1.0]) - rates) ** 2)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target_rate": 1.5}, r"target_rate must be in \[0, 1\]\. .*target_rate=1.5"),
        ({"target_rate": float("nan")}, r"target_rate must be .*target_rate=nan"),
        ({"target_rates": "1,t"}, r"target_rates must be 4 rates.*'1,t'"),
        ({"target_rates": "1,t,x,1"}, r"target_rates must be numbers.*'1,t,x,1'"),
        ({"target_rates": [1, 1, 1, -0.1]}, r"target_rates must be in \[0, 1\].*-0.1"),
        ({"target_rates": "resnet50"}, r"target_rates must be 4 rates.*16 rates"),
        ({"rate_weight": -1.0}, r"rate_weight must be .*at least 0.*rate_weight=-1.0"),
        ({"rate_weight": float("inf")}, r"rate_weight must be finite.*=inf"),
        ({"gate_eval": "never"}, r"gate_eval must be one of .*gate_eval='never'"),
        ({"noise_until": 1.5}, r"noise_until must be in \[0, 1\].*noise_until=1.5"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        build(**arguments)
