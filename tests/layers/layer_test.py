"""One declarative check of what every layer owes its users."""

import json

import keras
import numpy as np
import tensorflow as tf


def run_layer_test(
    layer_class,
    init_kwargs,
    input_shape,
    *,
    expected_output_shape,
    expected_num_trainable_weights,
    expected_num_non_trainable_weights=0,
    mixed_output_dtype="bfloat16",
):
    """Checks a layer's config, weights, shapes, dtypes, gradients and dynamic sizes.

    Args:
        layer_class: The layer's class.
        init_kwargs: Its constructor's arguments, or a function that makes them, where
            they are layers themselves.
        input_shape: Shape of a batch, all sizes known.
        expected_output_shape: Shape of the output; of a dictionary's "outputs".
        expected_num_trainable_weights: Number of variables.
        expected_num_non_trainable_weights: Number of variables.
        mixed_output_dtype: Dtype of the output under mixed_bfloat16.
    """
    inputs = np.random.default_rng(1).normal(size=input_shape).astype("float32")

    def make_layer():
        return layer_class(**(init_kwargs() if callable(init_kwargs) else init_kwargs))

    layer = make_layer()
    _check_config(layer_class, layer)
    layer.build(input_shape)
    outputs = layer(inputs)
    assert main_output(outputs).shape == expected_output_shape
    assert main_output(outputs).dtype == "float32"
    if type(layer).compute_output_shape is not keras.layers.Layer.compute_output_shape:
        assert layer.compute_output_shape(input_shape) == expected_output_shape
        unknown = (None,) * (len(input_shape) - 1) + input_shape[-1:]
        assert layer.compute_output_shape(unknown)[0] is None
    assert len(layer.trainable_weights) == expected_num_trainable_weights
    assert len(layer.non_trainable_weights) == expected_num_non_trainable_weights
    _check_serialization(layer, inputs, outputs)
    _check_dynamic_sizes(layer, inputs, outputs)
    _check_mixed_precision(make_layer, layer, inputs, mixed_output_dtype)
    # Last: it changes the weights.
    _check_gradient_step(layer, inputs)


def set_weights(layer, *values):
    """Sets a layer's weights from nested lists, in the order of `layer.weights`."""
    layer.set_weights([np.asarray(value, "float32") for value in values])


def with_random_weights(layer, input_shape):
    """Builds a layer and sets its weights, all of them positive as variances are."""
    layer.build(input_shape)
    rng = np.random.default_rng(0)
    layer.set_weights([rng.uniform(0.1, 0.5, w.shape) for w in layer.weights])
    return layer


def main_output(outputs):
    return outputs["outputs"] if isinstance(outputs, dict) else outputs


def _check_config(layer_class, layer):
    config = layer.get_config()
    text = json.dumps(config)
    revived = layer_class.from_config(config)
    assert json.dumps(config) == text, "from_config changed its argument"
    assert json.dumps(revived.get_config()) == text


def _check_serialization(layer, inputs, outputs):
    serialized = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    revived = keras.saving.deserialize_keras_object(serialized)
    revived.set_weights(layer.get_weights())
    tf.nest.map_structure(np.testing.assert_array_equal, revived(inputs), outputs)


def _check_dynamic_sizes(layer, inputs, outputs):
    unknown = (None,) * (inputs.ndim - 1) + inputs.shape[-1:]
    traced = tf.function(layer, input_signature=[tf.TensorSpec(unknown)])
    _assert_close(traced(inputs), outputs)
    # Neither the batch nor the image is of the size that the layer was built for.
    other = np.concatenate([inputs, inputs, inputs])[1:]
    other = other[:, 1:, :-1] if other.ndim == 4 else other
    _assert_close(traced(other), layer(other))


def _check_mixed_precision(make_layer, layer, inputs, output_dtype):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = make_layer()
    finally:
        keras.config.set_dtype_policy(policy)
    mixed.build(inputs.shape)
    assert {weight.dtype for weight in mixed.weights} <= {"float32"}
    mixed.set_weights(layer.get_weights())
    for training in (False, True):
        outputs = main_output(mixed(inputs, training=training))
        assert outputs.dtype == output_dtype
        expected = main_output(layer(inputs, training=training))
        layer.set_weights(mixed.get_weights())  # Training moved the averages.
        np.testing.assert_allclose(
            keras.ops.cast(outputs, "float32"), expected, rtol=0.05, atol=0.1
        )


def _check_gradient_step(layer, inputs):
    if not layer.trainable_weights:
        return
    before = [keras.ops.convert_to_numpy(weight) for weight in layer.trainable_weights]
    with tf.GradientTape() as tape:
        outputs = main_output(layer(inputs, training=True))
        # Weighted: a plain sum over normalized features is constant.
        weights = np.random.default_rng(2).normal(size=outputs.shape)
        loss = keras.ops.sum(outputs * weights.astype("float32"))
    gradients = tape.gradient(loss, [w.value for w in layer.trainable_weights])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.apply(gradients, layer.trainable_weights)
    for weight, old in zip(layer.trainable_weights, before, strict=True):
        assert np.isfinite(keras.ops.convert_to_numpy(weight)).all()
        assert not np.array_equal(keras.ops.convert_to_numpy(weight), old), (
            f"{weight.path} is stuck"
        )


def _assert_close(actual, expected):
    def check(a, b):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)

    tf.nest.map_structure(check, actual, expected)
