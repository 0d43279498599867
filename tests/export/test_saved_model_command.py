"""`python -m export.saved_model`, in this process: a start takes seconds."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from exported_networks import draw_pixels

import sact_keras
from export.saved_model import SAVED_MODEL
from sact_keras.serving.image_preparation import ImagePreparation


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A model, and the .keras file that it is saved in."""
    model = sact_keras.build_model("vanilla", model="1", base_channels=4)
    path = tmp_path_factory.mktemp("checkpoint") / "small.keras"
    model.save(path)
    return model, path


@pytest.fixture
def run(capsys):
    """A function from flags to (exit code, standard output, standard error)."""

    def start(*flags):
        code = SAVED_MODEL(["export.saved_model", *flags])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return start


def test_a_checkpoint(run, checkpoint, tmp_path):
    model, path = checkpoint
    export_dir = tmp_path / "tiny"
    flags = (
        f"--checkpoint_dir={path}",
        f"--export_dir={export_dir}",
        "--dataset=cifar10",
        "--preprocessing=aig",
    )
    code, printed, _ = run(*flags, "--top_k=2", "--serving_config")
    assert (code, printed) == (0, f"{export_dir}/1\n")
    images = draw_pixels(2, 32, 32)
    serve = tf.saved_model.load(export_dir / "1").signatures["serving_default"]
    found = serve(images=tf.constant(images))
    prepared = ImagePreparation("cifar", "aig", (32, 32)).normalize(images)
    expected = tf.nn.softmax(model(prepared, training=False)["logits"])
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-4)
    assert found["classes"].shape == (2, 2)
    card = json.loads((export_dir / "1" / "model_card.json").read_text())
    assert card["checkpoint"] == {"path": str(path), "step": None}
    assert card["flags"]["base_channels"] == 4
    assert 'name: "tiny"' in (export_dir / "models.config").read_text()

    code, printed, errors = run(*flags, "--version=1")
    assert (code, printed) == (1, "")
    assert errors.splitlines()[-1].startswith("export.saved_model: error: version must")
    code, printed, _ = run(*flags, "--version=1", "--overwrite", "--execution=masked")
    assert (code, printed) == (0, f"{export_dir}/1\n")
    card = json.loads((export_dir / "1" / "model_card.json").read_text())
    assert card["execution"] == "masked"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--export_dir=x"], "--checkpoint_dir (or --train_log_dir) must say which"),
        (["--checkpoint_dir=x"], "--export_dir must say where"),
        (["--top_k=0"], "--top_k must be at least 1. Received: --top_k=0"),
        (["--version=0"], "--version must be at least 1"),
        (["--version=new"], "--version must be a whole number"),
        (["--execution=sparse"], "--execution must be one of compact|masked"),
        (["--ponder_image_size=0"], "--ponder_image_size must be at least 1"),
        (["--model_name=a"], "--model_name has a meaning with --serving_config"),
        (["--tau=-1"], "--tau must be at least 0"),
        (["--batch_size=3"], "Unknown command line flag 'batch_size'"),
        (["export"], "every argument must be a flag"),
    ],
)
def test_flags_that_cannot_be_meant(run, flags, said):
    if not said.startswith(("--checkpoint_dir", "--export_dir")):
        flags = ["--checkpoint_dir=x", "--export_dir=x", *flags]
    code, printed, errors = run(*flags)
    assert (code, printed) == (2, "")
    assert errors.startswith(f"export.saved_model: error: {said}")


def test_a_checkpoint_that_is_not_there(run, tmp_path):
    code, printed, errors = run(
        f"--checkpoint_dir={tmp_path}/absent", f"--export_dir={tmp_path}/new"
    )
    assert (code, printed) == (1, "")
    assert "export.saved_model: error: no checkpoint at" in errors
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_does_not_say_what_it_is_of(run, checkpoint, tmp_path):
    model, _ = checkpoint
    path = tmp_path / "small.weights.h5"
    model.save_weights(path)
    code, _, errors = run(f"--checkpoint_dir={path}", f"--export_dir={tmp_path}/new")
    assert code == 2
    assert "does not say what it is of needs --dataset" in errors


def test_labels(run, checkpoint, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("cat\ndog\n")
    flags = (
        f"--checkpoint_dir={checkpoint[1]}",
        f"--export_dir={tmp_path}/new",
        f"--labels_path={labels}",
        "--dataset=cifar10",
    )
    code, _, errors = run(*flags)
    assert code == 1
    assert "must name the model's 10 classes" in errors
    labels.write_text("".join(f"class {i}\n" for i in range(10)))
    assert run(*flags)[0] == 0
    exported = tmp_path / "new" / "1" / "assets" / "labels.txt"
    assert exported.read_text() == labels.read_text()


def test_help_is_immediate(project_root):
    begin = time.monotonic()
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "export.saved_model", "--help"],
        cwd=project_root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert time.monotonic() - begin < 10
    for flag in ("--export_dir", "--checkpoint_dir", "--model_type", "--tau"):
        assert f"  {flag}=" in finished.stdout
    assert "--batch_size" not in finished.stdout
    for framework in ("tensorflow", "keras", "numpy"):
        assert f" {framework}\n" not in finished.stderr
