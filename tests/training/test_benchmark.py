"""`--mode=benchmark`, in this process."""

import functools
import json

import numpy as np
import pytest
from PIL import Image
from tiny_training import TinyDataset, tiny_model, tiny_options

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training import benchmark as benchmark_module
from sact_keras.training import driver
from sact_keras.training.benchmark_lists import parse_batch_sizes, parse_force_rates
from sact_keras.training.build import build_for_training
from sact_keras.training.command_line import main
from sact_keras.training.run_config import RunConfig

TINY = ("--mode=benchmark", "--model=1", "--base_channels=4", "--benchmark_rounds=1")


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """A function from flags to (exit code, standard output, standard error)."""

    def start(*flags):
        code = main(["main.py", *flags])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    monkeypatch.chdir(tmp_path)
    quick = functools.partial(benchmark_module.benchmark, turn_seconds=0)
    monkeypatch.setattr(benchmark_module, "benchmark", quick)
    return start


@pytest.fixture
def measured(monkeypatch):
    """Records what would be measured: (model, images, ...)."""
    recorded = []

    def benchmark(model, images, *arguments, **others):
        recorded.append((model, images, arguments, others))
        return {"header": {"image_size": [1, 1]}, "cases": []}

    monkeypatch.setattr(benchmark_module, "benchmark", benchmark)
    monkeypatch.setattr(benchmark_module, "_write", lambda *result: None)
    return recorded


def test_a_table_a_file_and_a_picture(run, tmp_path):
    flags = ("--model_type=aig", "--benchmark_batch_sizes=2,1", "--force_rate=0.5")
    code, printed, errors = run(*TINY, *flags, "--eval_dir=found")
    assert code == 0, errors
    report = json.loads((tmp_path / "found" / "benchmark.json").read_text())
    assert [case["batch_size"] for case in report["cases"]] == [2, 1]
    assert {case["force_rate"] for case in report["cases"]} == {0.5}
    header = report["header"]
    assert header["weights"] == "fresh, of seed 0"
    assert header["images"] == "random, 32x32"
    assert header["compression"]["sparsity"] == 0.0
    assert header["compression"]["weights_gzip_bytes"] > 0
    assert header["command"].startswith("main.py --mode=benchmark --model=1 ")
    assert header["model"]["model_type"] == "aig"
    for case in report["cases"]:
        assert f" {case['efficiency']:.3f} " in printed
    assert header["command"] in printed
    picture = Image.open(tmp_path / "found" / "benchmark.png")
    assert np.asarray(picture.convert("L")).std() > 1
    assert sorted(path.name for path in (tmp_path / "found").iterdir()) == [
        "benchmark.json",
        "benchmark.png",
    ]


def test_results_of_fresh_weights_lie_beside_the_runs(run, monkeypatch, tmp_path):
    written = []
    monkeypatch.setattr(
        benchmark_module, "_write", lambda report, directory, step: written.append(step)
    )
    monkeypatch.setattr(
        driver, "check_writable", lambda path, flag: written.append(path)
    )
    run(*TINY, "--model_type=sact", "--benchmark_batch_sizes=1")
    directory, step = written
    assert str(directory) == "runs/cifar10_sact_1_tau0.01_base4_benchmark"
    assert step is None


def test_what_was_asked_for_is_measured(run, measured):
    flags = ("--benchmark_batch_sizes=3,5", "--force_rate=0.25,1", "--seed=4")
    run(*TINY, "--model_type=dynconv", "--dataset=cifar100", *flags)
    ((model, images, arguments, others),) = measured
    assert (model.model_type, model.num_classes) == ("dynconv", 100)
    assert arguments == ((3, 5), (0.25, 1.0))
    assert others == {"rounds": 1, "seed": 4}
    assert images.shape == (5, 32, 32, 3)
    assert images.dtype == np.float32
    assert abs(images.mean()) < 0.1
    assert images.std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("flags", "side"), [((), 224), (("--image_size=96",), 96)])
def test_random_images_of_imagenet(run, measured, flags, side):
    imagenet = ("--dataset=imagenet", "--model=1_1_1_1", "--base_channels=4")
    run("--mode=benchmark", *imagenet, "--benchmark_batch_sizes=1", *flags)
    assert measured[0][1].shape == (1, side, side, 3)
    assert measured[0][0].num_classes == 1001


