import subprocess
import sys
import time

import pytest

from sact_keras.models import METHODS
from sact_keras.models.presets import METHOD_ARGUMENTS
from sact_keras.training.decay_epochs import parse_decay_epochs
from sact_keras.training.flags import help_text, parse_options
from sact_keras.training.options import METHOD_FLAGS, Options
from sact_keras.training.schedule import learning_rate_schedule
from sact_keras.training.usage_error import UsageError

AIG = ("--model_type=aig", "--dataset=cifar10")
ATTACK = ("--mode=attack", "--checkpoint_dir=x")


def parse(*arguments):
    return parse_options(["main.py", *arguments])


def test_defaults_are_the_originals_schedule():
    options = parse("--dataset=cifar10").resolve_schedule()
    assert options.mode == "train_and_eval"
    assert (options.batch_size, options.learning_rate) == (128, 0.1)
    assert options.max_number_of_steps == 100_000
    assert options.explicit == {"dataset"}
    assert parse().dataset is None
    options = options.resolve_evaluation()
    assert (options.eval_batch_size, options.split_name) == (100, "test")


def test_defaults_on_imagenet_are_the_originals():
    options = parse("--dataset=imagenet", "--model_type=sact")
    options = options.resolve_model().resolve_schedule().resolve_evaluation()
    assert (options.model, options.tau) == ("101", 0.01)
    assert (options.batch_size, options.learning_rate) == (32, 0.05)
    assert options.max_number_of_steps * 32 == pytest.approx(90 * 1_281_167, abs=32)
    assert (options.eval_batch_size, options.split_name) == (32, "validation")
    assert options.default_log_dir() == "runs/imagenet_sact_101_tau0.01"


@pytest.mark.parametrize("model", ["50", "101", "152", "200", "3_4_23_3"])
def test_models_of_imagenet(model):
    assert parse("--dataset=imagenet", f"--model={model}").model == model
    # Whose they are may only turn out later, from a run that is evaluated.
    assert parse(f"--model={model}").model == model


def test_values_and_what_was_given():
    options = parse("--model_type=sact", "--tau", "0.5", "--model=1_4_6")
    assert (options.model_type, options.tau, options.model) == ("sact", 0.5, "1_4_6")
    assert options.explicit == {"model_type", "tau", "model"}


def test_alias():
    assert parse("--model_type=act_early_stopping").model_type == "act"


def test_flagfile(tmp_path):
    file = tmp_path / "run.cfg"
    file.write_text("# A comment.\n--model_type=act\n--tau=0.2\n--batch_size=4\n")
    options = parse(f"--flagfile={file}", "--batch_size=8")
    assert (options.model_type, options.tau, options.batch_size) == ("act", 0.2, 8)
    assert "tau" in options.explicit


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("cifar10_vanilla", ("cifar10", "vanilla", "5")),
        ("cifar10_act", ("cifar10", "act", "5")),
        ("cifar10_sact", ("cifar10", "sact", "5")),
        ("cifar10_aig", ("cifar10", "aig", "18")),
        ("cifar10_dynconv", ("cifar10", "dynconv", "5")),
        ("shapes_sact", ("shapes", "sact", "5")),
        ("cifar10_blockdrop_pretrain", ("cifar10", "blockdrop", "18", "pretrain")),
        ("cifar10_blockdrop_curriculum", ("cifar10", "blockdrop", "18", "curriculum")),
        ("cifar10_blockdrop_finetune", ("cifar10", "blockdrop", "18", "finetune")),
        ("imagenet_blockdrop_pretrain", ("imagenet", "blockdrop", "101", "pretrain")),
        (
            "imagenet_blockdrop_curriculum",
            ("imagenet", "blockdrop", "101", "curriculum"),
        ),
        ("imagenet_blockdrop_finetune", ("imagenet", "blockdrop", "101", "finetune")),
        ("imagenet_vanilla", ("imagenet", "vanilla", "101")),
        ("imagenet_act", ("imagenet", "act", "101")),
        ("imagenet_sact", ("imagenet", "sact", "101")),
        ("imagenet_aig_50", ("imagenet", "aig", "50")),
        ("imagenet_aig_101", ("imagenet", "aig", "101")),
        ("imagenet_dynconv_34", ("imagenet", "dynconv", "34")),
        ("imagenet_dynconv_101", ("imagenet", "dynconv", "101")),
    ],
)
def test_configs_of_the_repository(project_root, config, expected):
    path = project_root / "configs" / f"{config}.cfg"
    options = parse(f"--flagfile={path}")
    names = ("dataset", "model_type", "model", "stage")[: len(expected)]
    assert tuple(getattr(options, name) for name in names) == expected
    assert f"--flagfile=configs/{path.name}" in path.read_text().splitlines()[0]
    # The recipe is said in full, and is the one that is used without a flagfile.
    unsaid = Options(**dict(zip(names, expected, strict=True)))
    unsaid = unsaid.resolve_model().resolve_schedule()
    recipe = ["max_number_of_steps", "batch_size", "learning_rate"]
    if unsaid.variant != "sact":
        recipe += ["weight_decay", "gate_learning_rate_factor", "preprocessing"]
    for flag in recipe:
        assert getattr(options, flag) == getattr(unsaid, flag), flag
    # Its directory is the one that the run would have by itself.
    resolved = options.resolve_model().resolve_schedule().resolve_evaluation()
    assert resolved.default_log_dir() == options.train_log_dir


