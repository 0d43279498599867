"""What an exported network does with images as they come, good and bad."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from conformance.registry import named, parameters
from exported_networks import assert_served_alike, draw_pixels

NAMES = [
    "aig",
    *(pytest.param(n, marks=pytest.mark.slow) for n in ("dynconv", "sact_imagenet")),
]


def rows(outputs, which):
    return {name: value[which] for name, value in outputs.items()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("called", ["serving_default", "ponder_map"])
def test_no_images_give_no_results(name, called, exported):
    run = exported.signature(name, called)
    nothing, something = run(np.zeros((0, 32, 32, 3))), run(np.zeros((1, 32, 32, 3)))
    for key, value in something.items():
        assert nothing[key].shape == (0, *value.shape[1:])
        assert nothing[key].dtype == value.dtype


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 3)], ids=str)
def test_small_images(name, size, exported):
    found = exported.signature(name, "serving_default")(draw_pixels(2, *size))
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, rtol=1e-5)
    assert (found["flops"] > 0).all()
    maps = exported.signature(name, "ponder_map")(draw_pixels(2, *size))
    for value in maps.values():
        assert value.shape == (2, *size)
        assert np.isfinite(value).all()


@pytest.mark.fast_with("serving_default-nan-*", "ponder_map--inf-*")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("called", ["serving_default", "ponder_map"])
def test_pixels_that_are_no_numbers_harm_their_image_alone(name, bad, called, exported):
    run, images = exported.signature(name, called), draw_pixels(3, 32, 32)
    expected = run(images)
    images[1, 5, 6, :] = bad
    found = run(images)
    assert_served_alike(rows(found, [0, 2]), rows(expected, [0, 2]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("called", ["serving_default", "ponder_map"])
def test_an_image_alone_and_in_batches(name, called, exported):
    run, images = exported.signature(name, called), draw_pixels(9, 33, 37)
    alone = [run(images[i : i + 1]) for i in range(9)]
    together = {key: np.concatenate([a[key] for a in alone]) for key in alone[0]}
    assert_served_alike(run(images), together)
    assert_served_alike(run(images[[7, 2]]), rows(together, [7, 2]))


@pytest.mark.parametrize("writable", [True, False])
def test_a_directory_that_was_moved(writable, exported, tmp_path):
    moved = tmp_path / "elsewhere" / "7"
    shutil.copytree(exported("aig"), moved)
    if not writable:
        for path in (*moved.rglob("*"), moved):
            path.chmod(path.stat().st_mode & ~0o222)
    try:
        loaded = tf.saved_model.load(moved)
    finally:
        for path in (moved, *moved.rglob("*")):
            path.chmod(path.stat().st_mode | 0o222)
    images = draw_pixels(2, 32, 32)
    found = loaded.signatures["serving_default"](images=tf.constant(images))
    found = {key: value.numpy() for key, value in found.items()}
    assert_served_alike(found, exported.signature("aig", "serving_default")(images))


@pytest.mark.parametrize("case", parameters(named("aig")))
def test_saved_model_cli_takes_bytes_as_pixels(exported, case, tmp_path):
    images = draw_pixels(2, 32, 32)
    np.save(tmp_path / "images.npy", images.astype("uint8"))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "tensorflow.python.tools.saved_model_cli",
            "run",
            f"--dir={exported(case.name)}",
            "--tag_set=serve",
            "--signature_def=serving_default",
            f"--inputs=images={tmp_path / 'images.npy'}",
            f"--outdir={tmp_path / 'found'}",
        ],
        check=True,
        timeout=300,
    )
    expected = exported.signature(case.name, "serving_default")(images)
    found = {key: np.load(tmp_path / "found" / f"{key}.npy") for key in expected}
    assert_served_alike(found, expected)
