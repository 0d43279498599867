import keras
import numpy as np
import pytest
import tensorflow as tf
from layer_test import run_layer_test

from sact_keras.layers import BatchNorm


@pytest.mark.parametrize("shape", [(3, 5, 7, 6), (4, 6)])
def test_layer(shape):
    run_layer_test(
        BatchNorm,
        {"momentum": 0.8, "epsilon": 1e-2, "name": "norm"},
        shape,
        expected_output_shape=shape,
        expected_num_trainable_weights=2,
        expected_num_non_trainable_weights=2,
    )


def pair(shape, momentum=0.9, epsilon=1e-3, **kwargs):
    """Our layer and Keras', with the same random weights."""
    ours = BatchNorm(momentum, epsilon, **kwargs)
    theirs = keras.layers.BatchNormalization(
        momentum=momentum, epsilon=epsilon, **kwargs
    )
    rng = np.random.default_rng(0)
    weights = [rng.uniform(0.5, 2.0, shape[-1]) for _ in range(4)]
    for layer in (ours, theirs):
        layer.build(shape)
        layer.set_weights(weights)
    return ours, theirs


@pytest.mark.parametrize("shape", [(4, 5, 3, 6), (8, 6)])
@pytest.mark.parametrize("training", [False, True])
def test_is_keras_batch_normalization(shape, training):
    ours, theirs = pair(shape)
    inputs = tf.random.stateless_normal(shape, (0, 0), mean=3.0, stddev=2.0)
    results = []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=training)
            loss = tf.reduce_sum(outputs * tf.sin(inputs))
        variables = [inputs, layer.gamma.value, layer.beta.value]
        results.append((outputs, *tape.gradient(loss, variables), *layer.get_weights()))
    for actual, expected in zip(*results, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=1e-5)


def test_moving_variance_is_biased():
    norm = BatchNorm(momentum=0.0)
    inputs = np.array([[0.0], [1.0], [5.0]], "float32")
    norm(inputs, training=True)
    np.testing.assert_allclose(norm.moving_mean, [2.0], rtol=1e-6)
    np.testing.assert_allclose(norm.moving_variance, [np.var(inputs)], rtol=1e-6)


def test_a_single_value_becomes_beta():
    norm, _ = pair((1, 6))
    outputs = norm(tf.random.stateless_normal((1, 6), (0, 0)), training=True)
    np.testing.assert_allclose(outputs[0], norm.beta, atol=1e-6)
    np.testing.assert_allclose(
        norm.moving_variance, 0.9 * pair((1, 6))[1].moving_variance, rtol=1e-6
    )


def test_frozen_it_normalizes_by_the_moving_averages():
    norm, _ = pair((4, 6))
    inputs = tf.random.stateless_normal((4, 6), (0, 0))
    expected = norm(inputs, training=False)
    norm.trainable = False
    before = norm.get_weights()
    np.testing.assert_array_equal(norm(inputs, training=True), expected)
    for old, new in zip(before, norm.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("unbiased_variance", [False, True])
@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_averages_stay_where_the_batch_does_not_count(graph, unbiased_variance):
    """Outputs and gradients are those of any batch."""
    inputs = tf.random.stateless_normal((4, 5, 3, 6), (0, 0), mean=3.0, stddev=2.0)

    def step(counts):
        norm = BatchNorm(unbiased_variance=unbiased_variance)
        norm.build(inputs.shape)
        initial = norm.get_weights()
        call = tf.function(norm) if graph else norm
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = call(inputs, training=True, counts=counts)
            loss = tf.reduce_sum(outputs * tf.sin(inputs))
        gradients = tape.gradient(loss, [inputs, norm.gamma.value, norm.beta.value])
        return [outputs, *gradients], initial, norm.get_weights()

    usual, initial, moved = step(None)
    for counts, expected in ((True, moved), (False, initial)):
        results, _, averages = step(tf.constant(counts))
        for actual, wanted in zip(results, usual, strict=True):
            np.testing.assert_array_equal(actual, wanted)
        for actual, wanted in zip(averages, expected, strict=True):
            np.testing.assert_array_equal(actual, wanted)
    assert not np.array_equal(initial[2], moved[2])


def test_at_inference_no_batch_counts():
    norm, _ = pair((4, 6))
    inputs, before = tf.random.stateless_normal((4, 6), (0, 0)), norm.get_weights()
    expected = norm(inputs)
    np.testing.assert_array_equal(norm(inputs, counts=tf.constant(True)), expected)
    for old, new in zip(before, norm.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
