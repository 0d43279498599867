"""The networks that come with the package are what their files say."""

import json

import h5py
import numpy as np
import pytest

import sact_keras
from sact_keras.accounting import count_flops
from sact_keras.data import open_dataset
from sact_keras.pretrained import pretrained_directory, pretrained_names
from sact_keras.training.command_line import main

NAMES = pretrained_names()
ON_CIFAR = [name for name in NAMES if name.startswith("cifar10_")]
MAX_BYTES = 2_000_000


def read(name, file):
    return json.loads((pretrained_directory(name) / file).read_text())


def test_methods_of_the_networks():
    methods = {read(name, "metrics.json")["model_type"] for name in NAMES}
    assert methods >= {"vanilla", "sact", "aig", "dynconv", "blockdrop"}


@pytest.mark.parametrize("name", NAMES)
def test_files(name):
    directory = pretrained_directory(name)
    assert (directory / "model.weights.h5").stat().st_size <= MAX_BYTES
    config, metrics = read(name, "config.json"), read(name, "metrics.json")
    assert metrics["checkpoint"] == name
    assert metrics["dataset"] == name.partition("_")[0]
    assert metrics["num_examples"] == (10_000 if name in ON_CIFAR else 2_000)
    assert metrics["preprocessing"] == config["flags"]["preprocessing"]
    assert metrics["step"] == config["flags"]["max_number_of_steps"]
    # Nothing of the machine that it was trained on is asked for.
    assert config["flags"]["dataset_dir"] is None
    for command in config["made_by"]:
        (flagfile,) = [p for p in command.split() if p.startswith("--flagfile=")]
        assert flagfile.startswith("--flagfile=configs/")


@pytest.mark.parametrize("name", NAMES)
def test_it_loads(name):
    model = sact_keras.load_pretrained(name)
    config = read(name, "config.json")["flags"]
    assert model.model_type == config["model_type"]
    assert model.num_classes == 10
    with h5py.File(pretrained_directory(name) / "model.weights.h5") as file:
        kinds = set()
        file.visititems(
            lambda key, item: (
                kinds.add((item.ndim >= 2, item.dtype.name))
                if isinstance(item, h5py.Dataset) and item.dtype.kind == "f"
                else None
            )
        )
    assert kinds == {(True, "float16"), (False, "float32")}
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    outputs = model(images)
    assert outputs["logits"].shape == (2, 10)
    assert np.all(np.isfinite(outputs["logits"]))
    if model.model_type == "vanilla":
        whole = count_flops(model, (32, 32))["total"]
        assert read(name, "metrics.json")["values"]["Total Flops/mean"] == whole


def test_a_name_that_there_is_not():
    with pytest.raises(ValueError, match=r"cifar10_sact_resnet32.*did you mean"):
        sact_keras.load_pretrained("cifar10_sact_resnet23")


def evaluate(name, directory, *flags):
    code = main(
        [
            "main.py",
            "--mode=eval",
            f"--checkpoint_dir={pretrained_directory(name)}",
            f"--eval_dir={directory}",
            *flags,
        ]
    )
    assert code == 0
    return json.loads((directory / "eval.json").read_text())["values"]


def assert_reproduced(found, expected, num_examples):
    """As exact as rounding on another processor leaves it: an image or two."""
    assert found.keys() == expected.keys()
    images = num_examples * abs(found["eval/Accuracy"] - expected["eval/Accuracy"])
    assert images < 2.5
    for key in ("Total Flops/mean", "Total Flops/std", "eval/Cross_Entropy"):
        assert found[key] == pytest.approx(expected[key], rel=1e-3, abs=1), key


@pytest.mark.parametrize("name", ON_CIFAR)
def test_evaluation_of_1000_images(name, shared_dir, tmp_path, project_root):
    expected = json.loads(
        (project_root / "tests/pretrained/slim_1000.json").read_text()
    )[name]
    data = shared_dir / "data" / "slim" / "cifar10"
    found = evaluate(name, tmp_path, f"--dataset_dir={data}")
    assert_reproduced(found, expected, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_CIFAR)
def test_evaluation_of_the_test_split(name, shared_dir, tmp_path):
    data = shared_dir / "data" / "tfds"
    found = evaluate(name, tmp_path, f"--dataset_dir={data}")
    assert_reproduced(found, read(name, "metrics.json")["values"], 10_000)


def test_evaluation_of_the_built_in_shapes(tmp_path):
    name = "shapes_sact_resnet32"
    found = evaluate(name, tmp_path)
    assert_reproduced(found, read(name, "metrics.json")["values"], 2_000)


def test_sact_ponders_longer_over_objects_than_beside_them():
    """Of the built-in shapes it is known where the object is."""
    model = sact_keras.load_pretrained("shapes_sact_resnet32")
    dataset = open_dataset("shapes")
    images, _ = next(iter(dataset.evaluation_batches(512)))
    maps = np.asarray(model(images)["ponder_cost_map"])
    objects = np.asarray(dataset.object_masks("test"))[:512].astype(bool)
    assert maps[objects].mean() >= 1.3 * maps[~objects].mean()
