"""TensorFlow Lite files against the networks that they were made of."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conformance.registry import CASES, named, parameters

import sact_keras
from sact_keras.compression import TFLiteError, TFLiteModel, convert_to_tflite
from sact_keras.compression.quantizations import QUANTIZATIONS
from sact_keras.compression.tflite import convert_graph
from sact_keras.compression.tflite_graph import make_tflite_graph
from sact_keras.data import open_dataset
from sact_keras.serving.image_preparation import ImagePreparation

# Of TensorFlow, which names a package that need not be installed.
pytestmark = pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")

FAST = named("vanilla", "act", "sact", "aig", "dynconv", "blockdrop", "sact_imagenet")


def size_of(model):
    return (64, 64) if model.family == "imagenet" else (32, 32)


def pixels_for(model):
    """Images of squares of several sizes: a network decides otherwise about each."""
    rng = np.random.default_rng(5)
    height, width = size_of(model)
    return np.stack(
        [
            np.kron(
                rng.integers(0, 256, (height // side, width // side, 3)),
                np.ones((side, side, 1), int),
            )
            for side in (1, 2, 4, 8, 16, 32)
        ]
    ).astype("uint8")


def convert(model, quantization="none", **how):
    if quantization == "int8":
        how["calibration_images"] = pixels_for(model)
    return convert_to_tflite(model, size_of(model), quantization=quantization, **how)


def run_in_keras(model, pixels):
    """The outputs of the model itself, under the names of the file's."""
    preparation = ImagePreparation(model.family, model.variant, size_of(model))
    outputs = model(preparation.normalize(pixels), training=False)
    num_units = np.asarray(outputs["num_units_map"], "float32")
    return {
        "probabilities": tf.nn.softmax(outputs["logits"]).numpy(),
        "flops": outputs["flops"].numpy(),
        "num_units": num_units.mean(axis=(1, 2)),
    }


def operations(content):
    """(name of the operation, type of what it gives) of a file."""
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=(
            tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    types = {
        tensor["index"]: np.dtype(tensor["dtype"]).name
        for tensor in interpreter.get_tensor_details()
    }
    return [
        (operation["op_name"], types[operation["outputs"][0]])
        for operation in interpreter._get_ops_details()
    ]


@pytest.mark.fast_with("sact_imagenet", "aig")
@pytest.mark.parametrize("case", parameters(FAST))
def test_a_float_file_is_the_network(case):
    model = case.shared()
    pixels = pixels_for(model)
    expected = run_in_keras(model, pixels)
    found = TFLiteModel(convert(model))(pixels)
    np.testing.assert_allclose(
        found["probabilities"], expected["probabilities"], atol=1e-5
    )
    if model.model_type == "vanilla":
        assert set(found) == {"probabilities"}
        return
    np.testing.assert_array_equal(found["flops"], expected["flops"])
    np.testing.assert_allclose(found["num_units"], expected["num_units"], rtol=1e-6)
    if case in FAST:
        assert len(set(expected["flops"].tolist())) > 1


# Probabilities of random weights, which do not separate the classes.
TOLERANCES = {"float16": 0.01, "dynamic": 0.1, "int8": 0.15}


@pytest.mark.fast_with("vanilla-int8")
@pytest.mark.parametrize("quantization", TOLERANCES)
@pytest.mark.parametrize("case", parameters(named("vanilla"), CASES))
def test_a_quantized_file_is_nearly_the_network(case, quantization):
    model = case.shared()
    pixels = pixels_for(model)
    expected = run_in_keras(model, pixels)["probabilities"]
    content = convert(model, quantization)
    found = TFLiteModel(content)(pixels)
    # A decision that is close may go the other way, and then an image is another.
    difference = np.abs(found["probabilities"] - expected).max(axis=1)
    assert np.median(difference) < TOLERANCES[quantization]
    assert len(content) < len(convert(model))


def test_operations_are_integer_where_the_work_is():
    (case,) = named("sact")
    names = operations(convert(case.shared(), "int8"))
    convolutions = [kind for name, kind in names if name == "CONV_2D"]
    # Two in each of four units, and the stem's.
    assert (convolutions.count("int8"), convolutions.count("float32")) == (8, 1)
    # Decisions, and what concludes.
    for name in ("DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SOFTMAX", "LOGISTIC"):
        assert {kind for other, kind in names if other == name} == {"float32"}, name
    assert not [name for name, _ in names if name.startswith(("Flex", "CUSTOM"))]


def test_all_of_a_file_are_operations_of_tensorflow_lite():
    (case,) = named("dynconv")
    names = {name for name, _ in operations(convert(case.shared()))}
    # Batch norms behind convolutions are part of their kernels.
    assert not names & {"RSQRT", "VAR_HANDLE", "READ_VARIABLE"}
    assert not [name for name in names if name.startswith(("Flex", "CUSTOM"))]


def test_a_batch_of_any_size():
    (case,) = named("aig")
    model = case.shared()
    pixels = pixels_for(model)
    one, four = (TFLiteModel(convert(model, batch_size=size)) for size in (1, 4))
    assert (one.batch_size, four.batch_size) == (1, 4)
    expected, found = one(pixels), four(pixels)
    assert found["probabilities"].shape == (6, 10)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, err_msg=name)


