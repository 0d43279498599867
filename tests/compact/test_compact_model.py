"""The compact form of a network as users meet it."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from compact_checks import assert_equal_outputs, draw_masks
from conftest import PROJECT_ROOT
from small_networks import build, draw_images

import sact_keras
from sact_keras.compact import CompactModel, compact_model

IMPORTS = {
    "a_module_first": (
        "import sact_keras.compact.compact_model, sact_keras.compact.folding",
        "sact_keras.compact(model)",
    ),
    "a_name_first": (
        "from sact_keras.compact import CompactModel; import sact_keras",
        "sact_keras.compact(model)",
    ),
    "the_function_first": (
        "import sact_keras; assert callable(sact_keras.compact)",
        "import sact_keras.compact.folding; sact_keras.compact(model)",
    ),
    "from_the_package": ("from sact_keras import compact", "compact(model)"),
}


@pytest.fixture(scope="module")
def model():
    return build("aig", model="1_2_1")


@pytest.fixture(scope="module")
def fast(model):
    return sact_keras.compact(model)


@pytest.mark.slow
@pytest.mark.parametrize(
    "order",
    [
        pytest.param(order, marks=[pytest.mark.slow] * (order != "a_module_first"))
        for order in IMPORTS
    ],
)
def test_it_is_callable_whatever_is_imported_first(order):
    first, then = IMPORTS[order]
    code = f"""{first}
model = None
try:
    {then}
except TypeError as error:
    assert "Received: NoneType" in str(error), error
else:
    raise AssertionError("nothing was called")
"""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def test_masks_of_many_batches_take_few_graphs(model, fast):
    size, before = (12, 9), fast.__call__.experimental_get_tracing_count()
    for batch in (2, 3, 5):
        images = draw_images(batch, size)
        masks = draw_masks(model, batch, size, 0.5)
        assert_equal_outputs(fast(images, masks=masks), model(images, masks=masks))
    # Those of the first batch, and those of any.
    assert fast.__call__.experimental_get_tracing_count() <= before + 2


def test_chunks_make_no_difference(model, fast, monkeypatch):
    images = draw_images(7, (13, 10))
    expected = fast(images)
    for pixels in (1, 300):
        monkeypatch.setitem(compact_model.CHUNK_PIXELS, "cifar", pixels)
        assert_equal_outputs(CompactModel(model)(images), expected, tolerance=1e-5)


def test_no_images_give_no_results(fast):
    one, none = fast(draw_images(2, (13, 10))), fast(np.zeros((0, 13, 10, 3)))
    for name in ("logits", "flops", "num_units_map", "block_2/num_units"):
        assert none[name].shape == (0, *one[name].shape[1:])


def test_images_of_other_types_are_taken(fast):
    images = draw_images(2, (13, 10))
    expected = fast(images)["logits"]
    np.testing.assert_array_equal(fast(images.astype("float64"))["logits"], expected)
    np.testing.assert_array_equal(fast(images.tolist())["logits"], expected)


@pytest.mark.parametrize("number", [0, 3, 5])
def test_masks_of_other_units_are_refused(model, fast, number):
    images, masks = draw_images(2, (12, 9)), [np.ones(2, "float32")] * number
    said = rf"masks must be 4 tensors, .*residual unit\. Received: {number}\b"
    for network in (model, fast):
        with pytest.raises(ValueError, match=said):
            network(images, masks=masks)


@pytest.mark.parametrize(
    "other", [None, "model", keras.layers.Dense(1), keras.Sequential()], ids=str
)
def test_other_models_are_refused(other):
    with pytest.raises(
        TypeError, match=rf"model must be .*build_model.*: {type(other).__name__}"
    ):
        sact_keras.compact(other)


def test_other_backends_are_refused(model, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match=r"TensorFlow.*Received: KERAS_BACKEND=jax"):
        sact_keras.compact(model)
