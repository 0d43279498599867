import subprocess
import sys
import time

import pytest

from sact_keras.models import METHODS
from sact_keras.models.presets import METHOD_ARGUMENTS
from sact_keras.training.flags import help_text, parse_options
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError


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


@pytest.mark.parametrize("name", ["vanilla", "act", "sact"])
@pytest.mark.parametrize(("dataset", "model"), [("cifar10", "5"), ("imagenet", "101")])
def test_configs_of_the_repository(project_root, dataset, model, name):
    path = project_root / "configs" / f"{dataset}_{name}.cfg"
    options = parse(f"--flagfile={path}")
    expected = (dataset, name, model)
    assert (options.dataset, options.model_type, options.model) == expected
    # The recipe is said in full, and is the one that is used without a flagfile.
    recipe = Options(dataset=dataset).resolve_schedule()
    for flag in ("max_number_of_steps", "batch_size", "learning_rate"):
        assert getattr(options, flag) == getattr(recipe, flag)
    assert f"--flagfile=configs/{path.name}" in path.read_text().splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no_such_flag=1"], "no_such_flag"),
        (["--modle=5"], "modle"),
        (["--mode=benchmark"], "train_and_eval"),
        (["--model_type=resnet"], "--model_type must be one of vanilla|act|sact"),
        (["--model_type=act", "--finetune_path="], "--finetune_path must be a path"),
        (["--evaluate_once=perhaps"], "--evaluate_once must be true or false"),
        (["--num_examples=1e3"], "--num_examples must be a whole number. Received: "),
        (["--tau=small"], "--tau must be a number. Received: --tau=small"),
        (["--dataset=mnist"], "cifar10|cifar100|shapes|imagenet"),
        (["--dataset=imagenet", "--model=5"], "(50, 101, 152, 200)"),
        (["--dataset=cifar10", "--model=3_4_6_3"], "--model must be"),
        (["--base_channels=0"], "--base_channels must be at least 1"),
        (["--dataset=imagenet", "--image_size=0"], "--image_size must be at least 1"),
        (["--dataset=shapes", "--image_size=64"], "--image_size has a meaning for"),
        (["--dataset=cifar10", "--skip_bad_records"], "--skip_bad_records has a"),
        (["--mode=squeeze"], "--mode=squeeze needs --checkpoint_dir"),
        (["--mode=squeeze", "--train_log_dir=x", "--finetune_path=y"], "--finetune"),
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
        (["--model_type=vanilla", "--finetune_path=x"], "--finetune_path needs"),
        (["--mode=eval", "--train_log_dir=x", "--finetune_path=x"], "--mode=eval"),
        (["--mode=eval"], "--checkpoint_dir"),
        (["--mode=train", "--evaluate_once"], "--evaluate_once has no meaning"),
        (["--checkpoint_dir=elsewhere"], "--checkpoint_dir says"),
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
