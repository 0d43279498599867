import numpy as np
import pytest
import tensorflow as tf
from exported_networks import draw_pixels

from sact_keras.serving.image_preparation import ImagePreparation

PIXELS = draw_pixels(5, 48, 40).astype("uint8")
JPEG = tf.io.encode_jpeg(PIXELS[0]).numpy()
PNG = tf.io.encode_png(PIXELS[1]).numpy()

DAMAGED = {
    "empty": (b"", "0 bytes of neither"),
    "text": (b"hello", "5 bytes of neither"),
    "cut JPEG": (JPEG[:-100], "of a JPEG that is damaged"),
    "cut PNG": (PNG[:-100], "of a PNG that is damaged"),
    "GIF": (b"GIF89a" + bytes(50), "56 bytes of neither"),
}


@pytest.fixture(scope="module", params=["cifar", "imagenet"])
def read(request):
    preparation = ImagePreparation(request.param, "sact", (32, 32))
    return tf.function(
        preparation.read,
        input_signature=[tf.TensorSpec([None], tf.string)],
        autograph=False,
    )


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("index", [0, 3])
def test_a_damaged_file_is_named(name, index, read):
    damaged, said = DAMAGED[name]
    files = [JPEG, PNG, JPEG, PNG]
    files[index] = damaged
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=rf"image {index} of image_bytes must be a JPEG or PNG.* {said}",
    ):
        read(tf.constant(files))


def test_of_several_the_first_is_named(read):
    with pytest.raises(tf.errors.InvalidArgumentError, match="image 1 of image_bytes"):
        read(tf.constant([PNG, b"", JPEG, b""]))


def test_the_order_is_kept(read):
    files = [tf.io.encode_png(image).numpy() for image in PIXELS] * 8
    alone = {file: read(tf.constant([file])).numpy()[0] for file in set(files)}
    expected = np.stack([alone[file] for file in files])
    np.testing.assert_array_equal(read(tf.constant(files)), expected)
