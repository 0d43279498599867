"""What PyTorch's files hold: state dictionaries, of one network or of two."""

import collections

import numpy as np
import pytest
from torch_checkpoint import CONTAINERS, write_pickle, write_torch

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.pytorch_state import read_state_dict, to_array


@pytest.fixture(autouse=True)
def torch():
    return pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")


@pytest.fixture
def state(torch):
    tensors = {"conv1.weight": torch.ones(4, 3, 1, 1), "fc.bias": torch.arange(5.0)}
    return collections.OrderedDict(tensors)


@pytest.fixture
def policy(torch):
    tensors = {"features.conv1.weight": torch.zeros(2), "logit.bias": torch.ones(3)}
    return collections.OrderedDict(tensors)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(to_array(found[name]), tensor.numpy())


def behind(prefix, state):
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


def assert_refused(path, received):
    with pytest.raises(DamagedFileError) as caught:
        read_state_dict(path)
    assert str(caught.value) == (
        f"{path} must hold a state dictionary, by itself, as 'state_dict', or as "
        f"BlockDrop's 'agent' and 'resnet'. Received: {received}"
    )


@CONTAINERS
def test_both_layouts_are_read(tmp_path, state, old):
    bare = write_torch(tmp_path / "resnet18.pth", state, old=old)
    training = {"epoch": 3, "best_prec1": 91.25, "arch": "resnet", "optimizer": {}}
    wrapped = write_torch(tmp_path / "b", {**training, "state_dict": state}, old=old)
    for path in (bare, str(bare), wrapped):
        assert_same(read_state_dict(path), state)


@CONTAINERS
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("network", ["resnet", "net"])
def test_both_networks_of_blockdrop_are_read(
    tmp_path, state, policy, network, prefix, old
):
    content = {"agent": behind(prefix, policy), network: state, "epoch": 40, "acc": 0.9}
    path = write_torch(tmp_path / "ckpt_E_40.t7", content, old=old)
    assert_same(read_state_dict(path), {**state, **behind("agent.", policy)})


@CONTAINERS
def test_a_policy_alone_is_read(tmp_path, policy, old):
    """A checkpoint of the curriculum, in which the ResNet is frozen."""
    content = {"agent": policy, "epoch": 30, "reward": -1.9}
    path = write_torch(tmp_path / "ckpt_E_30.t7", content, old=old)
    assert_same(read_state_dict(path), behind("agent.", policy))


@pytest.mark.parametrize("wrap", [True, False])
def test_the_prefix_of_parallel_training_is_taken_off(tmp_path, state, wrap):
    parallel = behind("module.", state)
    content = {"state_dict": parallel} if wrap else parallel
    assert_same(read_state_dict(write_torch(tmp_path / "a.pth", content)), state)


def test_a_prefix_that_not_all_names_have_is_part_of_them(tmp_path, state):
    state["module.fc.weight"] = state.pop("conv1.weight")
    assert_same(read_state_dict(write_torch(tmp_path / "a.pth", state)), state)


@CONTAINERS
@pytest.mark.parametrize("named", ["float16", "bfloat16", "float64", "float32"])
def test_every_precision_becomes_float32(tmp_path, torch, old, named):
    values = torch.tensor([[1.0, -0.5], [0.0, 2.0**-14]])
    tensor = torch.nn.Parameter(values.to(getattr(torch, named)))
    path = write_torch(tmp_path / "a.pth", {"w": tensor}, old=old)
    array = to_array(read_state_dict(path)["w"])
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, values.numpy())


def test_values_that_are_no_numbers_of_a_weight(torch):
    integers = torch.arange(3)
    for tensor, text in (
        (integers, "torch.int64"),
        (torch.ones(2, 2).to_sparse(), "Sparse"),
        (torch.ones(2, device="meta"), "meta"),
    ):
        with pytest.raises(ValueError, match=text):
            to_array(tensor)


@CONTAINERS
@pytest.mark.parametrize(
    ("content", "received"),
    [
        ([1, 2], "a list"),
        (7, "a int"),
        ({}, "an empty dictionary"),
        ({"epoch": 3, "model": {}}, "a dictionary of epoch, model"),
        ({"state_dict": {"w": 3.0}}, "a dictionary of state_dict"),
        ({"state_dict": {}}, "a dictionary of state_dict"),
        ({str(n): n for n in range(9)}, "a dictionary of 0, 1, 2, 3, 4 and 4 more"),
    ],
)
def test_no_state_dictionary(tmp_path, old, content, received):
    path = write_pickle(tmp_path / "a.pth", content, old=old)
    assert_refused(path, received)


@CONTAINERS
@pytest.mark.parametrize("wrong", [1, {}, {"conv1.weight": 1.0}, [1.0]])
@pytest.mark.parametrize("entry", ["agent", "resnet", "net"])
def test_entries_of_blockdrop_that_are_no_state_dictionaries(
    tmp_path, state, policy, entry, wrong, old
):
    content = {"agent": policy, "resnet": state, entry: wrong}
    if entry == "net":
        del content["resnet"]
    path = write_torch(tmp_path / "ckpt_E_40.t7", content, old=old)
    assert_refused(path, f"a dictionary of {', '.join(sorted(content))}")


def test_two_resnets_are_one_too_many(tmp_path, state, policy):
    content = {"agent": policy, "resnet": state, "net": state}
    path = write_torch(tmp_path / "ckpt_E_40.t7", content)
    assert_refused(path, "a dictionary of agent, net, resnet")


@pytest.mark.parametrize("network", ["resnet", "net"])
def test_a_resnet_that_only_blockdrop_names_needs_its_policy(tmp_path, state, network):
    path = write_torch(tmp_path / "ckpt.t7", {network: state, "epoch": 3})
    assert_refused(path, f"a dictionary of epoch, {network}")
