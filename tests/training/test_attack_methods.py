import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import tiny_model
from varied_model import varied_model

from sact_keras.data.normalization import standardize_images
from sact_keras.training.attack_methods import fgsm


def linear_model(weights):
    """Logits that are weighted sums of an image's numbers: [pixels, classes]."""

    def model(inputs, training):
        assert training is False
        flat = tf.reshape(inputs, (tf.shape(inputs)[0], -1))
        return {"logits": tf.matmul(flat, weights)}

    return model


def scale(pixels):
    return pixels / 255.0


def attacker(model):
    """The attack in a graph, as it is used: without the gradients of the weights."""

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 32, 32, 3)),
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec(()),
        ]
    )
    def run(pixels, labels, epsilon):
        return fgsm(model, standardize_images, pixels, labels, epsilon)

    return lambda pixels, labels, epsilon: run(pixels, labels, epsilon).numpy()


@functools.cache
def varied_attacker(model_type):
    """(model, its attacker): to trace it takes longer than all of its attacks."""
    model = varied_model(model_type)
    return model, attacker(model)


def random_pixels(count=4, seed=0):
    generator = np.random.default_rng(seed)
    pixels = generator.uniform(0, 255, size=(count, 32, 32, 3))
    return tf.constant(pixels, tf.float32), tf.constant(range(count))


def losses(model, pixels, labels):
    """The cross entropy of each image, [N]."""
    logits = model(standardize_images(pixels), training=False)["logits"]
    return keras.losses.sparse_categorical_crossentropy(
        labels, logits, from_logits=True
    ).numpy()


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), epsilon=st.floats(1e-4, 1.0))
def test_each_pixel_moves_by_epsilon_up_the_gradient(seed, epsilon):
    generator = np.random.default_rng(seed)
    pixels = generator.uniform(0, 255, size=(3, 2, 2, 3)).astype("float32")
    weights = generator.normal(size=(12, 5)).astype("float32")
    labels = generator.integers(0, 5, size=3)
    attacked = fgsm(
        linear_model(weights), scale, tf.constant(pixels), labels, epsilon
    ).numpy()
    # The gradient of the cross entropy of a linear map, in float64.
    logits = (pixels.reshape(3, 12) / 255).astype("float64") @ weights
    wrong = np.exp(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))
    wrong[np.arange(3), labels] -= 1
    gradient = (wrong @ weights.T.astype("float64")).reshape(pixels.shape)
    expected = np.clip(pixels + 255 * epsilon * np.sign(gradient), 0, 255)
    clear = np.abs(gradient) > 1e-5  # float32 may take another side of zero.
    assert clear.mean() > 0.9
    np.testing.assert_allclose(attacked[clear], expected[clear], atol=1e-3)


@pytest.mark.fast_with("*-aig")
@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact", "aig", "dynconv"])
@pytest.mark.parametrize("epsilon", [0.004, 0.5])
def test_attacked_images_stay_near_and_within_the_range(model_type, epsilon):
    _, attack = varied_attacker(model_type)
    pixels, labels = random_pixels()
    attacked = attack(pixels, labels, epsilon)
    change = np.abs(attacked - pixels)
    assert attacked.min() >= 0
    assert attacked.max() <= 255
    assert change.max() == pytest.approx(255 * epsilon, rel=1e-3)
    inside = (attacked > 0) & (attacked < 255) & (change > 0)
    np.testing.assert_allclose(change[inside], 255 * epsilon, rtol=1e-3, atol=1e-4)
    assert attacked.dtype == np.float32
    assert np.any(attacked % 1)  # Not rounded.


@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact", "aig", "dynconv"])
def test_the_loss_grows(model_type):
    model, attack = varied_attacker(model_type)
    pixels, labels = random_pixels(8)
    before = losses(model, pixels, labels)
    attacked = attack(pixels, labels, 0.002)
    after = losses(model, attacked, labels)
    assert (after > before).mean() >= 0.75  # A decision that changes is a jump.
    assert after.mean() > before.mean()


@pytest.mark.parametrize("variant", ["sact", "aig"])
def test_the_gradient_is_that_of_the_loss(variant):
    """The slope along the attack is the sum of the gradient's absolute values."""
    model = tiny_model("vanilla", model="1", variant=variant)
    pixels, labels = random_pixels()

    @tf.function
    def gradient(pixels):
        logits = model(standardize_images(pixels), training=False)["logits"]
        loss = keras.losses.sparse_categorical_crossentropy(
            labels, logits, from_logits=True
        )
        return tf.gradients(tf.reduce_sum(loss), pixels)[0]

    slopes = tf.reduce_sum(tf.abs(gradient(pixels)), axis=(1, 2, 3))
    step = 0.1
    attacked = attacker(model)(pixels, labels, step / 255)
    direction = np.sign(attacked - pixels)
    ahead, behind = (
        losses(model, pixels + sign * step * direction, labels) for sign in (1, -1)
    )
    np.testing.assert_allclose((ahead - behind) / (2 * step), slopes, rtol=0.05)


@pytest.mark.parametrize("model_type", ["vanilla", "sact", "aig", "dynconv"])
def test_an_image_is_attacked_as_if_it_were_alone(model_type):
    _, attack = varied_attacker(model_type)
    pixels, labels = random_pixels()
    together = attack(pixels, labels, 0.01)
    for index in range(4):
        one = slice(index, index + 1)
        alone = attack(pixels[one], labels[one], 0.01)
        # Rounding may turn the sign of what is almost zero.
        assert np.mean(alone != together[one]) < 2e-3


def test_an_image_of_one_colour_is_attacked_too():
    model = tiny_model("vanilla")
    black = tf.zeros((2, 32, 32, 3))
    attacked = attacker(model)(black, [1, 2], 0.1)
    assert np.isfinite(attacked).all()
    assert attacked.max() == pytest.approx(25.5)
