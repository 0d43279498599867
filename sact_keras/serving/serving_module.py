"""What a SavedModel holds: the network and its signatures."""

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from sact_keras.serving.checked_decoding import decode_each
from sact_keras.serving.image_preparation import ImagePreparation, resize_smoothly
from sact_keras.serving.overlay import encode_overlay
from sact_keras.serving.served_network import IMAGES, ServedNetwork
from sact_keras.visualization.heatmap import maximum_ponder_cost

PONDER_IMAGE_SIZE = 320
"""Pixels of the long side at which `ponder_map_bytes` runs images, at most."""

_IMAGES = tf.TensorSpec(IMAGES, tf.float32, "images")
_FILES = tf.TensorSpec((None,), tf.string, "image_bytes")
_BUDGET = tf.TensorSpec((None,), tf.float32, "compute_budget")

_Outputs = dict[str, tf.Tensor]


class ServingModule(tf.Module):
    """A network that takes pixels or files, and says what it saw and what it cost.

    `images` are RGB in [0, 255], float32 [N, H, W, 3], run at their own size: what the
    evaluation has after cropping and resizing. `image_bytes` are files, string [N],
    cropped and resized as in the evaluation. `compute_budget` is float32 [N], at least
    0: see `sact_keras.layers.compute_budget`.

    Signatures:
        serving_default(images), serve_bytes(image_bytes) and, with a compute_budget
        beside it, serve_with_budget and serve_bytes_with_budget: probabilities
        [N, classes] and the likeliest classes [N, k] with their scores [N, k], flops
        int64 [N] and num_units [N], the mean over the pixels.
        ponder_map(images): ponder_cost_map float32 and num_units_map int32 [N, H, W];
        without halting the former is the latter.
        ponder_map_bytes(image_bytes): heatmap_bytes, string [N]: PNG overlays.
        details(images): flops, both maps, probabilities, the share of positions at
        which each unit ran as executed_units [N, units], and everything that the
        network says of each block, "block_1/num_units".

    Args:
        network: The network.
        preparation: What makes its input of images.
        num_units: Units of each block.
        num_classes: Number of classes.
        top_k: How many of the likeliest classes are returned; at most all are.
        ponder_image_size: Long side, in pixels, at which `ponder_map_bytes` runs
            images that are larger.
        labels_path: A text of a class on each line, which becomes an asset.

    Raises:
        ValueError: If a number is below 1.
    """

    def __init__(
        self,
        network: ServedNetwork,
        preparation: ImagePreparation,
        *,
        num_units: tuple[int, ...],
        num_classes: int,
        top_k: int = 5,
        ponder_image_size: int = PONDER_IMAGE_SIZE,
        labels_path: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(name="serving")
        for name, value in (("top_k", top_k), ("ponder_image_size", ponder_image_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1. Received: {name}={value}")
        self.network = network
        self.labels = None
        if labels_path is not None:
            self.labels = tf.saved_model.Asset(os.fspath(labels_path))
        # What is not a module is of no interest to who loads it.
        self._prepare = functools.partial(lambda: preparation)
        self._top_k = min(top_k, num_classes)
        self._ponder_image_size = ponder_image_size
        self._num_units = num_units

    def signatures(self) -> Mapping[str, Any]:
        """The signatures' concrete functions, by name; traces them."""
        functions: dict[str, tuple[Callable[..., _Outputs], tuple]] = {
            "serving_default": (self._serve, (_IMAGES,)),
            "serve_with_budget": (self._serve, (_IMAGES, _BUDGET)),
            "serve_bytes": (self._serve_bytes, (_FILES,)),
            "serve_bytes_with_budget": (self._serve_bytes, (_FILES, _BUDGET)),
            "ponder_map": (self._ponder_map, (_IMAGES,)),
            "ponder_map_bytes": (self._ponder_map_bytes, (_FILES,)),
            "details": (self._details, (_IMAGES,)),
        }
        return {
            name: tf.function(
                function, input_signature=specs, autograph=False
            ).get_concrete_function()
            for name, (function, specs) in functions.items()
        }

    def _run(self, images: tf.Tensor, compute_budget: tf.Tensor | None) -> Any:
        if compute_budget is not None:
            compute_budget = _checked_budget(compute_budget, images)
        return self.network(self._prepare().normalize(images), compute_budget)

    def _serve(
        self, images: tf.Tensor, compute_budget: tf.Tensor | None = None
    ) -> _Outputs:
        return self._answer(self._run(images, compute_budget))

    def _serve_bytes(
        self, image_bytes: tf.Tensor, compute_budget: tf.Tensor | None = None
    ) -> _Outputs:
        return self._serve(self._prepare().read(image_bytes), compute_budget)

    def _answer(self, outputs: Mapping[str, Any]) -> _Outputs:
        probabilities = tf.nn.softmax(outputs["logits"])
        best = tf.math.top_k(probabilities, self._top_k)
        num_units = tf.cast(outputs["num_units_map"], tf.float32)
        return {
            "probabilities": probabilities,
            "classes": best.indices,
            "scores": best.values,
            "flops": outputs["flops"],
            "num_units": tf.reduce_mean(num_units, axis=(1, 2)),
        }

    def _ponder_map(self, images: tf.Tensor) -> _Outputs:
        return _maps(self._run(images, None))

    def _details(self, images: tf.Tensor) -> _Outputs:
        outputs = dict(self._run(images, None))
        shares = [
            tf.reduce_mean(mask, axis=list(range(1, mask.shape.rank)))
            for mask in outputs.pop("masks")
        ]
        return {
            **{name: value for name, value in outputs.items() if "/" in name},
            "flops": outputs["flops"],
            "probabilities": tf.nn.softmax(outputs["logits"]),
            "executed_units": tf.stack(shares, axis=1),
            **_maps(outputs),
        }

    def _ponder_map_bytes(self, image_bytes: tf.Tensor) -> _Outputs:
        # The first to be damaged is named here, before any work.
        sizes = decode_each(image_bytes, self._size_of)
        with tf.control_dependencies([sizes]):
            image_bytes = tf.identity(image_bytes)
        overlays = tf.map_fn(
            self._overlay, (image_bytes, sizes), fn_output_signature=tf.string
        )
        return {"heatmap_bytes": overlays}

    def _size_of(self, encoded: tf.Tensor) -> tf.Tensor:
        """Height and width of an image that can be decoded, int32 [2]."""
        return tf.ensure_shape(tf.shape(self._prepare().decode(encoded))[:2], [2])

    def _overlay(self, file: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        encoded, size = file
        pixels = self._prepare().decode(encoded)
        longest = tf.cast(tf.reduce_max(size), tf.float32)
        scale = tf.minimum(float(self._ponder_image_size) / longest, 1.0)
        run_size = tf.cast(tf.round(tf.cast(size, tf.float32) * scale), tf.int32)
        image = resize_smoothly(pixels, tf.maximum(run_size, 1))
        outputs = self._run(image[tf.newaxis], None)
        ponder_map = tf.image.resize(
            _maps(outputs)["ponder_cost_map"][..., tf.newaxis], size, "nearest"
        )[0, ..., 0]
        maximum = sum(self._num_units)
        if "ponder_cost_map" in outputs:
            maximum = maximum_ponder_cost(self._num_units)
        return encode_overlay(pixels, ponder_map, maximum)


def _maps(outputs: Mapping[str, Any]) -> _Outputs:
    num_units = outputs["num_units_map"]
    return {
        "ponder_cost_map": outputs.get(
            "ponder_cost_map", tf.cast(num_units, tf.float32)
        ),
        "num_units_map": num_units,
    }


def _checked_budget(compute_budget: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    number = tf.shape(images)[:1]
    one_each = tf.debugging.Assert(
        tf.reduce_all(tf.shape(compute_budget) == number),
        [
            "compute_budget must have one number for each image. Received:",
            tf.shape(compute_budget),
            "for images:",
            number,
        ],
    )
    positive = tf.debugging.Assert(
        # Written so that NaN fails it too.
        tf.reduce_all(compute_budget >= 0),
        ["compute_budget must be at least 0. Received:", compute_budget],
    )
    with tf.control_dependencies([one_each, positive]):
        return tf.identity(compute_budget)
