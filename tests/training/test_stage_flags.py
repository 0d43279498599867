"""The flags of BlockDrop and of the stages of its training."""

import itertools

import pytest

from sact_keras.models.presets import STAGES
from sact_keras.training.flags import parse_options
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError

BLOCKDROP = ("--model_type=blockdrop", "--dataset=cifar10")
PRETRAIN, CURRICULUM, FINETUNE = ((*BLOCKDROP, f"--stage={stage}") for stage in STAGES)
EVAL = ("--mode=eval", "--checkpoint_dir=x", "--policy_path=y")


def parse(*arguments):
    return parse_options(["main.py", *arguments])


def resolved(**flags):
    flags = {"dataset": "cifar10", "model_type": "blockdrop", **flags}
    return Options(**flags).resolve_model().resolve_schedule()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (BLOCKDROP, "--stage=pretrain, curriculum, finetune one after another"),
        ([*BLOCKDROP, "--stage=warmup"], "--stage must be one of pretrain|curriculum|"),
        (["--stage=finetune"], "--stage has no meaning for a vanilla model"),
        (
            ["--model_type=vanilla", "--variant=blockdrop", "--stage=pretrain"],
            "--stage has no meaning for a vanilla model",
        ),
        (["--model_type=aig", "--stage=curriculum"], "no meaning for an aig model"),
        ([*FINETUNE, "--penalty=0.5"], "--penalty must be at most 0"),
        ([*CURRICULUM, "--penalty=nan"], "--penalty must be at most 0"),
        ([*CURRICULUM, "--penalty=-inf"], "--penalty must be at most 0"),
        ([*PRETRAIN, "--penalty=-1"], "--penalty has no meaning in the stage pretrain"),
        (["--model_type=sact", "--penalty=-1"], "--penalty has no meaning for a sact"),
        ([*CURRICULUM, "--alpha=0.5"], "--alpha must be in (0.5, 1]"),
        ([*FINETUNE, "--alpha=1.1"], "--alpha must be in (0.5, 1]"),
        ([*FINETUNE, "--alpha=nan"], "--alpha must be in (0.5, 1]"),
        ([*PRETRAIN, "--alpha=0.9"], "--alpha has no meaning in the stage pretrain"),
        ([*CURRICULUM, "--beta=-0.1"], "--beta must be at least 0"),
        ([*PRETRAIN, "--beta=0.1"], "--beta has no meaning in the stage pretrain"),
        ([*FINETUNE, "--beta=0.1"], "--beta has no meaning in the stage finetune"),
        ([*PRETRAIN, "--finetune_path=x"], "--finetune_path has no meaning in the sta"),
        ([*FINETUNE, "--policy_path="], "--policy_path must be a path"),
        (
            [*CURRICULUM, "--policy_path=x"],
            "--policy_path has a meaning in training with --stage=finetune alone",
        ),
        ([*PRETRAIN, "--policy_path=x"], "with --stage=finetune alone"),
        (["--model_type=sact", "--policy_path=x"], "with --stage=finetune alone"),
        ([*CURRICULUM, "--curriculum_steps=0"], "--curriculum_steps must be at least"),
        (
            [*FINETUNE, "--curriculum_steps=9"],
            "--curriculum_steps has a meaning in training with --stage=curriculum alon",
        ),
        ([*PRETRAIN, "--curriculum_steps=9"], "with --stage=curriculum alone"),
        (["--curriculum_steps=9"], "with --stage=curriculum alone"),
        (
            [*CURRICULUM, "--weight_decay=1e-4"],
            "--weight_decay has a meaning in blockdrop's stage pretrain alone",
        ),
        ([*FINETUNE, "--weight_decay=0"], "in blockdrop's stage pretrain alone"),
        ([*PRETRAIN, "--variant=aig"], "--variant must be blockdrop for --model_type="),
        (["--model_type=aig", "--variant=blockdrop"], "--variant must be aig or"),
        ([*PRETRAIN, "--gate_learning_rate_factor=1"], "for a blockdrop model"),
        ([*PRETRAIN, "--tau=1"], "--tau has no meaning for a blockdrop model"),
        (
            [*PRETRAIN, "--dataset=imagenet", "--model=18"],
            "--model must be the number of layers (50, 101, 152)",
        ),
        (
            [*PRETRAIN, "--dataset=imagenet", "--preprocessing=blockdrop_r32"],
            "--preprocessing=blockdrop_r32 has a meaning for CIFAR's images alone",
        ),
        ([*EVAL, "--model_type=sact"], "--policy_path needs --model_type=blockdrop"),
        ([*EVAL, *PRETRAIN], "and --stage=curriculum or finetune. Received: "),
        (
            ["--mode=squeeze", "--checkpoint_dir=x", "--policy_path=y"],
            "--policy_path has no meaning for --mode=squeeze",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(arguments, said):
    with pytest.raises(UsageError) as refusal:
        parse(*arguments)
    message = str(refusal.value)
    assert said in message
    assert "Received: " in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "arguments",
    [
        [*PRETRAIN, "--weight_decay=0"],
        [*CURRICULUM, "--penalty=0", "--alpha=1", "--beta=0", "--curriculum_steps=1"],
        [*FINETUNE, "--policy_path=x", "--finetune_path=y", "--alpha=0.9"],
        [*EVAL],
        [*EVAL, "--model_type=blockdrop"],
        [*EVAL, *CURRICULUM],
        ["--mode=attack", *EVAL[1:]],
        ["--mode=eval", "--checkpoint_dir=x", "--model_type=blockdrop"],
        ["--variant=blockdrop", "--weight_decay=1e-3"],
    ],
)
def test_what_can_be_meant_is_not_refused(arguments):
    assert parse(*arguments).explicit


