"""Every method's compact form returns what its model does, wherever it runs."""

import functools
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from compact_checks import (
    RATES,
    assert_equal_outputs,
    draw_masks,
    flat,
    pick,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from registry import CASES, ONE_A_METHOD, make_images, named, parameters

import sact_keras
from sact_keras.compact import compact_model

SHAPES = [(4, (32, 32)), (1, (32, 32)), (7, (13, 10)), (2, (33, 47)), (3, (1, 1))]

# Knows TensorFlow and NumPy alone (None in `sys.modules` makes any import fail).
WITHOUT_THE_PACKAGE = """
import json, sys
import numpy as np
import tensorflow as tf

sys.modules.update({"sact_keras": None, "keras": None})
for directory in json.loads(sys.argv[1]):
    fast = tf.saved_model.load(directory)
    images = np.load(f"{directory}/images.npz")
    for batch in images.files:
        outputs = fast(tf.constant(images[batch]))
        masks = outputs.pop("masks")
        outputs.update({f"masks/{i}": mask for i, mask in enumerate(masks)})
        np.savez(f"{directory}/outputs_{batch}", **outputs)
"""


def compacted(case):
    """(model, compact form): made once, with about two small images at a time."""
    return make_compact(case.name)


@functools.cache
def make_compact(name):
    (case,) = named(name)
    model = case.shared()
    with pytest.MonkeyPatch.context() as patch:
        pixels = dict.fromkeys(compact_model.CHUNK_PIXELS, 2 * 32 * 32)
        patch.setattr(compact_model, "CHUNK_PIXELS", pixels)
        return model, sact_keras.compact(model)


@pytest.mark.parametrize("case", parameters(fast=ONE_A_METHOD))
def test_equals_the_model_at_all_shapes(case):
    model, fast = compacted(case)
    for batch, size in SHAPES:
        images = make_images(batch, size)
        assert_equal_outputs(fast(images), model(images))
    # At most one graph for an image that is alone, and one for all other sizes.
    assert fast.__call__.experimental_get_tracing_count() <= 2


@pytest.mark.parametrize("case", parameters(fast=ONE_A_METHOD))
def test_nothing_depends_on_its_neighbours_in_the_batch(case):
    _, fast = compacted(case)
    images = np.concatenate([make_images(7), np.full((1, 32, 32, 3), 1e2, "float32")])
    alone = [fast(images[i : i + 1]) for i in range(8)]

    @settings(max_examples=10, deadline=None, database=None)
    @given(st.lists(st.integers(0, 7), min_size=1, max_size=9))
    def companions(indices):
        together = fast(images[indices])
        for place, index in enumerate(indices):
            of_image = pick(together, slice(place, place + 1))
            assert_equal_outputs(of_image, alone[index], tolerance=1e-5)

    companions()


@pytest.mark.parametrize("case", parameters(fast=named("sact_imagenet")))
def test_masks_that_are_handed_over(case):
    model, fast = compacted(case)
    images = make_images(3, (33, 47))
    for rate in RATES:
        masks = draw_masks(model, 3, (33, 47), rate)
        outputs = fast(images, masks=masks)
        assert_equal_outputs(outputs, model(images, masks=masks))
        for actual, wanted in zip(outputs["masks"], masks, strict=True):
            np.testing.assert_array_equal(actual, wanted)


def images_of(number):
    return make_images(number, {1: (32, 32), 3: (33, 47)}[number])


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(named("sact_imagenet"), id="one"),
        pytest.param(CASES, id="all", marks=pytest.mark.slow),
    ],
)
def test_saved_models_need_nothing_of_the_package(cases, tmp_path):
    for case in cases:
        _, fast = compacted(case)
        tf.saved_model.save(fast, str(tmp_path / case.name))
        images = {str(number): images_of(number) for number in (1, 3)}
        np.savez(tmp_path / case.name / "images", **images)
    directories = [str(tmp_path / case.name) for case in cases]
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_PACKAGE, json.dumps(directories)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    for case in cases:
        model, _ = compacted(case)
        for number in (1, 3):
            path = tmp_path / case.name / f"outputs_{number}.npz"
            with np.load(path) as outputs:
                assert_equal_outputs(dict(outputs), flat(model(images_of(number))))


def test_every_method_is_compacted():
    assert {case.model_type for case in CASES} == {
        case.model_type for case in ONE_A_METHOD
    }
