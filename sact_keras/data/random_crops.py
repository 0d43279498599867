"""The augmentation of small images: crops and mirror images, drawn at random."""

from typing import NamedTuple

import tensorflow as tf


class RandomCrops(NamedTuple):
    """Which crop of its zero-padded self each image of a batch becomes.

    They are drawn for a whole batch at a time and applied to any of its rows: what an
    image becomes is the same wherever it is made.

    Attributes:
        padding: zeros to add on each of the four sides.
        corners: int32 `[2, batch, 1]`: the first row and the first column of each crop
            in the padded image, in `[0, 2 * padding]`.
        mirrored: bool `[batch, 1]`: whether left and right are exchanged.

    Example:
        >>> images = tf.reshape(tf.range(1, 9), [2, 2, 2, 1])
        >>> crops = RandomCrops.draw(2, padding=1, seed=(1, 2))
        >>> second = crops.of(slice(1, 2)).apply(images[1:])
        >>> bool(tf.reduce_all(second == crops.apply(images)[1:]))
        True
    """

    padding: int
    corners: tf.Tensor
    mirrored: tf.Tensor

    @classmethod
    def draw(cls, batch_size: int, *, padding: int, seed: tf.Tensor) -> "RandomCrops":
        """Draws: every crop is as likely as any other, half of the images are mirrored.

        Args:
            batch_size: the number of images.
            padding: zeros to add on each of the four sides.
            seed: int `[2]`, as the stateless random functions of TensorFlow take it.
        """
        corner_seed, mirror_seed = tf.unstack(
            tf.random.split(seed, 2, alg="philox")  # The same numbers on every device.
        )
        corners = tf.random.stateless_uniform(
            [2, batch_size, 1],
            corner_seed,
            minval=0,
            maxval=2 * padding + 1,
            dtype=tf.int32,
            alg="philox",
        )
        uniform = tf.random.stateless_uniform(
            [batch_size, 1], mirror_seed, alg="philox"
        )
        return cls(padding, corners, uniform < 0.5)

    def of(self, rows: slice) -> "RandomCrops":
        """Returns what was drawn for some rows of the batch."""
        return self._replace(
            corners=self.corners[:, rows], mirrored=self.mirrored[rows]
        )

    def apply(self, images: tf.Tensor) -> tf.Tensor:
        """Crops each image out of its zero-padded self, mirrored or not.

        One gather moves all pixels of the batch, since a crop and a flip are only a
        choice of rows and columns.

        Args:
            images: `[batch, height, width, channels]`, any type; static spatial size.

        Returns:
            A tensor of the shape and type of `images`.
        """
        batch, channels = tf.shape(images)[0], images.shape[3]
        height, width = images.shape[1], images.shape[2]
        columns = tf.where(self.mirrored, tf.range(width)[::-1], tf.range(width))
        columns += self.corners[1]
        rows = tf.range(height) + self.corners[0]

        border = [self.padding, self.padding]
        padded = tf.pad(images, [[0, 0], border, border, [0, 0]])
        padded_height, padded_width = height + sum(border), width + sum(border)
        rows += padded_height * tf.range(batch)[:, tf.newaxis]
        pixels = padded_width * rows[:, :, tf.newaxis] + columns[:, tf.newaxis, :]
        return tf.gather(tf.reshape(padded, [-1, channels]), pixels)
