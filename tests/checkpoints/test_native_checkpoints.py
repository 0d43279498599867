import numpy as np
import pytest

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.native import load_native
from sact_keras.checkpoints.network_description import is_decision


def build(model_type, model="1_2_1", **arguments):
    network = sact_keras.build_model(
        model_type, model=model, base_channels=4, **arguments
    )
    network.compile("sgd", "mse")
    # No two variables alike, so that none can take another's place unseen.
    generator = np.random.default_rng(len(network.name))
    for variable in network.weights:
        variable.assign(generator.normal(size=variable.shape))
    return network


def by_path(model):
    return {
        variable.path.removeprefix(f"{model.name}/"): np.array(variable.value)
        for variable in model.weights
    }


@pytest.mark.fast_with("*-.keras")
@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
@pytest.mark.parametrize(
    "model_type", ["vanilla", "act", "sact", "aig", "dynconv", "blockdrop"]
)
def test_round_trip(tmp_path, suffix, model_type):
    model = build(model_type)
    path = tmp_path / f"model{suffix}"
    model.save(path) if suffix == ".keras" else model.save_weights(path)
    other = sact_keras.build_model(model_type, model="1_2_1", base_channels=4)
    load_native(other, path)
    expected = by_path(model)
    found = by_path(other)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


def test_all_but_the_halting_branches_of_a_vanilla_model(tmp_path):
    vanilla, adaptive = build("vanilla"), build("sact")
    before = by_path(adaptive)
    vanilla.save_weights(tmp_path / "vanilla.weights.h5")
    load_native(adaptive, tmp_path / "vanilla.weights.h5", skip_decisions=True)
    expected = {**before, **by_path(vanilla)}
    halting = expected.keys() - by_path(vanilla).keys()
    assert halting
    assert all("/halting/" in name for name in halting)
    for name, value in by_path(adaptive).items():
        np.testing.assert_array_equal(value, expected[name])


def test_the_halting_branches_of_the_file_are_left_too(tmp_path):
    source, target = build("sact"), build("act")
    source.save_weights(tmp_path / "sact.weights.h5")
    before = by_path(target)
    load_native(target, tmp_path / "sact.weights.h5", skip_decisions=True)
    expected = by_path(source)
    for name, value in by_path(target).items():
        kept = "/halting/" in name
        np.testing.assert_array_equal(value, (before if kept else expected)[name])


@pytest.mark.fast_with("vanilla-aig", "dynconv-dynconv", "aig-vanilla")
@pytest.mark.parametrize("target", ["vanilla", "aig", "dynconv"])
@pytest.mark.parametrize("source", ["vanilla", "aig", "dynconv"])
def test_gates_maskers_and_progress_are_left_as_they_are(tmp_path, source, target):
    source = build(source, variant="aig")
    path = tmp_path / "source.weights.h5"
    source.save_weights(path)
    model = build(target, variant="aig")
    before, expected = by_path(model), by_path(source)
    if source.model_type != target:
        with pytest.raises(CheckpointMismatchError) as mismatch:
            load_native(model, path)
        differing = [*mismatch.value.missing, *mismatch.value.unexpected]
        assert all(map(is_decision, differing))
    load_native(model, path, skip_decisions=True)
    for name, value in by_path(model).items():
        kept = is_decision(name)
        np.testing.assert_array_equal(value, (before if kept else expected)[name])
    assert ("progress" in before) == (target != "vanilla")


def test_a_pretrained_network_and_a_policy_of_ours_make_one(tmp_path):
    pretrained, trained, model = (
        build("blockdrop", stage=stage)
        for stage in ("pretrain", "finetune", "finetune")
    )
    path, policy_path = tmp_path / "resnet.weights.h5", tmp_path / "policy.weights.h5"
    pretrained.save_weights(path)
    trained.set_weights([weight + 1 for weight in trained.get_weights()])
    trained.policy.free_units.assign(2)
    trained.save_weights(policy_path)
    with pytest.raises(CheckpointMismatchError, match="holds no policy network"):
        load_native(model, path)
    with pytest.raises(CheckpointMismatchError, match="network, the model has none"):
        load_native(pretrained, policy_path)
    load_native(model, path, skip_decisions=True)
    load_native(model, policy_path, only_decisions=True)
    resnet, policy = by_path(pretrained), by_path(trained)
    found = by_path(model)
    assert found.keys() == policy.keys() > resnet.keys()
    for name, value in found.items():
        np.testing.assert_array_equal(value, resnet.get(name, policy[name]))
    assert found["policy/free_units"] == 2


@pytest.mark.parametrize(
    ("source", "target", "kind", "name"),
    [
        ({}, {"model": "1_2_2"}, "missing", "block_3/unit_2/conv2/kernel"),
        ({"model": "1_2_2"}, {}, "unexpected", "block_3/unit_2/conv2"),
        ({"num_classes": 7}, {}, "wrong_shapes", "head/logits/kernel"),
    ],
)
def test_another_architecture_is_named_and_changes_nothing(
    tmp_path, source, target, kind, name
):
    path = tmp_path / "source.weights.h5"
    build("sact", **source).save_weights(path)
    model = build("sact", **target)
    before = by_path(model)
    with pytest.raises(CheckpointMismatchError) as mismatch:
        load_native(model, path)
    assert any(name in str(entry) for entry in getattr(mismatch.value, kind))
    for other in {"missing", "unexpected", "wrong_shapes"} - {kind}:
        found = getattr(mismatch.value, other)
        # A missing last unit also moves the place of its block's halting branches.
        assert all("halting" in str(entry) for entry in found)
    for key, value in by_path(model).items():
        np.testing.assert_array_equal(value, before[key])


def test_wrong_shapes_are_told(tmp_path):
    path = tmp_path / "source.weights.h5"
    build("vanilla", num_classes=7).save_weights(path)
    with pytest.raises(CheckpointMismatchError) as mismatch:
        load_native(build("vanilla"), path)
    assert ("head/logits/kernel", (16, 10), (16, 7)) in mismatch.value.wrong_shapes


def test_files_of_other_kinds(tmp_path):
    model = build("vanilla")
    with pytest.raises(FileNotFoundError, match=r"none\.weights\.h5"):
        load_native(model, tmp_path / "none.weights.h5")
    text = tmp_path / "text.weights.h5"
    text.write_text("not weights")
    with pytest.raises(DamagedFileError, match=r"text\.weights\.h5"):
        load_native(model, text)


def test_a_truncated_file(tmp_path):
    model = build("vanilla")
    path = tmp_path / "short.weights.h5"
    model.save_weights(path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DamagedFileError):
        load_native(model, path)


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_flipped_bits_are_an_error_that_names_the_file_or_go_unseen(tmp_path, suffix):
    """Weights alone hold no checksum; what is damaged is never another error."""
    model = build("vanilla", model="1")
    path = tmp_path / f"model{suffix}"
    model.save(path) if suffix == ".keras" else model.save_weights(path)
    content, generator = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for position in generator.integers(len(content), size=60):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        path.write_bytes(damaged)
        try:
            load_native(model, path)
        except (DamagedFileError, CheckpointMismatchError) as error:
            assert str(path) in str(error)
            refused += 1
    assert refused