@pytest.mark.parametrize(
    ("flags", "arguments"),
    [
        ({"stage": "pretrain"}, {"stage": "pretrain"}),
        (
            {"stage": "curriculum"},
            {"stage": "curriculum", "penalty": -1.0, "alpha": 0.8, "beta": 0.1},
        ),
        ({"stage": "finetune"}, {"stage": "finetune", "penalty": -5.0, "alpha": 0.8}),
        # Not in training, where it must be said.
        ({}, {"stage": "finetune", "penalty": -5.0, "alpha": 0.8}),
        (
            {"stage": "finetune", "penalty": 0.0, "alpha": 1.0},
            {"stage": "finetune", "penalty": 0.0, "alpha": 1.0},
        ),
    ],
)
def test_arguments_are_those_of_the_stage(flags, arguments):
    options = resolved(**flags)
    assert options.method_arguments == arguments
    assert options.resolve_model() == options


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ({"stage": "pretrain"}, "cifar10_blockdrop_5_pretrain"),
        ({"stage": "curriculum", "model": "18"}, "cifar10_blockdrop_18_curriculum"),
        ({"stage": "curriculum", "alpha": 0.9}, "cifar10_blockdrop_5_curriculum"),
        ({"stage": "finetune", "penalty": -5.0}, "cifar10_blockdrop_5_finetune"),
        (
            {"stage": "finetune", "penalty": -10.0},
            "cifar10_blockdrop_5_finetune_penalty-10",
        ),
        (
            {"stage": "curriculum", "penalty": 0.0},
            "cifar10_blockdrop_5_curriculum_penalty0",
        ),
        (
            {"stage": "finetune", "dataset": "imagenet", "base_channels": 8},
            "imagenet_blockdrop_101_finetune_base8",
        ),
        (
            {"model_type": "vanilla", "variant": "blockdrop"},
            "cifar10_vanilla_5_blockdrop",
        ),
    ],
)
def test_log_dirs(flags, name):
    assert resolved(**flags).default_log_dir() == f"runs/{name}"


@pytest.mark.parametrize(
    ("dataset", "model", "preprocessing"),
    [
        ("cifar10", None, "blockdrop_r32"),
        ("cifar10", "5_5_5", "blockdrop_r32"),
        ("cifar10", "18", "blockdrop"),
        ("cifar10", "5_5_6", "blockdrop"),
        ("cifar100", "5", "blockdrop"),
        ("shapes", "5", "blockdrop"),
        ("imagenet", None, "blockdrop"),
        ("imagenet", "50", "blockdrop"),
    ],
)
@pytest.mark.parametrize("model_type", ["blockdrop", "vanilla"])
def test_only_one_network_sees_normalized_images(
    dataset, model, preprocessing, model_type
):
    options = resolved(
        dataset=dataset, model=model, model_type=model_type, variant="blockdrop"
    )
    assert options.preprocessing == preprocessing
    said = resolved(dataset=dataset, model=model, preprocessing="sact")
    assert said.preprocessing == "sact"


@pytest.mark.parametrize("dataset", ["cifar10", "imagenet"])
def test_configs_of_stages_follow_one_another(project_root, dataset):
    stages = [
        parse(f"--flagfile={project_root}/configs/{dataset}_blockdrop_{stage}.cfg")
        for stage in STAGES
    ]
    for before, after in itertools.pairwise(stages):
        assert after.finetune_path == before.train_log_dir
        assert (after.model, after.preprocessing) == (
            before.model,
            before.preprocessing,
        )


def test_how_the_configs_say_that_another_network_is_trained(project_root):
    """With what their comments tell to give besides, it is that network's recipe."""
    for stage in STAGES:
        path = project_root / "configs" / f"cifar10_blockdrop_{stage}.cfg"
        comments = [
            line[1:] for line in path.read_text().splitlines() if line.startswith("#")
        ]
        words = " ".join(comments).partition("ResNet-32")[2].split()
        flags = [word for word in words if word.startswith("--") and "=" in word]
        options = parse(f"--flagfile={path}", *flags).resolve_model()
        unsaid = resolved(stage=stage, penalty=options.penalty)
        assert options.preprocessing == unsaid.preprocessing == "blockdrop_r32"
        assert options.train_log_dir == unsaid.default_log_dir()
        if stage != "pretrain":
            before = STAGES[STAGES.index(stage) - 1]
            assert options.finetune_path == resolved(stage=before).default_log_dir()
