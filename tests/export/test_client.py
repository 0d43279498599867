"""The client's command line, in a process of its own, against a real server."""

import json
import socket
import subprocess
import sys

import keras
import pytest
from conftest import PROJECT_ROOT
from exported_networks import draw_pixels
from PIL import Image
from serving.rest_server import serve_rest
from serving.served_model import ServedModel
from serving.tiny_server import LABELS, MODEL_NAME, serve_tiny_model, write_pictures

import sact_keras
from export.client import CLIENT
from sact_keras import data


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serve_tiny_model(tmp_path_factory.mktemp("tiny")) as server:
        yield server


@pytest.fixture
def pictures(tmp_path):
    return write_pictures(tmp_path)


def run_client(*flags):
    finished = subprocess.run(
        [sys.executable, "-m", "export.client", *flags],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return finished.returncode, finished.stdout, finished.stderr


@pytest.fixture
def ask(server, pictures):
    """A function from further flags to exit code, standard output and error."""

    def start(*flags, address=None, pattern="*.jpg"):
        return run_client(
            f"--server={address or server.url}",
            f"--model_name={MODEL_NAME}",
            f"--images_pattern={pictures[0].parent / pattern}",
            *flags,
        )

    return start


def test_prints_classes_and_cost_of_each_file(ask, pictures, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(LABELS))
    code, out, err = ask(f"--labels_path={labels}", "--top_k=1", "--batch_size=2")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[::3] == [str(path) for path in pictures]
    for line, (number, name) in zip(
        lines[1::3], ((2, "blue"), (1, "green"), (0, "red")), strict=True
    ):
        assert line.endswith(f"  {name} ({number})")
    assert set(lines[2::3]) == {"  1.28e-07 GFLOPs, 6 units"}


def test_json_budget_version_and_more_classes_than_the_model_chooses(ask, pictures):
    code, out, err = ask(
        "--output=json", "--compute_budget=0.5", "--version=1", "--top_k=3"
    )
    assert (code, err) == (0, "")
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["file"] for answer in answers] == [str(path) for path in pictures]
    for answer in answers:
        assert answer["flops"] == 64
        assert answer["num_units"] == 1.5
        assert len(answer["classes"]) == 3
        assert sum(found["score"] for found in answer["classes"]) == pytest.approx(1)


def test_heatmaps_are_pictures_of_the_images_size(ask, pictures, tmp_path):
    folder = tmp_path / "maps"
    code, out, _ = ask(f"--heatmaps_dir={folder}")
    assert code == 0
    for path in pictures:
        heatmap = folder / f"{path.stem}_heatmap.png"
        assert f"  {heatmap}" in out.splitlines()
        with Image.open(heatmap) as image:
            assert image.size == (16, 8)


def test_a_corrupt_image_is_named_and_the_others_are_answered(ask, pictures):
    pictures[1].write_bytes(pictures[1].read_bytes()[:50])
    code, out, err = ask("--output=json")
    assert code == 1
    assert [json.loads(line)["file"] for line in out.splitlines()] == [
        str(pictures[0]),
        str(pictures[2]),
    ]
    assert err.startswith("export.client: error: 1 of 3 images were refused: ")
    assert f"{pictures[1]}: " in err
    assert "HTTP 400" in err
    assert len(err.splitlines()) == 1


def test_nobody_listens(ask):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    code, out, err = ask(address=address)
    assert (code, out) == (1, "")
    assert err.startswith(f"export.client: error: {address} cannot be reached: ")
    assert len(err.splitlines()) == 1


@pytest.fixture
def call(capsys):
    """As `ask`, from all flags and in this process: to code, output and error."""

    def start(*flags):
        code = CLIENT(["export.client", *flags])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return start


