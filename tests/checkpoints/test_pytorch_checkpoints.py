"""PyTorch's checkpoints in our models: ConvNet-AIG's, DynConv's, torchvision's."""

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
    values_of,
    write_state,
)
from torch_checkpoint import write_torch

import sact_keras
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.network_description import is_decision
from sact_keras.checkpoints.squeeze import squeeze_checkpoint


@pytest.fixture(autouse=True)
def torch():
    return pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")


@pytest.mark.parametrize(
    ("old", "wrap", "prefix"),
    [(False, True, ""), (True, True, "module."), (False, False, "")],
)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
def test_every_kind_is_read(tmp_path, network, old, wrap, prefix):
    model = build(**network)
    state = random_state(model)
    path = write_state(tmp_path / "a.pth", state, old=old, wrap=wrap, prefix=prefix)
    sact_keras.load_checkpoint(model, path)
    assert_holds(model, state)


def test_the_progress_of_the_training_stays(tmp_path):
    model = build(**DYNCONV)
    model.progress.assign(0.25)
    sact_keras.load_checkpoint(
        model, write_state(tmp_path / "a.pth", random_state(model))
    )
    assert float(model.progress) == 0.25


def test_other_spellings_are_read_as_well(tmp_path):
    """torchvision's names in ConvNet-AIG, and ConvNet-AIG's in DynConv."""
    for network in (AIG, DYNCONV):
        model = build(**network)
        state = random_state(model)
        spelled = {
            name.replace("downsample", "shortcut").replace("fc.", "linear.")
            if not is_decision(name)
            else name: array
            for name, array in state.items()
        }
        assert spelled.keys() != state.keys()
        for number, names in enumerate((state, spelled)):
            path = write_state(tmp_path / f"{model.name}_{number}.pth", names)
            model.set_weights([0 * weight for weight in model.get_weights()])
            sact_keras.load_checkpoint(model, path)
            assert_holds(model, state)


def test_one_spelling_at_a_time(tmp_path):
    model = build(**AIG)
    state = random_state(model)
    state["linear.bias"] = state["fc.bias"]
    error = assert_refused(
        CheckpointMismatchError, model, write_state(tmp_path / "a.pth", state)
    )
    assert error.unexpected == ["fc.bias"]


def test_a_prefix_on_some_names_only_is_no_prefix(tmp_path):
    model = build(**AIG)
    state = random_state(model)
    state["module.fc.bias"] = state.pop("fc.bias")
    error = assert_refused(
        CheckpointMismatchError, model, write_state(tmp_path / "a.pth", state)
    )
    assert (error.missing, error.unexpected) == (["fc.bias"], ["module.fc.bias"])


@pytest.mark.parametrize("named", ["float16", "bfloat16", "float64"])
def test_every_precision_is_read(tmp_path, torch, named):
    model = build(**AIG)
    state = {name: np.round(a * 64) / 64 for name, a in random_state(model).items()}
    tensors = {
        name: torch.from_numpy(array).to(getattr(torch, named))
        for name, array in state.items()
    }
    sact_keras.load_checkpoint(model, write_torch(tmp_path / "a.pth", tensors))
    rounded = {name: tensor.float().numpy() for name, tensor in tensors.items()}
    assert_holds(model, rounded)


@pytest.mark.parametrize("network", [AIG, DYNCONV, NETWORKS["bottlenecks"]])
def test_a_vanilla_checkpoint_starts_an_adaptive_model(tmp_path, network):
    model = build(**network)
    everything = random_state(model)
    vanilla = {n: a for n, a in everything.items() if not is_decision(n)}
    path = write_state(tmp_path / "resnet.pth", vanilla, wrap=False)
    error = assert_refused(
        CheckpointMismatchError, model, path, "skip_decisions=True", "(vanilla, "
    )
    assert sorted(error.missing) == sorted(everything.keys() - vanilla.keys())
    fresh = {n: v for n, v in values_of(model).items() if is_decision(n)}
    assert fresh
    sact_keras.load_checkpoint(model, path, skip_decisions=True)
    assert_holds(model, vanilla | fresh)


@pytest.mark.parametrize("network", [AIG, DYNCONV])
def test_gates_and_maskers_of_a_checkpoint_can_be_left(tmp_path, network):
    source, target = build(**network), build(**VANILLA)
    state = random_state(source)
    path = write_state(tmp_path / "a.pth", state)
    error = assert_refused(CheckpointMismatchError, target, path, "model_type")
    assert all(map(is_decision, error.unexpected))
    assert f"({source.model_type}, CIFAR, units 1_2_1)" in str(error)
    sact_keras.load_checkpoint(target, path, skip_decisions=True)
    assert_holds(target, {n: a for n, a in state.items() if not is_decision(n)})


def test_gates_of_units_that_always_run_are_passed_over(tmp_path):
    """The original's checkpoints have a gate for every unit."""
    state = random_state(build(**AIG))
    path = write_state(tmp_path / "a.pth", state)
    model = build(**AIG, target_rates=[1, "t", 1, 0.5])
    sact_keras.load_checkpoint(model, path)
    ungated = ("layer1.0.fc", "layer2.1.fc")
    expected = {n: a for n, a in state.items() if not n.startswith(ungated)}
    assert len(expected) == len(state) - 2 * 8
    assert_holds(model, expected)


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_squeezing_makes_a_file_of_ours(tmp_path, suffix):
    model = build(**DYNCONV)
    state = random_state(model)
    path = write_state(tmp_path / "checkpoint_best.pth", state)
    target = tmp_path / f"small{suffix}"
    squeezed = squeeze_checkpoint(build(**DYNCONV), path, target)
    assert (squeezed.source, squeezed.bytes_before) == (path, path.stat().st_size)
    sact_keras.load_checkpoint(model, target)
    assert_holds(model, state)


@pytest.mark.parametrize("name", ["checkpoint_best.pth", "model.ckpt-3"])
def test_whatever_its_name(tmp_path, name):
    model = build(**AIG)
    state = random_state(model)
    sact_keras.load_checkpoint(model, write_state(tmp_path / name, state))
    assert_holds(model, state)