def test_the_config_that_prunes_starts_from_another_and_reaches_its_end(project_root):
    pruned, trained = (
        parse(f"--flagfile={project_root / 'configs' / name}.cfg")
        for name in ("cifar10_sact_pruned", "cifar10_sact")
    )
    assert pruned.finetune_path == trained.train_log_dir
    assert (pruned.model_type, pruned.model) == (trained.model_type, trained.model)
    resolved = pruned.resolve_model().resolve_schedule()
    assert resolved.default_log_dir() == pruned.train_log_dir
    unsaid = resolved.replace(prune_end_step=None, prune_frequency=None)
    assert unsaid.resolve_schedule() == resolved


def test_every_config_is_among_the_tested_ones(project_root):
    (mark,) = test_configs_of_the_repository.pytestmark
    tested = {config for config, _ in mark.args[1]} | {"cifar10_sact_pruned"}
    assert {path.stem for path in (project_root / "configs").glob("*.cfg")} == tested


@pytest.mark.parametrize(
    "config",
    [
        *("cifar10_aig", "imagenet_aig_50", "cifar10_dynconv"),
        *("cifar10_blockdrop_pretrain", "imagenet_blockdrop_pretrain"),
    ],
)
def test_the_drops_that_configs_say_are_those_of_the_recipe(project_root, config):
    options = parse(f"--flagfile={project_root / 'configs' / config}.cfg")
    steps_per_epoch = 50_000 if options.dataset == "cifar10" else 1_281_167
    steps_per_epoch /= options.batch_size
    said, own = (
        learning_rate_schedule(
            options.recipe, 0.1, options.max_number_of_steps, steps_per_epoch, epochs
        )
        for epochs in (parse_decay_epochs(options.decay_epochs), None)
    )
    for epoch in parse_decay_epochs(options.decay_epochs):
        # A few steps more or less, as an epoch is not a whole number of steps.
        step = round(epoch * steps_per_epoch)
        for at in (step - 3, step + 3):
            assert float(said(at)) == pytest.approx(float(own(at)))
        assert float(said(step - 3)) == pytest.approx(10 * float(said(step + 3)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no_such_flag=1"], "no_such_flag"),
        (["--modle=5"], "modle"),
        (["--mode=measure"], "train_and_eval"),
        (["--model_type=resnet"], "--model_type must be one of vanilla|act|sact"),
        (["--model_type=act", "--finetune_path="], "--finetune_path must be a path"),
        (["--evaluate_once=perhaps"], "--evaluate_once must be true or false"),
        (["--num_examples=1e3"], "--num_examples must be a whole number. Received: "),
        (["--tau=small"], "--tau must be a number. Received: --tau=small"),
        (["--dataset=mnist"], "cifar10|cifar100|shapes|imagenet|folder"),
        (["--dataset=folder"], "--dataset=folder needs --dataset_dir, the folder with"),
        (["--dataset=folder", "--dataset_dir="], "--dataset_dir must be a path"),
        (["--dataset=imagenet", "--model=5"], "(50, 101, 152, 200)"),
        (["--dataset=cifar10", "--model=3_4_6_3"], "--model must be"),
        (["--base_channels=0"], "--base_channels must be at least 1"),
        (["--dataset=imagenet", "--image_size=0"], "--image_size must be at least 1"),
        (["--dataset=shapes", "--image_size=64"], "--image_size has a meaning for"),
        (["--dataset=cifar10", "--skip_bad_records"], "--skip_bad_records has a"),
        (["--mode=squeeze"], "--mode=squeeze needs --checkpoint_dir"),
        (["--mode=squeeze", "--train_log_dir=x", "--finetune_path=y"], "--finetune"),
        (["--jpeg_quality=9"], "--jpeg_quality has a meaning for --mode=attack alone"),
        (["--mode=eval", "--epsilon=0.1"], "--epsilon has a meaning for"),
        (["--mode=eval", "--force_rate=1"], "--force_rate has a meaning for"),
        (
            ["--benchmark_rounds=2"],
            "for --mode=benchmark and --mode=sweep alone. Received: --mode=train",
        ),
        (["--compute_budgets=1"], "--compute_budgets has a meaning for --mode=sweep"),
        (["--squeezed_path=x.keras"], "--squeezed_path is where --mode=squeeze"),
        (
            ["--mode=squeeze", "--checkpoint_dir=x", "--squeezed_path=x.h5"],
            "--squeezed_path must be a .weights.h5 or .keras file",
        ),
        (["--jit_compile=maybe"], "auto|true|false"),
        (["--model_type=sact", "--tau=-1"], "--tau must be at least 0"),
        (["--model_type=sact", "--tau=nan"], "--tau must be at least 0"),
        (["--model_type=sact", "--tau=inf"], "--tau must be at least 0"),
        (["--model_type=act", "--eps=1"], "--eps must be between 0 and 1"),
        (["--model=0"], "--model must be"),
        (["--model=5_5"], "--model must be"),
        (["--model=deep"], "--model must be"),
        (["--batch_size=0"], "--batch_size must be at least 1"),
        (["--batch_size=many"], "batch_size"),
        (["--eval_batch_size=-3"], "--eval_batch_size must be at least 1"),
        (["--max_number_of_steps=0"], "--max_number_of_steps must be at least 1"),
        (["--num_examples=0"], "--num_examples must be at least 1"),
        (["--learning_rate=0"], "--learning_rate must be above 0"),
        (["--eval_interval_secs=0"], "--eval_interval_secs must be above 0"),
        (["--eval_interval_steps=-1"], "--eval_interval_steps must be at least 0"),
        (["--save_interval_secs=-1"], "--save_interval_secs must be at least 0"),
        (["--seed=-1"], "--seed must be from 0"),
        (["--split_name=dev"], "train|test|validation"),
        (["--train_log_dir="], "--train_log_dir must be a path"),
        (["--flagfile=no_such_file.cfg"], "no_such_file.cfg"),
        (["--tau"], "tau"),
        (["cifar10"], "'cifar10'"),
        (["--tau=0.1"], "--tau has no meaning for a vanilla model"),
        (["--model_type=vanilla", "--eps=0.1"], "--eps has no meaning"),
        (["--dataset=shapes", "--dataset_dir=x"], "--dataset_dir has no meaning"),
        (["--mode=eval", "--train_log_dir=x", "--finetune_path=x"], "--mode=eval"),
        (["--mode=eval"], "--checkpoint_dir"),
        (["--mode=train", "--evaluate_once"], "--evaluate_once has no meaning"),
        (["--checkpoint_dir=elsewhere"], "--checkpoint_dir says"),
        ([*AIG, "--target_rate=1.5"], "--target_rate must be in [0, 1]"),
        ([*AIG, "--target_rate=nan"], "--target_rate must be in [0, 1]"),
        ([*AIG, "--target_rates=1,t"], "--target_rates must be 15 rates"),
        ([*AIG, "--target_rates=resnet50"], "Received: 16 rates"),
        (
            [*AIG, "--target_rates=resnet101", "--dataset=imagenet", "--model=50"],
            "--target_rates must be 16 rates",
        ),
        (
            [*AIG, "--model=1", "--target_rates=1,2,t"],
            "--target_rates must be in [0, 1]",
        ),
        ([*AIG, "--model=1", "--target_rates=1,high,t"], "--target_rates"),
        (
            [*AIG, "--model=1", "--target_rates=1,1,0.5", "--target_rate=0.5"],
            "--target_rate has no meaning where no t in --target_rates",
        ),
        ([*AIG, "--noise_until=1.5"], "--noise_until must be in [0, 1]"),
        (["--noise_until=1"], "--noise_until has no meaning for a vanilla model"),
        ([*AIG, "--gate_eval=best"], "deterministic|sample|expected"),
        ([*AIG, "--rate_weight=-1"], "--rate_weight must be at least 0"),
        (
            [*AIG, "--variant=sact"],
            "--variant must be aig or dynconv for --model_type=aig",
        ),
        ([*AIG, "--tau=0.1"], "--tau has no meaning for an aig model"),
        ([*AIG, "--dataset=imagenet", "--model=18"], "(50, 101, 152)"),
        (["--model_type=sact", "--variant=aig"], "--variant must be sact for"),
        (["--model_type=sact", "--variant=resnext"], "sact|aig|dynconv"),
        (
            ["--model_type=sact", "--gate_eval=sample"],
            "--gate_eval has no meaning for a",
        ),
        (["--model_type=dynconv", "--nogate_all_units"], "--gate_all_units has no"),
        (
            ["--model_type=dynconv", "--budget=1.5"],
            "--budget must be in (0, 1], or -1 for",
        ),
        (["--model_type=dynconv", "--budget=0"], "--budget must be in (0, 1], or -1"),
        (["--model_type=dynconv", "--budget=-0.5"], "Received: --budget=-0.5"),
        (["--model_type=dynconv", "--budget=nan"], "--budget must be in (0, 1]"),
        (["--model_type=dynconv", "--budget_weight=-1"], "--budget_weight must be"),
        ([*AIG, "--weight_decay=-1e-4"], "--weight_decay must be at least 0"),
        (["--model_type=sact", "--weight_decay=0.1"], "--weight_decay has no meaning"),
        ([*AIG, "--gate_learning_rate_factor=-1"], "factor must be at least 0"),
        (["--gate_learning_rate_factor=1"], "no meaning for a vanilla model"),
        (
            ["--decay_epochs=150,100"],
            "--decay_epochs must be epochs above 0 in increas",
        ),
        (["--decay_epochs=0,100"], "--decay_epochs must be"),
        (["--decay_epochs=a"], "--decay_epochs must be"),
        (["--decay_epochs="], "--decay_epochs must be"),
        (["--preprocessing=none"], "sact|aig|dynconv"),
        (["--mode=attack"], "--mode=attack needs --checkpoint_dir"),
        ([*ATTACK, "--epsilon=0"], "--epsilon must be in (0, 1]"),
        ([*ATTACK, "--epsilon=1.5"], "--epsilon must be in (0, 1]"),
        ([*ATTACK, "--jpeg_quality=0"], "--jpeg_quality must be from 1 to 100"),
        ([*ATTACK, "--attack=deepfool"], "--attack must be one of fgsm"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(arguments, said):
    with pytest.raises(UsageError) as refusal:
        parse(*arguments)
    message = str(refusal.value)
    assert said in message
    assert "\n" not in message


def test_every_method_has_its_arguments_in_the_table():
    assert {
        name: dict(method.arguments) for name, method in METHODS.items()
    } == METHOD_ARGUMENTS


def test_every_argument_of_a_method_is_a_flag():
    assert set(METHOD_FLAGS) <= Options().flags().keys()


def test_equal_models_resolve_equally():
    assert Options(model="5").resolve_model() == Options(model="5_5_5").resolve_model()


def test_what_is_given_as_it_would_be_anyway_is_the_same_run():
    for dataset, flags in (
        ("imagenet", {"image_size": 224, "base_channels": 64}),
        ("cifar10", {"base_channels": 16}),
    ):
        given = Options(dataset=dataset, **flags)
        assert given.resolve_model() == Options(dataset=dataset).resolve_model()
    other = Options(dataset="imagenet", image_size=96, base_channels=16)
    assert other.resolve_model().image_size == 96
    assert other.resolve_model().default_log_dir().endswith("101_base16_96px")


def test_log_dir_says_what_the_run_is():
    options = Options(dataset="cifar10", model_type="sact", tau=0.005).resolve_model()
    assert options.default_log_dir() == "runs/cifar10_sact_5_tau0.005"
    options = Options(dataset="shapes").resolve_model()
    assert options.default_log_dir() == "runs/shapes_vanilla_5"


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ({"model_type": "aig"}, "cifar10_aig_5_rate0.6"),
        ({"model_type": "aig", "variant": "dynconv"}, "cifar10_aig_5_dynconv_rate0.6"),
        (
            {"model_type": "aig", "model": "1", "target_rates": "1,t,t"},
            "cifar10_aig_1_rates_rate0.6",
        ),
        (
            {"model_type": "aig", "model": "1", "target_rates": "1,0.5,1"},
            "cifar10_aig_1_rates",
        ),
        ({"model_type": "dynconv"}, "cifar10_dynconv_5_budget0.5"),
        ({"model_type": "dynconv", "budget": -1.0}, "cifar10_dynconv_5_budget-1"),
        ({"variant": "aig"}, "cifar10_vanilla_5_aig"),
        ({"variant": "sact"}, "cifar10_vanilla_5"),
    ],
)
def test_log_dirs_of_gated_networks(flags, name):
    options = Options(dataset="cifar10", **flags).resolve_model()
    assert options.default_log_dir() == f"runs/{name}"


def test_method_arguments_are_those_of_the_method():
    options = Options(model_type="aig", target_rate=0.3).resolve_model()
    unset = {"target_rates", "rate_weight"}
    defaults = {
        name: value
        for name, value in METHOD_ARGUMENTS["aig"].items()
        if name not in unset
    }
    assert options.method_arguments == {**defaults, "target_rate": 0.3}
    assert (options.tau, options.budget) == (None, None)
    # A schedule without t leaves no meaning to the rate, not even the default's.
    options = options.replace(model="1", target_rates="1,0,1").resolve_model()
    assert options.target_rate is None
    assert "target_rate" not in options.method_arguments


@pytest.mark.parametrize(
    ("model_type", "expected"),
    [("sact", "sact"), ("vanilla", "sact"), ("aig", "aig"), ("dynconv", "dynconv")],
)
def test_variant_and_preprocessing_follow_the_model_type(model_type, expected):
    options = Options(model_type=model_type).resolve_model()
    assert (options.variant, options.preprocessing) == (expected, expected)
    options = Options(model_type=model_type, preprocessing="aig").resolve_model()
    assert (options.variant, options.preprocessing) == (expected, "aig")


def test_help_names_every_flag_with_its_default():
    text = help_text()
    for name in Options().flags():
        assert f"{name}=<" in text or f"[no]{name}" in text
    assert "(default 60.0)" in text
    assert "--flagfile" in text


def test_help_answers_at_once_without_tensorflow(project_root):
    command = [sys.executable, "-X", "importtime", "main.py", "--help"]
    begin = time.monotonic()
    finished = subprocess.run(
        command, cwd=project_root, capture_output=True, text=True, check=True
    )
    assert time.monotonic() - begin < 3
    assert "--model_type=<vanilla|act|sact" in finished.stdout
    modules = {line.rpartition("|")[2].strip() for line in finished.stderr.splitlines()}
    assert "sact_keras.training.flags" in modules
    assert not modules & {"tensorflow", "keras"}
