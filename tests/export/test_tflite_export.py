"""`python -m export.tflite`, in this process: a start takes seconds."""

import hashlib
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from tiny_checkpoints import TinyCheckpoints, use_tiny_data

from export.tflite import TFLITE
from sact_keras.compression import TFLiteModel


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return TinyCheckpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(autouse=True)
def tiny_data(monkeypatch):
    use_tiny_data(monkeypatch)


@pytest.fixture
def run(capsys):
    """A function from flags to (exit code, standard output, standard error)."""

    def start(*flags):
        code = TFLITE(["export.tflite", *map(str, flags)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return start


def flags_for(checkpoint, path):
    return (
        f"--checkpoint_dir={checkpoint}",
        f"--tflite_path={path}",
        "--dataset=shapes",
    )


@pytest.mark.fast_with("vanilla-int8")
@pytest.mark.parametrize(
    ("model_type", "quantization"), [("vanilla", "int8"), ("sact", "none")]
)
def test_a_checkpoint(run, checkpoints, tmp_path, model_type, quantization):
    path = tmp_path / "files" / "tiny.tflite"
    code, printed, errors = run(
        *flags_for(checkpoints(model_type), path), f"--quantization={quantization}"
    )
    assert code == 0, errors
    *lines, last = printed.splitlines()
    assert last == str(path)
    values = {name: float(value) for name, value in _read(lines)}
    assert 0 <= values["tflite/Accuracy"] <= 1
    assert values["Size/tflite"] == path.stat().st_size
    assert values["Size/tflite, gzip"] < values["Size/tflite"]
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "tiny.json",
        "tiny.tflite",
    ]
    card = json.loads(path.with_suffix(".json").read_text())
    tflite = card["tflite"]
    assert tflite["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert tflite["comparison"]["num_examples"] == 24
    assert tflite["comparison"]["tflite/Agreement"] == values["tflite/Agreement"]
    assert tflite["bytes"]["Size/tflite"] == values["Size/tflite"]
    assert card["checkpoint"]["path"] == str(checkpoints(model_type))
    assert card["data"]["classes"] is not None
    if quantization == "none":
        assert values["tflite/Agreement"] == values["tflite/Same Flops"] == 1
        assert values["tflite/Total Flops/mean"] == values["Total Flops/mean"]
        assert values["tflite/Accuracy"] == values["eval/Accuracy"]
        assert values["tflite/Flops Difference"] == 0
        assert tflite["calibration"] is None
    else:
        assert values["Size/tflite"] < values["Size/float32 weights"] * 2
        assert tflite["calibration"] == {
            "split": "train",
            "num_examples": 300,
            "seed": 0,
        }
    # What the card says of the ends is so.
    outputs = TFLiteModel(path)(np.zeros(tflite["inputs"]["images"]["shape"], "uint8"))
    assert {
        name: {"dtype": value.dtype.name, "shape": list(value.shape)}
        for name, value in outputs.items()
    } == {
        name: {key: said[key] for key in ("dtype", "shape")}
        for name, said in tflite["outputs"].items()
    }


@pytest.mark.slow
def test_the_same_flags_give_the_same_file(run, checkpoints, tmp_path):
    paths = [tmp_path / f"{name}.tflite" for name in ("first", "again", "other")]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        flags = flags_for(checkpoints("vanilla"), path)
        given = ("--quantization=int8", "--calibration_examples=3", f"--seed={seed}")
        assert run(*flags, *given)[0] == 0
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again
    assert first != other


def test_a_file_that_disagrees_is_not_written(run, checkpoints, tmp_path, monkeypatch):
    path = tmp_path / "tiny.tflite"
    path.write_bytes(b"of yesterday")
    answer = TFLiteModel.__call__
    monkeypatch.setattr(
        TFLiteModel,
        "__call__",
        lambda self, images: {"probabilities": -answer(self, images)["probabilities"]},
    )
    code, printed, errors = run(
        *flags_for(checkpoints("vanilla"), path), "--minimum_agreement=0.98"
    )
    assert (code, printed) == (1, "")
    assert "error: --minimum_agreement must be at most the share of" in errors
    assert path.read_bytes() == b"of yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_that_breaks_leaves_nothing(run, checkpoints, tmp_path, monkeypatch):
    def break_off(self, images):
        raise KeyboardInterrupt

    monkeypatch.setattr(TFLiteModel, "__call__", break_off)
    with pytest.raises(KeyboardInterrupt):
        run(*flags_for(checkpoints("vanilla"), tmp_path / "tiny.tflite"))
    assert list(tmp_path.iterdir()) == []


def test_gates_that_draw_are_refused(run, checkpoints, tmp_path):
    checkpoint = checkpoints("aig", gate_eval="sample")
    code, printed, errors = run(*flags_for(checkpoint, tmp_path / "aig.tflite"))
    assert (code, printed) == (2, "")
    said = errors.splitlines()[-1]
    assert re.search("gate_eval must be .*Received: gate_eval='sample'", said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--checkpoint_dir=x"], "--tflite_path must name the file that is written"),
        (["--tflite_path=x.tflite"], "--checkpoint_dir (or --train_log_dir) must say"),
        (["--tflite_path=x.bin"], "--tflite_path must name the file that is written"),
        (["--execution=compact"], "--execution must be masked: the shapes of compact"),
        (["--quantization=int4"], "--quantization must be one of none|float16|dynamic"),
        (["--batch_size=0"], "--batch_size must be at least 1"),
        (["--calibration_examples=0"], "--calibration_examples must be at least 1"),
        (["--calibration_split=test"], "--calibration_split has a meaning with"),
        (["--minimum_agreement=2"], "--minimum_agreement must be in [0, 1]"),
        (["--num_examples=0"], "--num_examples must be at least 1"),
        (["--model_type=aig", "--gate_eval=sample"], "--gate_eval must be determin"),
        (["--version=1"], "Unknown command line flag 'version'"),
    ],
)
def test_flags_that_cannot_be_meant(run, flags, said):
    if "--checkpoint_dir" not in said and flags != ["--checkpoint_dir=x"]:
        flags = ["--checkpoint_dir=x", *flags]
    if "--tflite_path" not in said and not flags[0].startswith("--tflite_path"):
        flags = ["--tflite_path=x.tflite", *flags]
    code, printed, errors = run(*flags)
    assert (code, printed) == (2, "")
    assert errors.startswith(f"export.tflite: error: {said}")


def test_a_checkpoint_that_is_not_there(run, tmp_path):
    code, printed, errors = run(
        *flags_for(tmp_path / "absent", tmp_path / "new" / "tiny.tflite")
    )
    assert (code, printed) == (1, "")
    assert "export.tflite: error: no checkpoint at" in errors
    assert list(tmp_path.iterdir()) == []


def test_help_imports_no_framework(project_root):
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "export.tflite", "--help"],
        cwd=project_root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for flag in ("--tflite_path", "--quantization", "--checkpoint_dir", "--seed"):
        assert f"  {flag}=" in finished.stdout
    for framework in ("tensorflow", "keras", "numpy"):
        assert f" {framework}\n" not in finished.stderr


def _read(lines):
    return [re.fullmatch(r"(.+)\[(.+)\]", line).groups() for line in lines]
