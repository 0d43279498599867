"""From the images of a request to what the network takes."""

import tensorflow as tf

from sact_keras.data.image_decoding import decode_window
from sact_keras.data.photograph_preprocessing import get_photograph_preprocessing
from sact_keras.data.preprocessing import get_preprocessing
from sact_keras.data.upright_square import decode_upright, read_upright_square
from sact_keras.serving.checked_decoding import decode_each


class ImagePreparation:
    """Prepares images as the evaluation does, by the very functions that it uses.

    Args:
        family: The ResNet family: "imagenet" is of photographs, which are cropped.
        preprocessing: Whose preparation of the images, a name that the family's table
            has.
        image_size: (height, width) that files are brought to.
        upright: Whether files are prepared as those of a folder of images
            (`--dataset=folder`): set upright, and cropped in the middle to a square.

    Raises:
        ValueError: If there is no such preprocessing, or what is cropped is not to
            become square.

    Example:
        >>> preparation = ImagePreparation("cifar", "sact", (32, 32))
        >>> file = tf.io.encode_png(tf.zeros((40, 30, 3), tf.uint8))
        >>> preparation.read([file, file]).shape
        TensorShape([2, 32, 32, 3])
    """

    def __init__(
        self,
        family: str,
        preprocessing: str,
        image_size: tuple[int, int],
        *,
        upright: bool = False,
    ) -> None:
        self.image_size = tuple(image_size)
        if len(self.image_size) != 2 or min(self.image_size) < 1:
            raise ValueError(
                "image_size must be a height and a width, at least 1 each. "
                f"Received: image_size={image_size!r}"
            )
        height, width = self.image_size
        if (family == "imagenet" or upright) and height != width:
            raise ValueError(
                "image_size must be square: photographs are cropped as in the "
                f"evaluation. Received: image_size={image_size!r}"
            )
        self._decode = decode_upright if upright else decode_whole
        if family == "imagenet":
            recipe = get_photograph_preprocessing(preprocessing)
            self._read_one = lambda encoded: recipe.for_evaluation(encoded, height)
        else:
            recipe = get_preprocessing(preprocessing)
            self._read_one = self._read_square if upright else self._read_and_resize
        self._normalize = recipe.normalize

    def normalize(self, pixels: tf.Tensor) -> tf.Tensor:
        """From pixels in [0, 255] to the network's input.

        Args:
            pixels: float32 [N, H, W, 3].
        """
        return self._normalize(pixels)

    def read(self, image_bytes: tf.Tensor) -> tf.Tensor:
        """From image files to pixels: decoded, and cropped and resized as evaluated.

        Images of a data set of small ones, which have its size already, stay as they
        are; others are resized with antialiasing, whatever the ratio of their sides,
        unless they are cropped to a square (`upright`).

        Args:
            image_bytes: string [N], JPEG or PNG.

        Returns:
            float32 [N, *image_size, 3], in [0, 255].

        Raises:
            tf.errors.InvalidArgumentError: If one cannot be decoded; says which.
        """
        image_bytes = tf.convert_to_tensor(image_bytes, tf.string)
        shape = (*self.image_size, 3)
        return decode_each(
            image_bytes, lambda file: tf.ensure_shape(self._read_one(file), shape)
        )

    def decode(self, encoded: tf.Tensor) -> tf.Tensor:
        """An image file as it is, but upright if files are set upright.

        Args:
            encoded: string scalar.

        Returns:
            uint8 [height, width, 3].
        """
        return self._decode(encoded)

    def _read_square(self, encoded: tf.Tensor) -> tf.Tensor:
        return tf.cast(read_upright_square(encoded, self.image_size[0]), tf.float32)

    def _read_and_resize(self, encoded: tf.Tensor) -> tf.Tensor:
        return resize_smoothly(decode_whole(encoded), self.image_size)


def decode_whole(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes a JPEG or a PNG of any size: uint8 [height, width, 3]."""
    return decode_window(encoded, lambda shape: tf.concat([[0, 0], shape], axis=0))


def resize_smoothly(pixels: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Resizes an image bilinearly, averaging over what becomes one pixel.

    Args:
        pixels: [height, width, channels].
        size: The new height and width.

    Returns:
        float32; an image of that size already comes back as it is.

    Example:
        >>> resize_smoothly(tf.zeros((9, 40, 3)), (4, 5)).shape
        TensorShape([4, 5, 3])
    """
    return tf.image.resize(pixels, size, antialias=True)
