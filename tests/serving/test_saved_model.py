"""SavedModels, loaded where nothing but TensorFlow is known, beside their models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conformance.registry import ONE_A_METHOD, named, parameters
from exported_networks import draw_pixels

import sact_keras
from sact_keras.models.presets import Architecture, name_architecture
from sact_keras.serving.image_preparation import ImagePreparation
from sact_keras.serving.saved_model import export_saved_model
from sact_keras.visualization import ponder_map_computation

SIZES = [(3, 32, 32), (1, 40, 24)]
COUNTS = ("flops", "num_units", "num_units_map", "executed_units")

# Bars this package and Keras' layers, then runs signatures of a SavedModel.
WITHOUT_THE_PACKAGE = """
import sys
sys.modules["sact_keras"] = None
import numpy as np
import tensorflow as tf

directory, inputs, outputs = sys.argv[1:]
signatures = tf.saved_model.load(directory).signatures
found = {}
for case, images in np.load(inputs).items():
    for name in ("serving_default", "ponder_map", "details"):
        for key, value in signatures[name](images=tf.constant(images)).items():
            found[f"{case}|{name}|{key}"] = value.numpy()
assert not [name for name in sys.modules if name.startswith("sact_keras.")]
np.savez(outputs, **found)
"""


def run_alone(directory, images, tmp_path):
    """The outputs of a process of its own: (case, signature) -> outputs."""
    inputs, outputs = tmp_path / "images.npz", tmp_path / "outputs.npz"
    np.savez(inputs, **images)
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_PACKAGE, directory, inputs, outputs],
        cwd=tmp_path,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    found = {}
    for path, value in np.load(outputs).items():
        case, name, key = path.split("|")
        found.setdefault((case, name), {})[key] = value
    return found


def usual_preparation(model):
    architecture = Architecture(model.num_units, model.unit)
    name = name_architecture(architecture, model.family, model.variant)
    is_photograph = model.family == "imagenet"
    preprocessing = sact_keras.models.presets.default_preprocessing(
        "imagenet" if is_photograph else "cifar10", model.variant, name
    )
    size = (224, 224) if is_photograph else (32, 32)
    return ImagePreparation(model.family, preprocessing, size)


def expected_of(model, images):
    """What the signatures must return, from the model in Keras."""
    outputs = model(usual_preparation(model).normalize(images), training=False)
    maps = ponder_map_computation.complete_maps(outputs)
    probabilities = tf.nn.softmax(outputs["logits"]).numpy()
    classes = np.argsort(-probabilities, axis=1, kind="stable")[:, :5]
    return {
        "serving_default": {
            "probabilities": probabilities,
            "classes": classes,
            "scores": np.take_along_axis(probabilities, classes, axis=1),
            "flops": maps["flops"],
            "num_units": maps["num_units_map"].mean(axis=(1, 2), dtype="float32"),
        },
        "ponder_map": {k: maps[k] for k in ("ponder_cost_map", "num_units_map")},
        "details": {k: v for k, v in maps.items() if k != "logits"}
        | {"probabilities": probabilities},
    }


def assert_equal_outputs(found, expected):
    for key, value in expected.items():
        if key.endswith("/ponder_cost") and key not in found:
            continue  # Where there is none, its maps are those of units.
        tolerance = 1e-6 if key.endswith(COUNTS) else 1e-4
        assert found[key].shape == value.shape, key
        np.testing.assert_allclose(
            found[key], value, rtol=tolerance, atol=tolerance, err_msg=key
        )


def check_alone(model, directory, sizes, tmp_path):
    images = {"x".join(map(str, size)): draw_pixels(*size) for size in sizes}
    found = run_alone(directory, images, tmp_path)
    assert len(found) == 3 * len(sizes)
    for case, pixels in images.items():
        for name, expected in expected_of(model, pixels).items():
            assert_equal_outputs(found[case, name], expected)


FAST = named("aig")


@pytest.mark.parametrize("case", parameters(FAST))
def test_compact(case, exported, tmp_path):
    check_alone(case.shared(), exported(case.name), SIZES, tmp_path)


@pytest.mark.parametrize("case", parameters(FAST))
def test_masked(case, tmp_path):
    directory = export_saved_model(case.shared(), tmp_path, execution="masked")
    check_alone(case.shared(), directory, SIZES, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", ONE_A_METHOD, ids=str)
@pytest.mark.parametrize("execution", ["compact", "masked"])
def test_large_batches(case, execution, tmp_path):
    directory = export_saved_model(case.shared(), tmp_path, execution=execution)
    check_alone(case.shared(), directory, [(32, 32, 32), (3, 64, 48)], tmp_path)


@pytest.mark.parametrize("case", parameters(FAST, ONE_A_METHOD))
def test_budgets(case, exported):
    signatures = tf.saved_model.load(exported(case.name)).signatures
    images = draw_pixels(4, 32, 32)
    default = signatures["serving_default"](images=tf.constant(images))
    flops = []
    for budget in (0.0, 0.3, 1.0, 4.0, np.inf):
        outputs = signatures["serve_with_budget"](
            images=tf.constant(images), compute_budget=tf.fill([4], budget)
        )
        flops.append(outputs["flops"].numpy())
        if budget == 1:
            for key, value in default.items():
                np.testing.assert_array_equal(outputs[key], value, err_msg=key)
    assert (np.diff(flops, axis=0) >= 0).all()
    if case.decides:
        assert flops[0].sum() < flops[-1].sum()
    # A batch may be of many budgets; an image's result depends on its own alone.
    mixed = signatures["serve_with_budget"](
        images=tf.constant(images), compute_budget=tf.constant([0.0, 1.0, 4.0, 0.3])
    )
    expected = [flops[0][0], flops[2][1], flops[3][2], flops[1][3]]
    np.testing.assert_array_equal(mixed["flops"], expected)


@pytest.mark.fast_with("budget0-*", "budget3-*")
@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ([1.0], "one number for each image"),
        ([1.0] * 3, "one number for each image"),
        ([1.0, -0.1], "at least 0"),
        ([np.nan, 1.0], "at least 0"),
    ],
)
def test_refused_budgets(budget, said, exported):
    serve = tf.saved_model.load(exported("aig")).signatures["serve_with_budget"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"compute_budget.*{said}"):
        serve(
            images=tf.constant(draw_pixels(2, 32, 32)),
            compute_budget=tf.constant(budget),
        )


def test_files_are_served_as_their_pixels(exported):
    signatures = tf.saved_model.load(exported("aig")).signatures
    images = draw_pixels(3, 32, 32)
    files = tf.stack([tf.io.encode_png(image.astype("uint8")) for image in images])
    expected = signatures["serving_default"](images=tf.constant(images))
    budget = tf.ones(3)
    for found in (
        signatures["serve_bytes"](image_bytes=files),
        signatures["serve_bytes_with_budget"](image_bytes=files, compute_budget=budget),
    ):
        for key, value in expected.items():
            np.testing.assert_allclose(found[key], value, rtol=1e-5, err_msg=key)


def test_overlays_have_the_images_sizes(exported):
    draw = tf.saved_model.load(exported("aig")).signatures["ponder_map_bytes"]
    sizes = [(32, 32), (500, 7), (20, 400)]
    files = [
        tf.io.encode_jpeg(draw_pixels(1, *size)[0].astype("uint8")) for size in sizes
    ]
    found = draw(image_bytes=tf.stack(files))["heatmap_bytes"].numpy()
    assert [tf.io.decode_png(png).shape[:2] for png in found] == sizes


def test_what_lies_beside(tmp_path):
    model = sact_keras.build_model("vanilla", model="1", base_channels=4)
    path = export_saved_model(
        model, tmp_path / "new", 4, dataset="cifar10", top_k=3, card={"step": 7}
    )
    assert path == str(tmp_path / "new" / "4")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["4"]
    labels = Path(path, "assets", "labels.txt").read_text().split()
    assert labels[0] == "airplane"
    assert len(labels) == 10
    card = json.loads(Path(path, "model_card.json").read_text())
    assert card["data"]["preprocessing"] == "sact"
    assert {"serving_default", "details"} <= set(card["signatures"])
    loaded = tf.saved_model.load(path)
    serve = loaded.signatures["serving_default"]
    assert serve(images=tf.zeros((1, 32, 32, 3)))["classes"].shape == (1, 3)


def test_classes_without_names_have_their_numbers(tmp_path):
    model = sact_keras.build_model("vanilla", model="1", base_channels=4, num_classes=3)
    path = export_saved_model(model, tmp_path)
    assert Path(path, "assets", "labels.txt").read_text() == "0\n1\n2\n"
    card = json.loads(Path(path, "model_card.json").read_text())
    assert card["data"]["classes"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"execution": "sparse"}, "execution must be one of compact, masked"),
        ({"dataset": "mnist"}, "dataset must be one of"),
        ({"preprocessing": "none"}, "preprocessing"),
        ({"labels": ["cat"]}, "labels must be the names of the model's 10"),
        ({"top_k": 0}, "top_k must be at least 1"),
        ({"ponder_image_size": 0}, "ponder_image_size must be at least 1"),
        ({"version": 0}, "version must be a whole number"),
        ({"image_size": 0}, "image_size must be"),
    ],
)
def test_refused_arguments(arguments, said, tmp_path):
    model = sact_keras.build_model("vanilla", model="1", base_channels=4)
    with pytest.raises(ValueError, match=said) as raised:
        export_saved_model(model, tmp_path, **arguments)
    assert "Received: " in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_another_kind_of_model(tmp_path):
    with pytest.raises(TypeError, match="Received: object"):
        export_saved_model(object(), tmp_path)
