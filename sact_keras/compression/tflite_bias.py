"""Takes out of integer convolutions what rounding adds to them on average."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

MAXIMUM_BATCHES = 64
"""Batches that means are taken over: each of them is one over many places, too."""


def correct_biases(
    quantized: bytes, exact: bytes, calibration: Sequence[np.ndarray]
) -> bytes:
    """Corrects the biases of a file's integer convolutions.

    Rounding is not fair where values crowd on one side of a step: a leaky ReLU leaves
    many small negative ones, which become 0 together. A convolution adds hundreds of
    them up, so that its channels move as a whole. What a channel has moved by on
    average is subtracted from its bias (Nagel et al. 2019, "Data-free quantization
    through weight equalization and bias correction", section 4.2, here from images):
    of one convolution after another, each in a file in which those before it are
    corrected.

    Args:
        quantized: The file.
        exact: The file of the same graph in float32.
        calibration: Batches of their input; of more than `MAXIMUM_BATCHES` the first.

    Returns:
        The file with other biases.
    """
    batches = calibration[:MAXIMUM_BATCHES]
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(quantized))
    expected_model = flatbuffer_utils.convert_bytearray_to_object(bytearray(exact))
    tensors = model.subgraphs[0].tensors
    # Both are of one graph, whose operations keep their order.
    pairs = zip(_convolutions(model), _convolutions(expected_model), strict=True)
    pairs = [
        (found, expected)
        for found, expected in pairs
        if tensors[found.outputs[0]].type == schema.TensorType.INT8
        and len(found.inputs) > 2
    ]
    places = [expected.outputs[0] for _, expected in pairs]
    means = _channel_means(exact, batches, places)
    for (operation, _), place in zip(pairs, places, strict=True):
        output = operation.outputs[0]
        content = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        moved = _channel_means(content, batches, [output])[output] - means[place]
        source, weights, bias = (tensors[index] for index in operation.inputs[:3])
        # One step of a bias, which is of 32 bits: that of the products it is added to.
        step = source.quantization.scale[0] * np.asarray(weights.quantization.scale)
        values = np.frombuffer(bytes(model.buffers[bias.buffer].data), np.int32)
        corrected = values - np.rint(moved / step).astype(np.int32)
        # Its own: biases that were alike, such as zeros, have one place together.
        own = schema.BufferT()
        own.data = np.frombuffer(corrected.tobytes(), np.uint8)
        bias.buffer = len(model.buffers)
        model.buffers.append(own)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _convolutions(model: Any) -> list[Any]:
    kinds = [
        max(code.builtinCode, code.deprecatedBuiltinCode)
        for code in model.operatorCodes
    ]
    return [
        operation
        for operation in model.subgraphs[0].operators
        if kinds[operation.opcodeIndex] == schema.BuiltinOperator.CONV_2D
    ]


def _channel_means(
    content: bytes, batches: Sequence[np.ndarray], places: Sequence[int]
) -> dict[int, np.ndarray]:
    """Means over images and positions of tensors, as the numbers they stand for."""
    with warnings.catch_warnings():
        # A newer package, and memory, which tensors of one batch do not take much of.
        warnings.simplefilter("ignore")
        interpreter = tf.lite.Interpreter(
            model_content=content,
            # Those of XNNPACK keep what is between operations to themselves.
            experimental_op_resolver_type=(
                tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            ),
            experimental_preserve_all_tensors=True,
        )
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    scales = {
        details["index"]: details["quantization"]
        for details in interpreter.get_tensor_details()
    }
    totals = dict.fromkeys(places, 0.0)
    for batch in batches:
        interpreter.set_tensor(given["index"], batch)
        interpreter.invoke()
        for place in places:
            mean = interpreter.get_tensor(place).mean(axis=(0, 1, 2), dtype=np.float64)
            scale, zero_point = scales[place]
            totals[place] += (mean - zero_point) * scale if scale else mean
    return {place: total / len(batches) for place, total in totals.items()}
