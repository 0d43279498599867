"""The exporters, with a network that was trained on a folder of images."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from folder_on_disk import CLASS_NAMES, smooth_image, stored_as_held, write_folder
from training.tiny_training import tiny_options

from export.checkpoint_network import load_checkpoint_network
from export.ponder_maps import PONDER_MAPS
from export.saved_model import SAVED_MODEL, SavedModelOptions
from export.tflite import TFLITE
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.data import ImageDataset, open_dataset
from sact_keras.models import AdaptiveResNet
from sact_keras.training.build import build_for_training
from sact_keras.training.run_config import RunConfig
from sact_keras.training.usage_error import UsageError
from sact_keras.visualization import read_ponder_maps

SIDE = 24


@dataclasses.dataclass(frozen=True)
class Trained:
    """A run on a folder, as a training leaves it."""

    flowers: Path
    directory: Path
    dataset: ImageDataset
    model: AdaptiveResNet


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    flowers = write_folder(root / "flowers")
    # A photograph, wide, of a camera that was held upright.
    photograph = stored_as_held(smooth_image(5, 90, 61), 6, quality=95)
    (flowers / "test/rose/photograph.jpg").write_bytes(photograph)
    options = tiny_options(
        root / "run",
        dataset="folder",
        dataset_dir=str(flowers),
        image_size=SIDE,
        model="1_2_1",
        base_channels=4,
    )
    dataset = open_dataset("folder", str(flowers), image_size=SIDE)
    model = build_for_training(options, dataset)
    (root / "run").mkdir()
    RunConfig.of(options, dataset.class_names).write(root / "run")
    CheckpointStore(root / "run" / "checkpoints").save(model, 3)
    return Trained(flowers, root / "run", dataset, model)


@pytest.fixture
def run(capsys):
    """A function from a program and its flags to (exit code, output, errors)."""

    def start(program, *flags):
        code = program([program.name, *map(str, flags)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return start


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    """The SavedModel's directory; it was made where the folder is not at hand."""
    directory = tmp_path_factory.mktemp("exports")
    flags = (f"--checkpoint_dir={trained.directory}", f"--export_dir={directory}")
    flags += ("--execution=masked", "--ponder_image_size=32")
    moved = trained.flowers.rename(trained.flowers.with_name("moved"))
    try:
        assert SAVED_MODEL(["export.saved_model", *flags]) == 0
    finally:
        moved.rename(trained.flowers)
    return directory / "1"


@pytest.fixture(scope="module")
def signatures(exported):
    """The SavedModel's, loaded once."""
    module = tf.saved_model.load(exported)
    yield module.signatures
    del module


def files_of(trained):
    """The test split's files, in the order of its evaluation."""
    return [path for path, _ in trained.dataset._files.splits["test"]]


def test_a_saved_model_names_the_folders(exported):
    assert (exported / "assets" / "labels.txt").read_text() == "daisy\nrose\ntulip\n"
    card = json.loads((exported / "model_card.json").read_text())
    assert card["data"] == {
        "dataset": "folder",
        "preprocessing": "sact",
        "image_size": [SIDE, SIDE],
        "num_classes": 3,
        "classes": list(CLASS_NAMES),
    }


def test_files_are_served_as_they_are_evaluated(trained, signatures):
    """Those of cameras, too, which are wide and lie on their side."""
    ((images, _),) = trained.dataset.evaluation_batches(7)
    logits = trained.model(images, training=False)["logits"]
    files = tf.constant([path.read_bytes() for path in files_of(trained)])
    served = signatures["serve_bytes"](image_bytes=files)
    np.testing.assert_allclose(
        served["probabilities"], tf.nn.softmax(logits), atol=1e-5
    )
    # Random weights tell the images apart, or this would say nothing.
    assert np.ptp(served["probabilities"], axis=0).max() > 1e-3


def test_overlays_are_upright(signatures):
    files = tf.constant([stored_as_held(smooth_image(6, 50, 30), 8)])
    (overlay,) = signatures["ponder_map_bytes"](image_bytes=files)["heatmap_bytes"]
    assert tf.io.decode_png(overlay).shape == (30, 50, 3)


def test_a_checkpoint_of_no_run_has_the_folders_names(trained, tmp_path):
    path = tmp_path / "moved.weights.h5"
    trained.model.save_weights(path)
    options = SavedModelOptions(
        dataset="folder",
        model_type="sact",
        model="1_2_1",
        base_channels=4,
        checkpoint_dir=str(path),
    )
    with pytest.raises(UsageError, match="needs --dataset_dir for a checkpoint that d"):
        load_checkpoint_network(options)
    network = load_checkpoint_network(options.replace(dataset_dir=str(trained.flowers)))
    assert network.class_names == CLASS_NAMES
    assert network.model.num_classes == 3


def test_a_folder_of_more_classes_is_another(trained, run, tmp_path):
    path = tmp_path / "moved.keras"
    trained.model.save(path)
    other = write_folder(tmp_path / "other", ("train",), ("a", "b", "c", "d"))
    flags = (f"--checkpoint_dir={path}", f"--export_dir={tmp_path}/exports")
    flags += ("--dataset=folder", f"--dataset_dir={other}")
    code, _, errors = run(SAVED_MODEL, *flags)
    assert code == 1
    assert "as many classes as the network, 3. Received: 4" in errors


@pytest.mark.parametrize("kind", ["checkpoint", "saved model"])
def test_ponder_maps(trained, exported, run, tmp_path, kind):
    source = (f"--checkpoint_dir={trained.directory}", "--execution=masked")
    if kind == "saved model":
        source = (f"--saved_model={exported}", f"--dataset_dir={trained.flowers}")
    code, _, errors = run(
        PONDER_MAPS,
        *(*source, f"--output_dir={tmp_path}", "--split_name=test"),
        *(f"--images_pattern={trained.flowers}/test/rose/*", "--image_size=40"),
    )
    assert code == 0, errors
    maps = read_ponder_maps(tmp_path / "folder_test_ponder.h5")
    assert maps["ponder_cost_map"].shape == (7, SIDE, SIDE)
    labels = trained.dataset.examples("test").labels
    np.testing.assert_array_equal(maps["labels"], labels)
    # Not cropped, but upright: at its own shape.
    (photograph,) = read_ponder_maps(tmp_path / "photograph_ponder.h5")["pixels"]
    assert photograph.shape == (27, 40, 3)
    report = (tmp_path / "report.html").read_text()
    assert all(name in report for name in CLASS_NAMES)


def test_a_tensorflow_lite_file(trained, run, tmp_path):
    path = tmp_path / "flowers.tflite"
    code, printed, errors = run(
        TFLITE,
        *(f"--checkpoint_dir={trained.directory}", f"--tflite_path={path}"),
        "--quantization=none",
    )
    assert code == 0, errors
    assert "tflite/Agreement[1]" in printed
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["data"]["classes"] == list(CLASS_NAMES)
    assert card["tflite"]["inputs"]["images"]["shape"] == [1, SIDE, SIDE, 3]
