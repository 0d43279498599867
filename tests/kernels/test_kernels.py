"""TensorFlow's kernels compute what the generic ones do, gradients included."""

import functools
import types

import numpy as np
import pytest
import tensorflow as tf

from sact_keras import kernels
from sact_keras.kernels import generic
from sact_keras.kernels import tensorflow as tensorflow_kernels


def value_and_gradients(function, *inputs):
    """`function`'s outputs, and the gradients of a random functional of them."""
    inputs = [tf.constant(value) for value in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.nest.flatten(function(*inputs))
        loss = sum(
            tf.reduce_sum(
                tf.cast(x, "float32") * tf.random.stateless_normal(x.shape, (i, 0))
            )
            for i, x in enumerate(outputs[:1])
        )
    return [*outputs, *tape.gradient(loss, inputs)]


def assert_same_kernel(name, *inputs, tolerance=1e-4, **arguments):
    results = [
        value_and_gradients(
            functools.partial(getattr(module, name), **arguments), *inputs
        )
        for module in (tensorflow_kernels, generic)
    ]
    for actual, expected in zip(*results, strict=True):
        assert actual.dtype == expected.dtype
        assert actual.shape == expected.shape
        actual, expected = tf.cast(actual, "float32"), tf.cast(expected, "float32")
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(actual, expected, atol=tolerance * scale)


def random(*shape, offset=0.0):
    values = np.random.default_rng(0).normal(size=shape) + offset
    return values.astype("float32")


@pytest.mark.parametrize("shape", [(6, 5, 7, 3), (9, 3), (2, 3), (1, 1, 4, 3)])
def test_normalize_batch(shape):
    gamma, beta = random(3, offset=2.0), random(3)
    inputs = random(*shape, offset=1.5)
    assert_same_kernel("normalize_batch", inputs, gamma, beta, epsilon=1e-3)


@pytest.mark.parametrize("shape", [(5, 3), (2, 6, 7, 3)])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_normalize_batch_in_stages(shape, jit_compile):
    """Outputs, moments and gradients of the generic kernel, in a graph too."""
    inputs, gamma, beta = random(*shape), random(3, offset=2.0), random(3)

    @tf.function(jit_compile=jit_compile)
    def staged(inputs, gamma, beta):
        return tensorflow_kernels.normalize_batch(inputs, gamma, beta, 1e-3, True)

    def expected(inputs, gamma, beta):
        return generic.normalize_batch(inputs, gamma, beta, 1e-3)

    for actual, wanted in zip(
        value_and_gradients(staged, inputs, gamma, beta),
        value_and_gradients(expected, inputs, gamma, beta),
        strict=True,
    ):
        np.testing.assert_allclose(actual, wanted, rtol=1e-4, atol=1e-5)


def test_sums_in_stages_lose_fewer_digits():
    """One after the other, the sum of many values stands far above the next one."""
    inputs = np.random.default_rng(0).normal(2, 3, (64, 32, 32, 4)).astype("float32")
    wanted = inputs.astype("float64")
    wanted = (wanted - wanted.mean((0, 1, 2))) / wanted.std((0, 1, 2))
    ones, zeros = np.ones(4, "float32"), np.zeros(4, "float32")
    errors = {}
    for staged in (False, True):
        outputs, *_ = kernels.normalize_batch(
            tf.constant(inputs), ones, zeros, 0.0, staged
        )
        errors[staged] = np.sqrt(np.mean((np.array(outputs) - wanted) ** 2))
    assert errors[True] < 3e-7
    assert errors[True] < errors[False]


def test_normalize_batch_by_definition():
    inputs, gamma, beta = random(4, 3, 2, 5), random(5), random(5)
    outputs, mean, variance = kernels.normalize_batch(inputs, gamma, beta, 1e-3)
    np.testing.assert_allclose(mean, inputs.mean(axis=(0, 1, 2)), atol=1e-6)
    np.testing.assert_allclose(variance, inputs.var(axis=(0, 1, 2)), rtol=1e-5)
    normal = (inputs - inputs.mean((0, 1, 2))) / np.sqrt(inputs.var((0, 1, 2)) + 1e-3)
    np.testing.assert_allclose(outputs, gamma * normal + beta, atol=1e-5)


@pytest.mark.parametrize("module", [generic, tensorflow_kernels])
def test_normalize_batch_of_one_value(module):
    outputs, mean, variance = module.normalize_batch(
        tf.constant([[3.0, -1.0]]),
        tf.constant([2.0, 2.0]),
        tf.constant([0.5, 1.0]),
        1e-3,
    )
    np.testing.assert_allclose(outputs, [[0.5, 1.0]], atol=1e-5)
    np.testing.assert_allclose(mean, [3.0, -1.0])
    np.testing.assert_array_equal(variance, [0.0, 0.0])


def test_normalize_batch_keeps_half_precision():
    inputs = tf.cast(random(8, 4, 4, 3), "bfloat16")
    gamma, beta = random(3, offset=2.0), random(3)
    outputs, mean, variance = kernels.normalize_batch(inputs, gamma, beta, 1e-3)
    expected, *moments = generic.normalize_batch(
        tf.cast(inputs, "float32"), gamma, beta, 1e-3
    )
    assert outputs.dtype == "bfloat16"
    np.testing.assert_allclose(tf.cast(outputs, "float32"), expected, atol=0.05)
    for actual, precise in zip((mean, variance), moments, strict=True):
        np.testing.assert_allclose(tf.cast(actual, "float32"), precise, atol=0.02)


def test_normalize_batch_in_double_precision():
    inputs = tf.random.stateless_normal((8, 3), (0, 0), dtype="float64")
    ones, zeros = tf.ones(3, "float64"), tf.zeros(3, "float64")
    outputs, _, _ = kernels.normalize_batch(inputs, ones, zeros, 0.0)
    assert outputs.dtype == "float64"
    np.testing.assert_allclose(np.var(outputs, axis=0), 1.0, rtol=1e-9)


@pytest.mark.parametrize("size", [(6, 8), (5, 7), (1, 1), (3, 2)])
@pytest.mark.parametrize("kernel_size", [(3, 3), (1, 1), (5, 3)])
def test_convolve_to_one_channel(size, kernel_size):
    inputs, kernel = random(2, *size, 6), random(*kernel_size, 6, 1)
    assert_same_kernel("convolve_to_one_channel", inputs, kernel)
    outputs = kernels.convolve_to_one_channel(inputs, kernel)
    assert outputs.shape == (2, *size)


def test_fork_adds_the_gradients():
    inputs = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        first, second = kernels.fork(inputs)
        loss = tf.reduce_sum(2.0 * first + second**2)
    np.testing.assert_array_equal(first, inputs)
    np.testing.assert_array_equal(second, inputs)
    np.testing.assert_array_equal(tape.gradient(loss, inputs), 2.0 + 2.0 * inputs)


def test_fork_read_once():
    inputs = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.reduce_sum(3.0 * kernels.fork(inputs)[1])
    np.testing.assert_array_equal(tape.gradient(loss, inputs), [3.0, 3.0])


def test_alone_there_is_one_replica():
    assert kernels.num_replicas() == generic.num_replicas() == 1
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        assert kernels.num_replicas() == 1
    assert strategy.run(kernels.num_replicas) == 1


def test_replicas_are_those_of_the_strategy_in_force(monkeypatch):
    """What two real ones make of it, tests/conformance/test_distribution.py sees."""
    strategy = types.SimpleNamespace(num_replicas_in_sync=3)
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: strategy)
    assert kernels.num_replicas() == 3


def test_kernels_run_on_unknown_shapes():
    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
    def run(inputs):
        outputs, _, _ = kernels.normalize_batch(inputs, [1.0] * 3, [0.0] * 3, 1e-3)
        first, second = kernels.fork(outputs)
        return first + second, kernels.convolve_to_one_channel(inputs, kernel)

    kernel = random(3, 3, 3, 1)
    inputs = random(2, 4, 5, 3)
    outputs, scores = run(inputs)
    assert run.get_concrete_function().structured_outputs[0].shape[-1] == 3
    expected, _, _ = kernels.normalize_batch(inputs, [1.0] * 3, [0.0] * 3, 1e-3)
    np.testing.assert_allclose(outputs, 2 * expected, rtol=1e-5)
    np.testing.assert_allclose(
        scores, kernels.convolve_to_one_channel(inputs, kernel), atol=1e-5
    )
