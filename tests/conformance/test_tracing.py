"""Graphs of unknown batch, height and width compute what eager calls do."""

import keras
import pytest
import tensorflow as tf
from registry import (
    ONE_A_METHOD,
    assert_same_outputs,
    flat_outputs,
    make_images,
    named,
    parameters,
)

SHAPES = [(4, (32, 32)), (1, (32, 32)), (2, (33, 47)), (3, (8, 20))]

# The graphs of `ONE_A_METHOD` are of unknown shape too where they are exported.
NOT_EXPORTED = named("dynconv_imagenet_basic", "blockdrop_curriculum")


def assert_same(function, model, shapes=SHAPES):
    for batch, size in shapes:
        images = make_images(batch, size)
        actual = flat_outputs(function(tf.constant(images)))
        assert_same_outputs(actual, flat_outputs(model(images)), tolerance=1e-4)


@pytest.mark.parametrize("case", parameters(fast=NOT_EXPORTED))
def test_function_of_unknown_shape(case):
    model = case.shared()
    unknown = tf.TensorSpec((None, None, None, 3), tf.float32)
    function = tf.function(
        lambda x: model(x, training=False), input_signature=[unknown]
    )
    assert_same(function, model)
    assert function.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("case", parameters(fast=ONE_A_METHOD))
def test_saved_model(case, tmp_path):
    model = case.shared()

    def serve(images):
        # A signature's outputs are tensors: the list of masks is laid out.
        outputs = dict(model(images, training=False))
        masks = enumerate(outputs.pop("masks"))
        return {**outputs, **{f"masks/{index}": mask for index, mask in masks}}

    archive = keras.export.ExportArchive()
    archive.track(model)
    images = keras.InputSpec(shape=(None, None, None, 3), dtype="float32")
    archive.add_endpoint("serve", serve, input_signature=[images])
    archive.write_out(str(tmp_path), verbose=False)
    loaded = tf.saved_model.load(str(tmp_path))
    assert_same(loaded.serve, model)
    assert_same(loaded.signatures["serving_default"], model, shapes=[(2, (33, 47))])
