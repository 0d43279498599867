import numpy as np
import pytest
import tensorflow as tf

from sact_keras.compact.chunks import run_in_chunks


@pytest.mark.parametrize("pixels", [1, 12, 25, 36, 1000])
@pytest.mark.parametrize("batch", [0, 1, 2, 5, 7])
def test_parts_are_put_together_in_order(batch, pixels):
    """Of images of twelve pixels; at least one goes at a time."""
    images = np.arange(batch * 24, dtype="float32").reshape(batch, 4, 3, 2)
    marks = np.arange(batch, dtype="float32")
    sizes = []

    def run(images, given):
        (marks,) = given
        size = tf.shape(images)[0]
        tf.py_function(lambda size: sizes.append(int(size)), [size], [])
        return {
            "sums": tf.reduce_sum(images, axis=(1, 2)),
            "pair": tf.stack([marks, tf.repeat(tf.cast(size, tf.float32), size)], 1),
        }

    outputs = tf.function(
        lambda images, marks: run_in_chunks(run, images, [marks], pixels),
        input_signature=[tf.TensorSpec((None, None, None, 2)), tf.TensorSpec((None,))],
    )(images, marks)
    np.testing.assert_array_equal(outputs["sums"], images.sum(axis=(1, 2)))
    np.testing.assert_array_equal(outputs["pair"][:, 0], marks)
    most = max(pixels // 12, 1)
    # No images are run as one, of which nothing is returned.
    assert sum(sizes) == max(batch, 1)
    assert max(sizes) <= most
    # No more parts than it takes, of about the same size.
    assert len(sizes) == max(-(-batch // most), 1)


def test_one_image_is_run_as_it_is():
    """No loop, no second graph: what is handed over is what comes."""
    images, seen = tf.ones((1, 2, 2, 3)), []

    def run(images, given):
        seen.append((images, given))
        return {"images": images}

    outputs = run_in_chunks(run, images, None, pixels=1)
    assert outputs["images"] is images
    assert len(seen) == 1
    assert seen[0][1] is None


def test_nothing_else_is_given():
    outputs = run_in_chunks(
        lambda images, given: {"given": tf.fill(tf.shape(images)[:1], given is None)},
        tf.ones((3, 2, 2, 1)),
        None,
        pixels=4,
    )
    assert outputs["given"].numpy().all()
