"""The SavedModel's speed, loading time and size: what is measured, and its report."""

import json

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import serving_speed
from benchmarks.serving_speed import build, describe, in_python, main, measure_speed
from sact_keras.data.preprocessing import PREPROCESSING

TINY = serving_speed.CASES["aig"]._replace(model="1_2_1", base_channels=4)


@pytest.mark.slow
def test_an_exported_network(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(serving_speed.CASES, "aig", TINY)
    path = tmp_path / "found.json"
    main(
        [
            "--cases=aig",
            "--batch_sizes=2",
            "--rounds=1",
            "--loads=1",
            f"--json={path}",
        ]
    )
    (result,) = json.loads(path.read_text())["results"]
    assert result["weights_bytes"] > 1000
    assert result["size_ratio"] > 1  # The graph is larger than so few weights.
    assert 0 < result["load_seconds"] < 60
    assert 0 < result["first_call_seconds"] < 60
    (speed,) = result["speed"]
    assert speed["ratio"] > 0
    assert 0 < speed["num_units"] <= 4
    assert describe(result) in capsys.readouterr().out


@pytest.fixture(scope="module")
def run():
    return in_python(build(TINY), TINY)


def test_what_returns_something_else_is_found(run):
    def serve(images):
        logits = 2 * run(images)["logits"]
        return {"probabilities": tf.nn.softmax(logits)}

    with pytest.raises(AssertionError):
        measure_speed(serve, run, TINY, batch_size=2, rounds=1)


def test_python_takes_pixels_as_the_evaluation_does(run):
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    expected = build(TINY)(PREPROCESSING["aig"].normalize(pixels), training=False)
    found = run(tf.constant(pixels))
    np.testing.assert_allclose(found["logits"], expected["logits"], rtol=1e-4)


def test_a_line_for_a_case_and_one_for_each_batch():
    times = {"milliseconds": 10.0, "least": 9.0, "most": 12.0}
    result = {
        "case": "aig",
        "model": "18",
        "side": 32,
        "weights_bytes": 1000,
        "directory_bytes": 1_100_000,
        "size_ratio": 1.1,
        "load_seconds": 2.0,
        "first_call_seconds": 3.0,
        "peak_mib": 700.0,
        "speed": [
            {
                "batch_size": 8,
                "num_units": 20.0,
                "ratio": 1.25,
                "saved_model": times,
                "python": times,
            }
        ],
    }
    assert describe(result).splitlines() == [
        "aig 18, 32x32: 1.1 MB, 1.100 of its weights; loaded in 2.00 s, first call "
        "3.00 s, peak 700 MiB",
        "  batch 8: SavedModel 10.0 ms (9.0 to 12.0), Python 10.0 ms (9.0 to 12.0); "
        "ratio 1.25, 20.0 units run",
    ]


@pytest.mark.parametrize("argument", ["--cases=act", "--batch_sizes=0", "--loads=0"])
def test_wrong_arguments_end_the_program_before_any_work(argument, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([argument])
    assert stopped.value.code == 2
    assert (
        f"argument {argument.partition('=')[0]}: expected " in capsys.readouterr().err
    )
