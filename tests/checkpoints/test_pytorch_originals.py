"""The files of the originals themselves, and their names."""

import json

import pytest
from pytorch_models import assert_holds, assert_refused, values_of
from torch_networks import NETWORKS, build_torch_network

import sact_keras
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.pytorch_names import canonical_name, named_variables


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")


@pytest.fixture
def original(shared_dir):
    """A function from a case's name to (its directory, a model of its network)."""

    def original(case):
        directory = shared_dir / "golden" / "torch" / case
        if not directory.is_dir():
            pytest.skip(f"golden case {case!r} is not at hand: no {directory}")
        return directory, build_torch_network(case)

    return original


@pytest.mark.parametrize("case", NETWORKS)
def test_names_and_shapes(original, case):
    directory, model = original(case)
    variables = json.loads((directory / "case.json").read_text())["variables"]
    expected = {
        canonical_name(name): tuple(shape)
        for name, shape, _ in variables
        if not name.endswith("num_batches_tracked")
    }
    assert {name: s.shape for name, s in named_variables(model)} == expected


@pytest.mark.parametrize("case", NETWORKS)
def test_values(original, torch, case):
    """Of new files and of old ones, whose tensors were on a GPU."""
    directory, model = original(case)
    paths = [*directory.rglob("*.pth"), *directory.rglob("*.pth.tar")]
    assert paths
    for path in paths:
        model.set_weights([0 * weight for weight in model.get_weights()])
        sact_keras.load_checkpoint(model, path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
        expected = {
            canonical_name(name.removeprefix("module.")): tensor.numpy()
            for name, tensor in tensors.items()
            if not name.endswith("num_batches_tracked")
        }
        assert_holds(model, expected)


def blockdrop_arrays(content):
    """The arrays of a checkpoint of BlockDrop by canonical name."""
    content = content if "agent" in content else {"resnet": content["state_dict"]}
    prefixes = {"agent": "agent.", "resnet": ""}
    return {
        canonical_name(prefix + name.removeprefix("module.")): tensor.numpy()
        for entry, prefix in prefixes.items()
        for name, tensor in content.get(entry, {}).items()
        if not name.endswith("num_batches_tracked")
    }


@pytest.fixture
def blockdrop(shared_dir):
    """The directory of BlockDrop's case and a model of its network."""
    directory = shared_dir / "golden" / "torch" / "blockdrop_r32_c10"
    if not directory.is_dir():
        pytest.skip(f"the golden case of BlockDrop is not at hand: no {directory}")
    return directory, sact_keras.build_model("blockdrop", model="5")


def test_names_and_shapes_of_blockdrop(blockdrop):
    directory, model = blockdrop
    case = json.loads((directory / "case.json").read_text())
    expected = {
        canonical_name(prefix + name): tuple(shape)
        for entry, prefix in (("variables_agent", "agent."), ("variables_resnet", ""))
        for name, shape, _ in case[entry]
        if not name.endswith("num_batches_tracked")
    }
    assert {name: s.shape for name, s in named_variables(model)} == expected


@pytest.mark.parametrize(
    ("pattern", "keywords"),
    [
        ("ckpt_E_40*.t7", {}),
        ("pretrained/pk_*.t7", {"skip_decisions": True}),
        ("legacy/cl/ckpt_*.t7", {"only_decisions": True}),
    ],
)
def test_values_of_blockdrop(blockdrop, torch, pattern, keywords):
    """Of whole networks, of ResNets alone and of policies alone."""
    directory, model = blockdrop
    (path,) = directory.glob(pattern)
    model.set_weights([0 * weight for weight in model.get_weights()])
    zeros = values_of(model)
    sact_keras.load_checkpoint(model, path, **keywords)
    content = torch.load(path, map_location="cpu", weights_only=True)
    arrays = blockdrop_arrays(content)
    assert arrays
    assert_holds(model, zeros | arrays)
    if keywords:
        assert_refused(CheckpointMismatchError, model, path, *keywords)
