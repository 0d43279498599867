"""A batch as a list of images, of which some are changed at a time."""

from typing import NamedTuple

import tensorflow as tf

from sact_keras.compact.decision import Look
from sact_keras.compact.unit import CompactUnit
from sact_keras.kernels.types import Tensor


class ImageList(NamedTuple):
    """Features as one tensor an image, between units that keep their shape.

    What a unit makes of some images takes the place of what was there without a copy:
    the list holds on to parts of the tensors that units made.

    Attributes:
        images: A list of TensorFlow's, of N tensors [h, w, channels].
        shape: (h, w, channels), int32 [3].
        channels: The same as a number.
    """

    images: Tensor
    shape: Tensor
    channels: int

    @classmethod
    def of(cls, features: Tensor) -> "ImageList":
        """The list of [N, h, w, channels].

        Example:
            >>> images = ImageList.of(tf.ones((2, 1, 1, 3)))
            >>> images.stack().shape
            TensorShape([2, 1, 1, 3])
        """
        shape = tf.shape(features)[1:]
        images = tf.raw_ops.TensorListFromTensor(tensor=features, element_shape=shape)
        return cls(images, shape, features.shape[-1])

    def run(
        self,
        unit: CompactUnit,
        mask: Tensor,
        looked: Tensor | None = None,
        look: Look | None = None,
        weighs: bool = False,
    ) -> tuple["ImageList", Tensor | None]:
        """Runs a unit for the images that a mask keeps.

        Args:
            unit: One that keeps its input where it does not run.
            mask: [N].
            looked: What the decision has seen of the images, [N, ...].
            look: Looks at features for the next unit; None where nobody does.
            weighs: Whether the mask weighs what it keeps.

        Returns:
            The list; and what `look` sees of its images, or None.
        """
        active = tf.cast(tf.where(mask > 0)[:, 0], tf.int32)
        indices = active[:, tf.newaxis]

        def run() -> tuple[Tensor, ...]:
            weights = tf.gather(mask, active) if weighs else None
            rows = unit(self._gather(active), weights)
            images = tf.raw_ops.TensorListScatterIntoExistingList(
                input_handle=self.images, tensor=rows, indices=active
            )
            if look is None:
                return (images,)
            return images, tf.tensor_scatter_nd_update(looked, indices, look(rows))

        unchanged = (self.images,) if look is None else (self.images, looked)
        images, *looks = tf.cond(tf.size(active) > 0, run, lambda: unchanged)
        return self._replace(images=images), looks[0] if looks else None

    def stack(self) -> Tensor:
        """The features as one tensor, [N, h, w, channels]."""
        features = tf.raw_ops.TensorListStack(
            input_handle=self.images,
            element_shape=self.shape,
            element_dtype=tf.float32,
        )
        return tf.ensure_shape(features, (None, None, None, self.channels))

    def _gather(self, indices: Tensor) -> Tensor:
        features = tf.raw_ops.TensorListGather(
            input_handle=self.images,
            indices=indices,
            element_shape=self.shape,
            element_dtype=tf.float32,
        )
        return tf.ensure_shape(features, (None, None, None, self.channels))
