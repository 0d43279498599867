"""PyTorch's checkpoints that a model does not take: it stays as it was."""

import numpy as np
import pytest
from pytorch_models import (
    AIG,
    DYNCONV,
    NETWORKS,
    VANILLA,
    assert_holds,
    assert_refused,
    build,
    random_state,
    tensors_of,
    write_state,
)
from torch_checkpoint import Running, write_pickle, write_torch

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError


@pytest.fixture(autouse=True)
def torch():
    return pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")


def test_another_depth_names_the_units(tmp_path):
    model = build(**AIG)
    other = build(**AIG | {"model": "2_1_1"})
    path = write_state(tmp_path / "a.pth", random_state(other), prefix="module.")
    error = assert_refused(CheckpointMismatchError, model, path, str(path))
    for names, unit in ((error.missing, "layer2.1."), (error.unexpected, "layer1.1.")):
        assert names
        assert all(name.startswith(unit) for name in names)
    assert "(aig, CIFAR, units 2_1_1) does not fit the model (aig, CIFAR, units 1" in (
        str(error)
    )


def test_another_width_is_told_in_the_layout_of_the_file(tmp_path):
    state = random_state(build(**AIG, base_channels=6))
    state = {n.replace("downsample", "shortcut"): a for n, a in state.items()}
    path = write_state(tmp_path / "a.pth", state)
    error = assert_refused(CheckpointMismatchError, build(**AIG), path)
    assert error.missing == error.unexpected == []
    for entry in (
        ("conv1.weight", (4, 3, 3, 3), (6, 3, 3, 3)),
        ("layer2.0.shortcut.0.weight", (8, 4, 1, 1), (12, 6, 1, 1)),
        ("layer1.0.fc1.weight", (16, 4, 1, 1), (16, 6, 1, 1)),
        ("fc.weight", (10, 16), (10, 24)),
    ):
        assert entry in error.wrong_shapes


def test_another_number_of_classes_names_the_classifier(tmp_path):
    path = write_state(tmp_path / "a.pth", random_state(build(**DYNCONV)))
    error = assert_refused(
        CheckpointMismatchError, build(**DYNCONV, num_classes=3), path
    )
    assert error.wrong_shapes == [
        ("fc.weight", (3, 16), (10, 16)),
        ("fc.bias", (3,), (10,)),
    ]


def test_basic_units_are_told_from_bottlenecks(tmp_path):
    basic = NETWORKS["dynconv on ImageNet"]
    path = write_state(tmp_path / "resnet34.pth", random_state(build(**basic)))
    texts = (
        "(dynconv, ImageNet, basic units 1_2_1_1)",
        "(dynconv, ImageNet, units 1_2_1_1)",
    )
    model = build(**NETWORKS["bottlenecks"])
    assert_refused(CheckpointMismatchError, model, path, *texts)


def test_another_network_is_told_by_a_name(tmp_path):
    state = {f"features.{n}.weight": np.ones(3, "float32") for n in range(3)}
    path = write_torch(tmp_path / "vgg.pth", tensors_of(state))
    error = assert_refused(CheckpointMismatchError, build(**AIG), path)
    assert str(error).splitlines()[-1] == (
        "  its variables have names such as features.0.weight, a ResNet's such as "
        "conv1.weight and layer1.0.conv1.weight: it is of another network"
    )


def test_weights_for_which_pytorch_has_no_name_are_missing(tmp_path):
    vanilla = random_state(build(**VANILLA))
    path = write_state(tmp_path / "a.pth", vanilla)
    model = build(**VANILLA | {"model_type": "act"})
    error = assert_refused(CheckpointMismatchError, model, path, "skip_decisions=True")
    assert all("/halting/" in name for name in error.missing)
    sact_keras.load_checkpoint(model, path, skip_decisions=True)
    assert_holds(model, vanilla)


def test_the_models_of_sact_are_others(tmp_path):
    path = write_state(tmp_path / "a.pth", random_state(build(**AIG)))
    model = build(model_type="sact", model="1_2_1")
    text = "variant 'aig', 'blockdrop' or 'dynconv'. Received: variant='sact'"
    assert_refused(ValueError, model, path, text)


def test_nothing_is_assigned_where_a_tensor_has_no_numbers(tmp_path, torch):
    model = build(**AIG)
    tensors = tensors_of(random_state(model))
    tensors["fc.bias"] = tensors["fc.bias"].to(torch.int64)
    path = write_torch(tmp_path / "a.pth", tensors)
    assert_refused(DamagedFileError, model, path, f"fc.bias in {path}", "torch.int64")


@pytest.mark.parametrize("old", [False, True])
def test_a_checkpoint_never_runs_code(tmp_path, old):
    witness = tmp_path / "has_run"
    evil = {"state_dict": {"conv1.weight": Running(witness)}}
    path = write_pickle(tmp_path / "model_best.pth.tar", evil, old=old)
    assert_refused(DamagedFileError, build(**AIG), path, "io.open", "could run code")
    assert not witness.exists()


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_file_cut_short(tmp_path, old, share):
    model = build(**AIG)
    path = write_state(tmp_path / "model_best.pth.tar", random_state(model), old=old)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    error = assert_refused(DamagedFileError, model, path, str(path))
    assert "\n" not in str(error)
