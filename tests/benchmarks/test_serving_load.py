"""The load test: it passes what is right, and finds what is wrong."""

import json

import pytest
import tensorflow as tf

from benchmarks import serving_load
from benchmarks.serving_load import LoadTest, find_faults, main
from benchmarks.serving_requests import Kind, Request, RequestPool


class Served(tf.Module):
    """What an exported network is like, in a few operations.

    Args:
        leak: How much of an image's neighbours it sees.
        refuse: Whether it refuses batches of eight.
    """

    def __init__(self, leak=0.0, refuse=False):
        super().__init__()
        self.leak, self.refuse = leak, refuse

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None, 3], tf.float32, name="images")
        ]
    )
    def serve(self, images):
        logits = tf.reduce_mean(images, (1, 2)) / 255
        logits += self.leak * tf.reduce_mean(logits, axis=0)
        if self.refuse:
            tf.debugging.assert_none_equal(
                tf.shape(images)[0], 8, message="eight images"
            )
        probabilities = tf.nn.softmax(logits * [1.0, 2.0, 3.0])
        scores, classes = tf.math.top_k(probabilities, 2)
        flops = tf.cast(1000 + 1e6 * logits[:, 0], tf.int64)
        return {
            "probabilities": probabilities,
            "scores": scores,
            "classes": classes,
            "flops": flops,
        }


def save(directory, **faults):
    served = Served(**faults)
    tf.saved_model.save(served, directory, {"serving_default": served.serve})
    return directory


def load_pool(directory):
    pool = RequestPool(tf.saved_model.load(directory).signatures, image_size=8)
    pool.run_alone()
    return pool


def test_what_is_right_passes(tmp_path, capsys):
    path = tmp_path / "found.json"
    main(
        [
            f"--saved_model={save(tmp_path / 'model')}",
            "--requests=200",
            "--threads=4",
            "--image_size=8",
            "--memory_slope=1000",
            f"--json={path}",
        ]
    )
    report = json.loads(path.read_text())
    assert report["results"] == {"equal": 200}
    assert sum(k["requests"] for k in report["milliseconds"].values()) == 200
    assert all(0 < k["p50"] <= k["p99"] for k in report["milliseconds"].values())
    assert report["machine"]["processor"]
    printed = capsys.readouterr().out
    assert "200 requests from 4 threads" in printed
    assert "| serving_default, 3 x 8x8 |" in printed


@pytest.mark.parametrize(("leak", "verdict"), [(0.1, "different"), (0.002, "near tie")])
def test_results_that_depend_on_neighbours_are_found(leak, verdict, tmp_path):
    report = LoadTest(load_pool(save(tmp_path, leak=leak)), 50, threads=2).run()
    assert report["results"][verdict] > 10
    assert find_faults(report, memory_slope=1e6)


def test_an_error_is_counted_and_said(tmp_path):
    report = LoadTest(load_pool(save(tmp_path, refuse=True)), 60, threads=2).run()
    assert 0 < report["results"]["error"] < 60
    assert len(report["faults"]) == report["results"]["error"]
    assert "serving_default, 8 x 8x8: InvalidArgumentError" in report["faults"][0]


def test_growing_memory_is_found(tmp_path, monkeypatch):
    pool = load_pool(save(tmp_path))
    memory = iter(range(1000))
    monkeypatch.setattr(serving_load, "resident_memory", lambda: next(memory))
    report = LoadTest(pool, 100, threads=1).run()
    assert report["memory"]["slope"] == pytest.approx(1000)
    (fault,) = find_faults(report, memory_slope=20.0)
    assert "memory grows by 1000.0 MiB" in fault


def test_classes_of_tied_scores_may_change_places(tmp_path):
    pool = load_pool(save(tmp_path))
    request = Request(Kind("serving_default", 1, "8x8"), (1,))
    found = pool.send(request)
    assert pool.compare(request, found) == "equal"
    found["classes"] = found["classes"][:, ::-1]
    assert pool.compare(request, found) == "different"
    alone = pool._alone["serving_default", "8x8", 1]
    alone["probabilities"][:] = found["probabilities"][:] = 1 / 3
    alone["scores"][:] = found["scores"][:] = 1 / 3
    assert pool.compare(request, found) == "equal"


@pytest.mark.parametrize("path", ["absent", "."])
def test_what_is_no_saved_model_is_refused(path, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main([f"--saved_model={path}"])
    assert stopped.value.code == 2
    assert f"SavedModel. Received: '{path}'" in capsys.readouterr().err


def test_another_saved_model_is_refused(tmp_path):
    served = Served()
    tf.saved_model.save(served, tmp_path, {"predict": served.serve})
    with pytest.raises(SystemExit, match=r"Received: .*\['predict'\]"):
        main([f"--saved_model={tmp_path}"])


@pytest.mark.parametrize(
    ("name", "requests", "threads"),
    [
        ("aig", 100, 4),
        *(
            pytest.param(name, 2000, 8, marks=pytest.mark.slow)
            for name in ("aig", "sact", "dynconv_imagenet")
        ),
    ],
)
def test_an_exported_network_under_load(name, requests, threads, exported):
    pool = load_pool(exported(name))
    report = LoadTest(pool, requests, threads).run()
    # A hundred requests are too few to tell a slope from noise.
    limit = 20.0 if requests > 1000 else 1e6
    assert not find_faults(report, limit), report
