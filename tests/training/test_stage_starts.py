"""What the stages of BlockDrop's training start from, and what they cannot."""

import logging

import h5py
import keras
import numpy as np
import pytest
from tiny_training import TinyDataset, tiny_model, tiny_options

import sact_keras
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.training.build import build_network
from sact_keras.training.options import Options
from sact_keras.training.policy_mismatch_error import PolicyMismatchError
from sact_keras.training.run_config import RunConfig
from sact_keras.training.stages import load_start, resolve_start, steps_per_unit
from sact_keras.training.train import train
from sact_keras.training.usage_error import UsageError

STARTS = {
    "pretrain": ("blockdrop", {"stage": "pretrain"}),
    "curriculum": ("blockdrop", {"stage": "curriculum"}),
    "finetune": ("blockdrop", {}),
    "alone": ("blockdrop", {}),
    "deeper": ("blockdrop", {"model": "2"}),
    "vanilla": ("vanilla", {"variant": "blockdrop"}),
    "sact's": ("vanilla", {}),
}


def stage_options(directory, stage, **changes):
    """Of a training of a network with three units."""
    network = {"model_type": "blockdrop", "base_channels": 4, "stage": stage}
    return tiny_options(directory / "run", **network, **changes)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Name -> (path, weights) of what a stage may be told to start from."""
    directory = tmp_path_factory.mktemp("starts")
    found = {None: (None, {})}
    for name, (model_type, arguments) in STARTS.items():
        keras.utils.set_random_seed(len(found))
        model = tiny_model(model_type, **{"model": "1", **arguments})
        if name == "curriculum":
            model.policy.free_units.assign(2)
        path = directory / f"{name}.weights.h5"
        model.save_weights(path)
        found[name] = str(path), weights_of(model)
    with h5py.File(found["alone"][0], "r+") as file:
        network = {"blocks", "head", *(f"layers/{name}" for name in file["layers"])}
        for name in network - {"layers/policy_network"}:
            del file[name]
    return found


@pytest.fixture
def starts(saved):
    """Name -> path; None is None."""
    return {name: path for name, (path, _) in saved.items()}


def weights_of(model):
    """Path without the model's name -> weight."""
    return {v.path.split("/", 1)[1]: v.numpy() for v in model.weights}


def begun(options):
    """The weights with which a training begins."""
    model = build_network(options, num_classes=10)
    load_start(options, model)
    return weights_of(model)


def assert_equal(found, expected, *, policy):
    """Compares the policies, or all else."""
    names = {name for name in expected if name.startswith("policy/") == policy}
    names -= {"policy/free_units"}
    assert names
    for name in names:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.mark.parametrize("start", ["pretrain", "vanilla", "curriculum", "finetune"])
def test_a_curriculum_takes_the_network(saved, tmp_path, start):
    path, weights = saved[start]
    first = begun(stage_options(tmp_path, "curriculum", finetune_path=path))
    assert_equal(first, weights, policy=False)
    kernel = "policy/stem/conv/kernel"
    assert not np.array_equal(first[kernel], weights.get(kernel))


@pytest.mark.parametrize(
    ("start", "policy"),
    [
        ("curriculum", None),
        ("finetune", None),
        ("finetune", "curriculum"),
        ("pretrain", "curriculum"),
        ("vanilla", "alone"),
    ],
)
def test_finetuning_takes_both(saved, tmp_path, start, policy):
    paths = {"finetune_path": saved[start][0], "policy_path": saved[policy][0]}
    first = begun(stage_options(tmp_path, "finetune", **paths))
    assert_equal(first, saved[start][1], policy=False)
    assert_equal(first, saved[policy or start][1], policy=True)
    assert first["policy/free_units"] == 3


@pytest.mark.parametrize(("policy", "num_read"), [(None, 1), ("curriculum", 2)])
def test_a_checkpoint_is_read_once(starts, tmp_path, monkeypatch, policy, num_read):
    load, read = sact_keras.load_checkpoint, []

    def load_checkpoint(model, path, **which):
        read.append(path)
        load(model, path, **which)

    monkeypatch.setattr(sact_keras, "load_checkpoint", load_checkpoint)
    paths = {"finetune_path": starts["finetune"], "policy_path": starts[policy]}
    begun(stage_options(tmp_path, "finetune", **paths))
    assert len(read) == num_read
    assert set(read) == {path for path in paths.values() if path}


@pytest.mark.fast_with("finetune-alone-*")
@pytest.mark.parametrize(
    ("stage", "policy", "said"),
    [
        ("curriculum", None, "; the layers that decide start afresh"),
        ("finetune", None, ""),
        ("finetune", "alone", " and the policy of {}"),
    ],
)
def test_the_log_says_where_it_starts(
    starts, tmp_path, caplog, monkeypatch, stage, policy, said
):
    # The log says so before the training, to trace which takes seconds.
    monkeypatch.setattr(keras.Model, "fit", lambda self, *args, **kwargs: None)
    paths = {"finetune_path": starts["finetune"], "policy_path": starts[policy]}
    options = stage_options(tmp_path, stage, max_number_of_steps=1, **paths)
    with caplog.at_level(logging.INFO):
        train(options, TinyDataset())
    sentence = f"Starting from the weights of {starts['finetune']}"
    assert sentence + said.format(starts[policy]) in caplog.messages