def test_the_preparation_is_inside():
    model = sact_keras.build_model("vanilla", model="1", base_channels=4)
    pixels = pixels_for(model)
    found = TFLiteModel(convert(model, preprocessing="blockdrop"))(pixels)
    outputs = model(pixels.astype("float32") / 255, training=False)
    expected = tf.nn.softmax(outputs["logits"])
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)


def test_compact_execution_is_refused():
    model = sact_keras.build_model("sact", model="1", base_channels=4)
    with pytest.raises(TFLiteError, match=r"masked executor.*Received: CompactModel"):
        convert_to_tflite(sact_keras.compact(model), (32, 32))


def test_gates_that_draw_are_refused():
    model = sact_keras.build_model(
        "aig", model="1", base_channels=4, gate_eval="sample"
    )
    with pytest.raises(TFLiteError, match="gate_eval must be 'deterministic'"):
        convert_to_tflite(model, (32, 32))


def test_gates_that_weigh():
    model = sact_keras.build_model(
        "aig", model="1", base_channels=4, gate_eval="expected"
    )
    pixels = pixels_for(model)
    found = TFLiteModel(convert(model))(pixels)
    expected = run_in_keras(model, pixels)
    np.testing.assert_allclose(
        found["probabilities"], expected["probabilities"], atol=1e-5
    )


def test_operations_that_there_are_not_are_named():
    @tf.function(input_signature=[tf.TensorSpec((1, 4, 4, 3), tf.uint8)])
    def invert(images):
        return {"inverse": tf.linalg.inv(tf.cast(images[..., 0], tf.float32))}

    with pytest.raises(TFLiteError, match=r"Received: tf\.MatrixInverse$"):
        convert_graph(invert.get_concrete_function(), "none")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"quantization": "int4"}, "quantization must be one of none, float16"),
        ({"quantization": "int8"}, "calibration_images must be given with"),
        ({"calibration_images": np.zeros((1, 32, 32, 3))}, "and with no other"),
        (
            {"quantization": "int8", "calibration_images": np.zeros((1, 8, 8, 3))},
            r"\[n, 32, 32, 3\]. Received: shape \(1, 8, 8, 3\)",
        ),
        ({"batch_size": 0}, "batch_size must be at least 1. Received: batch_size=0"),
        ({"image_size": (32,)}, "image_size must be a height and a width"),
        ({"preprocessing": "none"}, "`preprocessing` must be one of"),
    ],
)
def test_arguments_that_cannot_be_meant(arguments, said):
    (case,) = named("vanilla")
    with pytest.raises(ValueError, match=said):
        convert_to_tflite(case.shared(), **{"image_size": (32, 32), **arguments})


def test_a_graph_has_no_variables():
    (case,) = named("blockdrop")
    graph = make_tflite_graph(case.shared(), (32, 32))
    assert not graph.variables
    assert QUANTIZATIONS[0] == "none"


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["sact", "dynconv"])
def test_integers_leave_a_trained_network_its_classes(variant):
    """Of either kind, with its norms ahead of the convolutions and behind them."""
    dataset = open_dataset("shapes")
    model = sact_keras.build_model(
        "vanilla", dataset="shapes", model="1", base_channels=8, variant=variant
    )
    num_steps = 1600  # Half as many are too few from some initial weights.
    rate = keras.optimizers.schedules.CosineDecay(0.1, num_steps)
    model.compile(
        keras.optimizers.SGD(rate, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    batches = dataset.training_batches(32, seed=0, preprocessing=variant)
    model.fit(batches, steps_per_epoch=num_steps, verbose=0)
    images = {
        split: dataset.examples(split).images.numpy()[:1000]
        for split in ("train", "test")
    }
    content = convert_to_tflite(
        model, (32, 32), quantization="int8", calibration_images=images["train"][:200]
    )
    found = TFLiteModel(content)(images["test"])["probabilities"]
    expected = run_in_keras(model, images["test"])["probabilities"]
    agreement = np.mean(np.argmax(found, axis=1) == np.argmax(expected, axis=1))
    accuracy = np.mean(
        np.argmax(expected, axis=1) == dataset.examples("test").labels[:1000]
    )
    assert accuracy > 0.9
    assert agreement >= 0.98