def test_grpc_answers_as_rest_does(server, call, pictures):
    pytest.importorskip("tensorflow_serving", reason="needs the extra [serving]")
    from serving.grpc_server import serve_grpc

    flags = [f"--model_name={MODEL_NAME}", "--output=json", "--compute_budget=inf"]
    flags.append(f"--images_pattern={pictures[0].parent}/*.jpg")
    with serve_grpc(server.model) as address:
        answered = call(f"--server={address}", *flags)
    assert answered == call(f"--server={server.url}", *flags)
    assert answered[0] == 0
    assert len(answered[1].splitlines()) == 3


def test_an_exported_network_answers_as_it_does_in_python(call, tmp_path):
    model = sact_keras.build_model("aig", model="1", base_channels=4)
    sact_keras.export_saved_model(model, tmp_path / "aig", dataset="cifar10")
    pixels = draw_pixels(3, 32, 32)
    for number, image in enumerate(pixels.astype("uint8")):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    normalize = data.open_dataset("shapes").normalize
    outputs = model(normalize(pixels, preprocessing="aig"), training=False)
    probabilities = keras.ops.softmax(outputs["logits"]).numpy()
    with serve_rest(ServedModel("aig", tmp_path / "aig")) as server:
        code, out, err = call(
            f"--server={server.url}",
            "--model_name=aig",
            f"--images_pattern={tmp_path}/*.png",
            "--output=json",
        )
    assert (code, err) == (0, "")
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["flops"] for answer in answers] == outputs["flops"].numpy().tolist()
    for answer, expected in zip(answers, probabilities, strict=True):
        ids = [found["id"] for found in answer["classes"]]
        assert ids == expected.argsort()[::-1][:5].tolist()
        scores = [found["score"] for found in answer["classes"]]
        assert scores == pytest.approx(expected[ids].tolist(), abs=1e-5)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--model_name=m"], "--images_pattern must be given"),
        (["--images_pattern=x"], "--model_name must be given"),
        (["--server=host:1"], "--server must be http://host:port"),
        (["--top_k=0"], "--top_k must be at least 1. Received: --top_k=0"),
        (["--batch_size=0"], "--batch_size must be at least 1"),
        (["--timeout_s=0"], "--timeout_s must be a number of seconds above 0"),
        (["--timeout_s=nan"], "--timeout_s must be a number of seconds above 0"),
        (["--compute_budget=-1"], "--compute_budget must be at least 0"),
        (["--compute_budget=nan"], "--compute_budget must be at least 0"),
        (["--output=xml"], "--output must be one of text|json"),
        (["--signature="], "--signature must be given"),
        (["--signature=x_with_budget"], "--compute_budget must be given"),
        (["--compute_budget=1", "--heatmaps_dir=x"], "does not go with"),
        (["--no_such_flag"], "Unknown command line flag"),
    ],
)
def test_flags_that_cannot_be_meant(call, flags, message):
    given = {flag.partition("=")[0] for flag in flags}
    if not given & {"--model_name", "--images_pattern"}:
        flags = ["--model_name=m", "--images_pattern=x", *flags]
    code, _, err = call(*flags)
    assert code == 2
    assert message in err
    assert len(err.splitlines()) == 1


def test_grpc_without_the_extra(call, pictures, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis.predict_pb2", None)
    code, _, err = call(
        "--server=grpc://127.0.0.1:1",
        "--model_name=m",
        f"--images_pattern={pictures[0]}",
    )
    assert code == 1
    assert "a client of gRPC needs" in err
    assert "pip install 'sact_keras[serving]'" in err
    assert len(err.splitlines()) == 1


def test_files_that_are_not_there(call, tmp_path):
    pattern = f"--images_pattern={tmp_path}/*.jpg"
    code, _, err = call("--model_name=m", pattern)
    assert code == 1
    assert f"{pattern}, of which there is none" in err


def test_labels_that_are_not_there(call, pictures, tmp_path):
    code, _, err = call(
        "--model_name=m",
        f"--images_pattern={pictures[0]}",
        f"--labels_path={tmp_path}/none.txt",
    )
    assert code == 1
    assert "none.txt" in err
    assert len(err.splitlines()) == 1
