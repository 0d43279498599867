import dataclasses
import json
import shlex

import pytest
from tiny_training import tiny_options

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.training.flags import parse_options
from sact_keras.training.options import METHOD_FLAGS, Options
from sact_keras.training.run_config import RESULT_FLAGS, RunConfig
from sact_keras.training.usage_error import UsageError


@pytest.fixture
def options():
    return Options(
        dataset="shapes", model_type="sact", max_number_of_steps=10, argv=("main.py",)
    ).resolve_model()


def test_the_file_repeats_the_run(tmp_path, options):
    RunConfig.of(options).write(tmp_path)
    flags = json.loads((tmp_path / "config.json").read_text())["flags"]
    given = [f"--{k}={v}" for k, v in flags.items() if v is not None]
    repeated = parse_options(["main.py", *given])
    assert repeated.flags() == options.flags()


def test_it_says_where_the_results_come_from(tmp_path, options):
    RunConfig.of(options).write(tmp_path)
    content = RunConfig.read(tmp_path).content
    assert content["argv"] == ["main.py"]
    assert {"python", "tensorflow", "keras", "numpy", "sact_keras"} <= set(
        content["versions"]
    )
    assert content["machine"]["processor"]


def test_same_flags_resume(tmp_path, options):
    config = RunConfig.of(options)
    config.write(tmp_path)
    unimportant = options.replace(save_interval_secs=1.0, dataset_dir="/moved")
    RunConfig.read(tmp_path).check_resumable(unimportant, tmp_path)


@pytest.mark.parametrize("name", RESULT_FLAGS)
def test_another_run_is_refused(tmp_path, options, name):
    RunConfig.of(options).write(tmp_path)
    changed = dataclasses.replace(options, **{name: "17"})
    with pytest.raises(UsageError) as refusal:
        RunConfig.read(tmp_path).check_resumable(changed, tmp_path)
    old = getattr(options, name)
    assert f"--{name} was {old} and is now 17" in str(refusal.value)


def test_found_from_a_checkpoint(tmp_path, options):
    RunConfig.of(options).write(tmp_path)
    checkpoint = tmp_path / "checkpoints" / "step-00000001"
    checkpoint.mkdir(parents=True)
    for path in (tmp_path, checkpoint.parent, checkpoint):
        assert RunConfig.find(path).flags == options.flags()


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "config.json").write_text('{"learning_rate": 1}')
    with pytest.raises(DamagedFileError, match=r"config\.json"):
        RunConfig.read(tmp_path)
    assert RunConfig.read(tmp_path / "nowhere") is None


NEWER_FLAGS = {
    "variant",
    "preprocessing",
    "decay_epochs",
    "weight_decay",
    "gate_learning_rate_factor",
    "policy_path",
    "curriculum_steps",
    *(set(METHOD_FLAGS) - {"tau", "eps"}),
}


def test_a_run_of_before_a_flag_has_had_its_default(tmp_path):
    options = tiny_options(tmp_path)
    config = RunConfig.of(options)
    old = {k: v for k, v in config.flags.items() if k not in NEWER_FLAGS}
    RunConfig(old, {**config.content, "flags": old}).write(tmp_path)
    read = RunConfig.read(tmp_path)
    read.check_resumable(options, tmp_path)
    other = tiny_options(tmp_path, preprocessing="aig", decay_epochs="1,2")
    with pytest.raises(UsageError, match="--preprocessing was sact and is now aig"):
        read.check_resumable(other, tmp_path)
    with pytest.raises(UsageError, match="--decay_epochs was None and is now 1,2"):
        read.check_resumable(other, tmp_path)


@pytest.mark.parametrize(
    "flags",
    [
        {"model_type": "aig", "target_rate": 0.4, "gate_eval": "sample"},
        {"model_type": "aig", "target_rates": "1,0.5,1", "gate_all_units": True},
        {"model_type": "aig", "target_rates": "1,t,0", "rate_weight": 3.0},
        {"model_type": "dynconv", "budget": -1.0, "budget_weight": 0.5},
        {
            "model_type": "vanilla",
            "variant": "aig",
            "weight_decay": 0.0,
            "decay_epochs": "3,4",
        },
        {"model_type": "act", "preprocessing": "aig"},
        {"model_type": "blockdrop", "stage": "pretrain", "weight_decay": 0.0},
        {
            "model_type": "blockdrop",
            "stage": "curriculum",
            "penalty": -3.0,
            "beta": 0.0,
            "curriculum_steps": 7,
            "finetune_path": "a network",
        },
        {
            "model_type": "blockdrop",
            "stage": "finetune",
            "alpha": 0.9,
            "finetune_path": "a network",
            "policy_path": "a policy",
        },
    ],
)
def test_the_command_of_any_method_repeats_the_run(tmp_path, flags):
    options = tiny_options(tmp_path, **flags)
    command = shlex.split(RunConfig.of(options).content["command"])
    repeated = parse_options(command[1:])
    repeated = repeated.resolve_model().resolve_schedule().resolve_evaluation()
    assert repeated.flags() == options.flags()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stage": "finetune"}, "--stage was curriculum and is now finetune"),
        ({"penalty": -2.0}, r"--penalty was -1\.0 and is now -2\.0"),
        ({"alpha": 0.7}, r"--alpha was 0\.8 and is now 0\.7"),
        ({"beta": 0.0}, r"--beta was 0\.1 and is now 0\.0"),
        ({"curriculum_steps": 3}, "--curriculum_steps was None and is now 3"),
        ({"finetune_path": "b"}, "--finetune_path was a and is now b"),
    ],
)
def test_a_stage_is_not_continued_as_another(tmp_path, changes, said):
    flags = {"model_type": "blockdrop", "stage": "curriculum", "finetune_path": "a"}
    RunConfig.of(tiny_options(tmp_path, **flags)).write(tmp_path)
    other = tiny_options(tmp_path, **{**flags, **changes})
    with pytest.raises(UsageError, match=said):
        RunConfig.read(tmp_path).check_resumable(other, tmp_path)
