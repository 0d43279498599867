"""Checkpoints cut short at any byte: refused by name, and trained on from before."""

import random
import re
import shutil

import keras
import numpy as np
import pytest
from forked_programs import ForkedPrograms
from left_behind import arrays_of_run, check_same, check_sentence
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.checkpoints import pytorch_names
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.sact_names import named_variables
from sact_keras.checkpoints.store import CheckpointStore

pytestmark = pytest.mark.torture

ENDS = 300
"""Bytes at the beginning and at the end of a file at each of which it is cut."""

DRAWN = 400
"""Further places, drawn at random."""

TRAINING = (
    *("main.py", "--dataset=shapes", "--model_type=vanilla", "--model=1"),
    *("--base_channels=4", "--batch_size=8", "--eval_batch_size=24", "--mode=train"),
    *("--max_number_of_steps=8", "--eval_interval_steps=4", "--save_interval_secs=0"),
)


def lengths(content):
    """Where to cut: both ends byte by byte, where parts begin, and at random."""
    size = len(content)
    starts = {
        match.start() for match in re.finditer(rb"PK[\x01-\x08]{2}|SNOD|TREE", content)
    }
    around = {start + offset for start in starts for offset in (-1, 0, 1)}
    drawn = random.Random(size).sample(range(size), min(DRAWN, size))
    ends = {*range(ENDS), *range(size - ENDS, size)}
    return sorted(
        {length for length in ends | around | set(drawn) if 0 <= length < size}
    )


def own_weights(model, directory):
    path = directory / "model.weights.h5"
    model.save_weights(path)
    return path, path


def own_network(model, directory):
    path = directory / "model.keras"
    model.save(path)
    return path, path


def slim(version, suffix):
    def write(model, directory):
        arrays = {
            name: np.random.default_rng(0).standard_normal(shape.shape, np.float32)
            for name, shape in named_variables(model)
        }
        prefix = write_slim_checkpoint(directory, arrays, version=version)
        return directory / f"{directory.joinpath(prefix).name}{suffix}", directory

    return write


def torch_file(old):
    def write(model, directory):
        torch = pytest.importorskip("torch", reason="PyTorch reads PyTorch's files")
        state = {
            name: torch.ones(stored.shape)
            for name, stored in pytorch_names.named_variables(model)
        }
        path = directory / "model.pth"
        torch.save(state, path, _use_new_zipfile_serialization=not old)
        return path, path

    return write


FORMATS = {
    "weights_h5": (own_weights, "sact"),
    "keras": (own_network, "sact"),
    "tf_index": (slim(2, ".index"), "sact"),
    "tf_data": (slim(2, ".data-00000-of-00001"), "sact"),
    "tf_version_1": (slim(1, ""), "sact"),
    "torch_zip": (torch_file(old=False), "aig"),
    "torch_old": (torch_file(old=True), "aig"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_anywhere_is_refused(tmp_path, survived, kind):
    write, model_type = FORMATS[kind]
    model = sact_keras.build_model(model_type, model="1", base_channels=4)
    file, path = write(model, tmp_path)
    content = file.read_bytes()
    sact_keras.load_checkpoint(model, path)
    before = model.get_weights()
    for length in lengths(content):
        file.write_bytes(content[:length])
        with pytest.raises(DamagedFileError) as caught:
            sact_keras.load_checkpoint(model, path)
        message = str(caught.value)
        assert file.name.removesuffix(".index") in message, message
        assert len(message) < 1000, message
        survived("checkpoints cut short that load_checkpoint refused")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    file.write_bytes(content)
    sact_keras.load_checkpoint(model, path)


@pytest.mark.parametrize("name", ["checkpoint.json", "model.weights.h5"])
def test_the_one_before_takes_its_place(tmp_path, caplog, survived, name):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    store = CheckpointStore(tmp_path)
    for step in (1, 2):
        latest = store.save(model, step)
    file = latest.path / name
    content = file.read_bytes()
    before = model.get_weights()
    # Every byte of the index, and of the weights as many as elsewhere.
    every = name == "checkpoint.json"
    for length in range(len(content)) if every else lengths(content):
        file.write_bytes(content[:length])
        caplog.clear()
        assert store.latest().step == 1
        assert f"{latest.path} is damaged: {name}" in caplog.text
        with pytest.raises(DamagedFileError, match=f"{latest.path} is damaged"):
            sact_keras.load_checkpoint(model, latest.path)
        survived("checkpoints of a run cut short: the one before was taken")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    file.write_bytes(content)
    assert store.latest().step == 2


@pytest.fixture(scope="module")
def programs(project_root):
    with ForkedPrograms(project_root) as started:
        yield started


@pytest.fixture(scope="module")
def undisturbed(programs, tmp_path_factory):
    return programs.train(TRAINING, tmp_path_factory.mktemp("undisturbed") / "run")


@pytest.mark.parametrize(
    ("name", "share", "number", "step"),
    [
        ("model.weights.h5", 0.99, 1, 7),
        ("model.weights.h5", 0.3, 2, 6),
        ("model.weights.h5", 0, 3, 4),  # The best is kept besides the latest three.
        ("checkpoint.json", 0.999, 1, 7),
        ("checkpoint.json", 0, 2, 6),
    ],
)
def test_a_training_goes_on_from_the_one_before(
    programs, undisturbed, tmp_path, survived, name, share, number, step
):
    """From the one before that, too, if need be: so many of the latest are cut."""
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run, symlinks=True)
    cut = sorted((run / "checkpoints").glob("step-*"))[-number:]
    for path in cut:
        size = (path / name).stat().st_size
        with (path / name).open("r+b") as file:
            file.truncate(int(share * size))
    refused = programs("main.py", "--mode=eval", f"--checkpoint_dir={cut[-1]}")
    check_sentence(refused, f"checkpoint {cut[-1]} is damaged: {name}")
    assert refused.out == ""
    finished = programs(*TRAINING, f"--train_log_dir={run}")
    assert finished.code == 0, finished.err
    assert f"{cut[-1]} is damaged: {name}" in finished.err
    assert f"Going on from step {step}:" in finished.err
    check_same(arrays_of_run(run), arrays_of_run(undisturbed))
    survived("runs with their latest checkpoints cut short: the same weights", number)
