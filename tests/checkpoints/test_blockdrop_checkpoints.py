"""BlockDrop's checkpoints in our models, and ours of its networks."""

import numpy as np
import pytest
from blockdrop_checkpoint import policy_of, resnet_of, write_blockdrop
from pytorch_models import (
    AIG,
    IMAGENET,
    assert_holds,
    assert_refused,
    build,
    random_state,
    values_of,
    write_state,
)
from torch_checkpoint import CONTAINERS, Running, write_pickle

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.squeeze import squeeze_checkpoint

CIFAR = {"model_type": "blockdrop", "model": "1_2_1"}
NETWORKS = pytest.mark.parametrize(
    "network",
    [CIFAR, CIFAR | IMAGENET | {"model": "1_2_1_1"}],
    ids=["cifar", "imagenet"],
)


@pytest.fixture(autouse=True)
def torch():
    return pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")


@CONTAINERS
@pytest.mark.parametrize(("entry", "prefix"), [("resnet", ""), ("net", "module.")])
@NETWORKS
def test_both_networks_are_read(tmp_path, network, entry, prefix, old):
    model = build(**network)
    state = random_state(model)
    path = write_blockdrop(
        tmp_path / "ckpt_E_40.t7", state, network=entry, prefix=prefix, old=old
    )
    sact_keras.load_checkpoint(model, path)
    assert_holds(model, state)


@NETWORKS
def test_shortcuts_of_segments_are_those_of_their_first_units(tmp_path, network):
    model = build(**network)
    state = random_state(model)
    path = write_blockdrop(tmp_path / "a.t7", state)
    sact_keras.load_checkpoint(model, path)
    shortcuts = [block.units[0].shortcut for block in model.blocks]
    if model.family == "cifar":
        assert not any(hasattr(shortcut, "kernel") for shortcut in shortcuts)
        return
    for number, shortcut in enumerate(shortcuts, start=1):
        kernel = state[f"layer{number}.0.downsample.0.weight"]
        np.testing.assert_array_equal(shortcut.kernel[0, 0], kernel[:, :, 0, 0].T)


def test_a_policy_is_free_to_decide_about_all_units(tmp_path):
    model = build(**CIFAR)
    path = write_blockdrop(tmp_path / "ckpt_E_40.t7", random_state(model))
    model.policy.free_units.assign(1)
    sact_keras.load_checkpoint(model, path, skip_decisions=True)
    assert float(model.policy.free_units) == 1
    sact_keras.load_checkpoint(model, path, only_decisions=True)
    assert float(model.policy.free_units) == 4


@CONTAINERS
@pytest.mark.parametrize(("wrap", "prefix"), [(True, "module."), (False, "")])
@NETWORKS
def test_a_pretrained_resnet_and_a_policy_make_the_network(
    tmp_path, network, wrap, prefix, old
):
    model = build(**network)
    state = random_state(model)
    fresh = policy_of(values_of(model))
    pretrained = write_state(
        tmp_path / "pk.t7", resnet_of(state), wrap=wrap, prefix=prefix, old=old
    )
    sact_keras.load_checkpoint(model, pretrained, skip_decisions=True)
    assert_holds(model, resnet_of(state) | fresh)
    curriculum = write_blockdrop(tmp_path / "ckpt.t7", policy_of(state), old=old)
    sact_keras.load_checkpoint(model, curriculum, only_decisions=True)
    assert_holds(model, state)


@NETWORKS
def test_the_resnet_of_a_checkpoint_starts_a_model_without_a_policy(tmp_path, network):
    state = random_state(build(**network))
    path = write_blockdrop(tmp_path / "ckpt_E_40.t7", state)
    for arguments in (
        {"stage": "pretrain"},
        {"model_type": "vanilla", "variant": "blockdrop"},
    ):
        model = build(**network | arguments)
        sact_keras.load_checkpoint(model, path, skip_decisions=True)
        assert_holds(model, resnet_of(state))


@pytest.mark.parametrize("skip_decisions", [False, True])
def test_a_policy_alone_never_leaves_a_random_resnet(tmp_path, skip_decisions):
    model = build(**CIFAR)
    path = write_blockdrop(tmp_path / "ckpt_E_30.t7", policy_of(random_state(model)))
    said = (
        "skip_decisions=True loads all but the layers that decide, and the checkpoint "
        "has nothing else"
        if skip_decisions
        else "the checkpoint holds a policy network alone: first load a ResNet, with "
        "skip_decisions=True, then this one with only_decisions=True (--policy_path)"
    )
    error = assert_refused(
        CheckpointMismatchError, model, path, said, skip_decisions=skip_decisions
    )
    assert sorted(error.missing) == sorted(resnet_of(values_of(model)))
    assert error.unexpected == []