def test_a_policy_of_an_early_curriculum_is_freed_loudly(starts, tmp_path, caplog):
    options = stage_options(
        tmp_path, "finetune", finetune_path=starts["curriculum"], policy_path=None
    )
    with caplog.at_level(logging.WARNING):
        begun(options)
    assert f"curriculum of {starts['curriculum']} was at 2 of 3 units" in caplog.text
    caplog.clear()
    begun(options.replace(finetune_path=starts["finetune"]))
    assert caplog.text == ""


NO_POLICY = "holds no policy network: finetuning starts from a checkpoint of --stage="
ALONE = "holds no network beside a policy's: a policy alone is for --policy_path"
ANOTHER = "decides about 6 residual units, the model has 3"


@pytest.mark.fast_with("curriculum-alone-*", "finetune-pretrain-*", "finetune-deeper-*")
@pytest.mark.parametrize(
    ("stage", "start", "policy", "blamed", "said"),
    [
        ("finetune", "pretrain", None, "pretrain", NO_POLICY),
        ("finetune", "vanilla", None, "vanilla", NO_POLICY),
        ("finetune", "sact's", None, "sact's", NO_POLICY),
        ("finetune", "curriculum", "pretrain", "pretrain", NO_POLICY),
        ("finetune", "alone", None, "alone", ALONE),
        ("finetune", "alone", "curriculum", "alone", ALONE),
        ("curriculum", "alone", None, "alone", ALONE),
        ("finetune", "deeper", None, "deeper", ANOTHER),
        ("finetune", "curriculum", "deeper", "deeper", ANOTHER),
    ],
)
def test_what_is_no_start_is_said_in_a_sentence(
    starts, tmp_path, stage, start, policy, blamed, said
):
    options = stage_options(
        tmp_path, stage, finetune_path=starts[start], policy_path=starts[policy]
    )
    with pytest.raises(PolicyMismatchError) as refusal:
        train(options, TinyDataset())
    message = str(refusal.value)
    assert f"{starts[blamed]} {said}" in message
    assert "\n" not in message
    assert refusal.value.path == starts[blamed]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("stage", ["curriculum", "finetune"])
def test_another_network_is_listed_as_ever(starts, tmp_path, stage):
    policy = starts["curriculum"] if stage == "finetune" else None
    options = stage_options(
        tmp_path, stage, finetune_path=starts["deeper"], policy_path=policy
    )
    with pytest.raises(CheckpointMismatchError, match="block_1/unit_2") as refusal:
        train(options, TinyDataset())
    assert not isinstance(refusal.value, PolicyMismatchError)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (
            "curriculum",
            "--stage=curriculum needs a trained network to start from: --finetune_path,"
            " a checkpoint of --stage=pretrain. Received: none, and no run in "
            "runs/shapes_blockdrop_1_pretrain_base4",
        ),
        (
            "finetune",
            "--stage=finetune needs a policy and the network that it was trained on to "
            "start from: --finetune_path, a checkpoint of --stage=curriculum. Received:"
            " none, and no run in runs/shapes_blockdrop_1_curriculum_base4",
        ),
    ],
)
def test_nothing_to_start_from(tmp_path, monkeypatch, stage, said):
    monkeypatch.chdir(tmp_path)
    # The penalty is the stage's own, and no part of the name of the one before.
    options = stage_options(tmp_path, stage, penalty=-3.0)
    with pytest.raises(UsageError) as refusal:
        resolve_start(options, existing=None)
    assert str(refusal.value) == said
    assert list(tmp_path.iterdir()) == []


def test_a_run_goes_on_from_where_it_started(tmp_path, monkeypatch):
    """Even if that is there no more, and whatever the default would be."""
    monkeypatch.chdir(tmp_path)
    options = stage_options(tmp_path, "curriculum", finetune_path="gone")
    existing = RunConfig.of(options)
    assert resolve_start(options.replace(finetune_path=None), existing) == options
    asked = options.replace(finetune_path="other")
    assert resolve_start(asked, existing) == asked
    # Without a start it cannot have been one of this stage.
    existing = RunConfig.of(stage_options(tmp_path, "pretrain"))
    with pytest.raises(UsageError, match="--stage=curriculum needs a trained network"):
        resolve_start(options.replace(finetune_path=None), existing)


def test_a_pretraining_starts_from_nothing(tmp_path):
    options = stage_options(tmp_path, "pretrain")
    assert resolve_start(options, existing=None) == options


def test_steps_of_a_unit_are_an_epochs_or_as_said():
    options = Options(batch_size=10)
    assert steps_per_unit(options, num_images=48) == 5
    assert steps_per_unit(options.replace(curriculum_steps=7), num_images=48) == 7