@pytest.mark.parametrize("flag", ["--split_name=test", "--num_examples=2"])
def test_images_of_a_data_set(run, measured, monkeypatch, flag):
    dataset = TinyDataset()
    monkeypatch.setattr(driver, "open_dataset", lambda *names, **options: dataset)
    flags = ("--dataset=shapes", "--benchmark_batch_sizes=5,1", flag)
    _, printed, _ = run(*TINY, *flags)
    images = measured[0][1]
    number = 2 if flag == "--num_examples=2" else 5
    expected, _ = next(iter(dataset.evaluation_batches(number)))
    np.testing.assert_array_equal(images, expected)
    assert "images: shapes/test" in printed


def test_the_weights_of_a_run(run, measured, monkeypatch, tmp_path):
    options = tiny_options(tmp_path, model_type="aig", base_channels=4, target_rate=0.3)
    RunConfig.of(options).write(tmp_path)
    trained = build_for_training(options.replace(seed=9), TinyDataset())
    trained.optimizer.build(trained.trainable_variables)
    CheckpointStore(tmp_path / "checkpoints").save(trained, 7)
    written = []
    monkeypatch.setattr(
        benchmark_module, "_write", lambda *result: written.append(result[1:])
    )
    code, printed, errors = run("--mode=benchmark", f"--checkpoint_dir={tmp_path}")
    assert code == 0, errors
    ((model, images, _, _),) = measured
    assert model.model_type == "aig"
    for weight, expected in zip(model.weights, trained.weights, strict=True):
        np.testing.assert_array_equal(weight, expected, err_msg=weight.path)
    assert images.shape == (32, 32, 32, 3)
    assert f"weights: {tmp_path}/checkpoints/step-00000007\n" in printed
    assert written == [(tmp_path / "eval", 7)]


def test_a_file_of_weights(run, measured, tmp_path):
    path = tmp_path / "small.weights.h5"
    model = tiny_model("act", model="1")
    model.save_weights(path)
    code, _, errors = run(*TINY, "--model_type=act", f"--checkpoint_dir={path}")
    assert code == 0, errors
    for weight, expected in zip(measured[0][0].weights, model.weights, strict=True):
        np.testing.assert_array_equal(weight, expected)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--force_rate=0.5",), "--force_rate must be None for a network that decides"),
        (
            ("--model_type=dynconv", "--budget=-1", "--force_rate=1"),
            "--force_rate must be None",
        ),
        (("--force_rate=1.5",), r"--force_rate must be numbers in [0, 1]"),
        (("--force_rate=half",), "Received: force_rate=half"),
        (("--benchmark_batch_sizes=8,0",), "--benchmark_batch_sizes must be whole"),
        (("--benchmark_rounds=0",), "--benchmark_rounds must be at least 1"),
        (("--image_size=64",), "--image_size has a meaning for --dataset=imagenet"),
        (("--finetune_path=x",), "--mode=benchmark does not take it"),
    ],
)
def test_what_cannot_be_meant(run, tmp_path, flags, said):
    code, printed, errors = run(*TINY[:-1], *flags)
    assert code == 2
    assert said in errors.splitlines()[-1]
    assert printed == ""
    assert list(tmp_path.iterdir()) == []


def test_no_checkpoint(run, tmp_path):
    code, _, errors = run("--mode=benchmark", f"--checkpoint_dir={tmp_path / 'none'}")
    assert code == 1
    assert "no checkpoint at" in errors


@pytest.mark.parametrize(("text", "sizes"), [("1", (1,)), ("128, 32,1", (128, 32, 1))])
def test_batch_sizes(text, sizes):
    assert parse_batch_sizes(text) == sizes


@pytest.mark.parametrize("text", ["", "0", "1,", "-1", "2.5", "1;2", "many"])
def test_no_batch_sizes(text):
    with pytest.raises(ValueError, match=f"Received: benchmark_batch_sizes={text}$"):
        parse_batch_sizes(text)


def test_rates():
    assert parse_force_rates(None) is None
    assert parse_force_rates("0.5") == (0.5,)
    assert parse_force_rates("0.1,0.25, 1") == (0.1, 0.25, 1.0)


@pytest.mark.parametrize("text", ["", "0.5,", "-0.1", "1.01", "nan", "inf", "0.5;1"])
def test_no_rates(text):
    with pytest.raises(ValueError, match=f"Received: force_rate={text}$"):
        parse_force_rates(text)