@pytest.mark.parametrize("whole", [True, False])
def test_a_policy_for_another_number_of_units(tmp_path, whole):
    state = random_state(build(**CIFAR | {"model": "2_2_2"}))
    path = write_blockdrop(tmp_path / "a.t7", state if whole else policy_of(state))
    said = "the policy network decides about 6 residual units, the model has 4"
    error = assert_refused(CheckpointMismatchError, build(**CIFAR), path, said)
    assert ("agent.logit.bias", (4,), (6,)) in error.wrong_shapes
    if whole:
        assert "(blockdrop, CIFAR, units 2_2_2) does not fit the model (blockdrop" in (
            str(error)
        )
        assert "blocks.0.1.conv1.weight" in error.unexpected
    assert_refused(
        CheckpointMismatchError, build(**CIFAR), path, said, only_decisions=True
    )


def test_our_policies_for_another_number_of_units(tmp_path):
    path = tmp_path / "a.weights.h5"
    build(**CIFAR | {"model": "2_2_2"}).save_weights(path)
    said = "the policy network decides about 6 residual units, the model has 4"
    assert_refused(CheckpointMismatchError, build(**CIFAR), path, said)


@pytest.mark.parametrize(
    ("arguments", "way_out"),
    [
        ({"stage": "pretrain"}, True),
        ({"model_type": "vanilla", "variant": "blockdrop"}, True),
        # Its shortcuts are convolutions, so that not even the ResNet fits.
        ({"model_type": "aig"}, False),
    ],
)
def test_a_model_without_a_policy(tmp_path, arguments, way_out):
    state = random_state(build(**CIFAR))
    model = build(**CIFAR | arguments)
    for content in (state, policy_of(state)):
        path = write_blockdrop(tmp_path / "ckpt_E_40.t7", content)
        text = str(assert_refused(CheckpointMismatchError, model, path))
        assert "the checkpoint holds a policy network, the model has none" in text
        assert ("or skip_decisions=True" in text) == (way_out and content is state)
    said = "only_decisions=True loads the layers that decide, and the model has none"
    if way_out:
        assert_refused(CheckpointMismatchError, model, path, said, only_decisions=True)


def test_a_checkpoint_without_a_policy(tmp_path):
    model = build(**CIFAR)
    path = write_state(tmp_path / "pk.t7", resnet_of(random_state(model)))
    said = (
        "the checkpoint holds no policy network, the model has one: to start one, pass "
        "skip_decisions=True"
    )
    error = assert_refused(CheckpointMismatchError, model, path, said)
    assert sorted(error.missing) == sorted(policy_of(values_of(model)))
    said = "only_decisions=True loads the layers that decide, and the checkpoint has"
    assert_refused(CheckpointMismatchError, model, path, said, only_decisions=True)


def test_another_originals_resnet_is_told_by_its_shortcuts(tmp_path):
    path = write_state(tmp_path / "a.pth", random_state(build(**AIG)))
    error = assert_refused(
        CheckpointMismatchError, build(**CIFAR), path, skip_decisions=True
    )
    assert error.missing == error.wrong_shapes == []
    assert all(".downsample." in name for name in error.unexpected)


@CONTAINERS
def test_a_checkpoint_never_runs_code(tmp_path, old):
    witness = tmp_path / "has_run"
    evil = {"agent": {"logit.weight": Running(witness)}}
    path = write_pickle(tmp_path / "ckpt_E_40.t7", evil, old=old)
    assert_refused(DamagedFileError, build(**CIFAR), path, "could run code")
    assert not witness.exists()


@CONTAINERS
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_file_cut_short(tmp_path, old, share):
    model = build(**CIFAR)
    path = write_blockdrop(tmp_path / "ckpt_E_40.t7", random_state(model), old=old)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    error = assert_refused(DamagedFileError, model, path, str(path))
    assert "\n" not in str(error)


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_our_files_keep_how_many_units_are_free(tmp_path, suffix):
    source, target = build(**CIFAR), build(**CIFAR)
    state = random_state(source)
    sact_keras.load_checkpoint(source, write_blockdrop(tmp_path / "a.t7", state))
    source.policy.free_units.assign(3)
    path = tmp_path / f"model{suffix}"
    source.save(path) if suffix == ".keras" else source.save_weights(path)
    sact_keras.load_checkpoint(target, path)
    assert_holds(target, state)
    assert float(target.policy.free_units) == 3
    target.set_weights([0 * weight for weight in target.get_weights()])
    sact_keras.load_checkpoint(target, path, only_decisions=True)
    assert_holds(target, {n: 0 * a for n, a in state.items()} | policy_of(state))
    assert float(target.policy.free_units) == 3


def test_squeezing_makes_a_file_of_ours(tmp_path):
    model = build(**CIFAR)
    state = random_state(model)
    path = write_blockdrop(tmp_path / "ckpt_E_40.t7", state)
    squeeze_checkpoint(build(**CIFAR), path, tmp_path / "small.weights.h5")
    sact_keras.load_checkpoint(model, tmp_path / "small.weights.h5")
    assert_holds(model, state)
