"""The compact form of a network: computation that is skipped is not done."""

import functools
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from sact_keras.accounting import account
from sact_keras.compact.chunks import run_in_chunks
from sact_keras.compact.network import CompactNetwork
from sact_keras.kernels.types import Tensor
from sact_keras.layers.compute_budget import budget_of_images
from sact_keras.models.given import check_given

CHUNK_PIXELS = {"cifar": 128 * 32 * 32, "imagenet": 8 * 224 * 224}
"""Family -> about how many pixels of a batch are run at a time."""


class CompactModel(tf.Module):
    """A network that returns what its model does, and computes only what masks keep.

    A callable on its own: `tf.saved_model.save` writes it, and nothing of this
    package is needed to run it afterwards. It holds a copy of the model's weights as
    they were when it was made, batch norms folded into them.

    A large batch is run in parts, so that the memory that features take does not grow
    with it. Nothing of an image's result depends on which others there are, but for
    the last digits.

    Args:
        model: A network of `sact_keras.build_model`, built.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("aig", model="1", base_channels=4)
        >>> fast = CompactModel(model)
        >>> fast(tf.zeros((2, 32, 32, 3)))["logits"].shape
        TensorShape([2, 10])
    """

    def __init__(self, model: Any, name: str | None = None) -> None:
        super().__init__(name=name or "compact")
        self.network = CompactNetwork(model)
        # Hidden from tf.Module, which would save the model's weights, too: what is
        # executed is accounted for by masks and shapes alone.
        self._account = functools.partial(account, model)
        self._check_given = functools.partial(
            check_given, model, noise=None, policy=None
        )
        self._chunk_pixels = CHUNK_PIXELS[model.family]
        self._blocks = tuple(zip(model.block_names, model.num_units, strict=True))
        self._any_number, self._one = (
            tf.function(
                self._run,
                input_signature=[tf.TensorSpec((number, None, None, 3), tf.float32)],
                autograph=False,
            )
            for number in (None, 1)
        )
        # Hidden as well: `tf.saved_model.save` would trace them, whoever needs them.
        self._one_under_budget, self._any_under_budget = (
            functools.partial(
                tf.function(
                    self.run_under_budget,
                    input_signature=[
                        tf.TensorSpec((number, None, None, 3), tf.float32),
                        tf.TensorSpec((number,), tf.float32),
                    ],
                    autograph=False,
                )
            )
            for number in (1, None)
        )
        self._overruled = tf.function(self._run, autograph=False, reduce_retracing=True)
        # What `tf.saved_model.save` makes the loaded object's call of. Calls of this
        # one find the class's method.
        self.__call__ = self._any_number

    def __call__(
        self,
        images: Tensor,
        masks: Sequence[Tensor] | None = None,
        compute_budget: Tensor | float | None = None,
    ) -> dict[str, Any]:
        """Runs the network.

        Args:
            images: [N, H, W, 3], preprocessed. A single one has a graph of its own,
                of fewer operations.
            masks: Masks that overrule the decisions, one a unit: [N] or [N, h, w] of
                zeros and ones. With halting a mask may keep only what the one before
                kept, and the first unit of a block runs everywhere. None for none.
            compute_budget: Multiplies the odds in favour of running at each threshold,
                for all images or for each, [N]; None decides as trained. See
                `sact_keras.layers.compute_budget`.

        Returns:
            The dictionary of `model(images, training=False)`.

        Raises:
            ValueError: If there are not as many masks as units, or the budget is
                negative or of another shape.
        """
        self._check_given(masks=masks)
        images = tf.convert_to_tensor(images, tf.float32)
        budget = budget_of_images(compute_budget, images)
        if masks is not None:
            masks = [tf.convert_to_tensor(mask, tf.float32) for mask in masks]
            return self._overruled(images, masks, budget)
        one = images.shape[0] == 1
        if budget is not None:
            run = self._one_under_budget if one else self._any_under_budget
            return run(images, budget)
        return (self._one if one else self._any_number)(images)

    def _run(
        self,
        images: Tensor,
        masks: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> dict[str, Any]:
        found = run_in_chunks(
            self._run_chunk,
            images,
            (masks, compute_budget),
            pixels=self._chunk_pixels,
        )
        masks = {}
        for name, number in self._blocks:
            of_block = found.pop(f"{name}/masks")
            if tf.is_tensor(of_block):
                of_block = tf.unstack(of_block, num=number, axis=1)
            masks[name] = list(of_block)
        ponder_costs = {
            name: found[f"{name}/ponder_cost"]
            for name, _ in self._blocks
            if f"{name}/ponder_cost" in found
        }
        size = tuple(tf.unstack(tf.shape(images)[1:3]))
        return {
            **found,
            "masks": [mask for of_block in masks.values() for mask in of_block],
            **self._account(size, masks, ponder_costs),
        }

    def run_under_budget(self, images: Tensor, budget: Tensor) -> dict[str, Any]:
        """Runs the network within a graph that a caller makes.

        Args:
            images: float32 [N, H, W, 3]; a static N of 1 gives the graph of one image.
            budget: float32 [N], as `compute_budget`.
        """
        return self._run(images, compute_budget=budget)

    def _run_chunk(
        self, images: Tensor, given: tuple[Sequence[Tensor] | None, Tensor | None]
    ) -> dict[str, Tensor]:
        outputs = self.network(images, *given)
        for name, _ in self._blocks:
            of_block = outputs[f"{name}/masks"]
            if of_block[0].shape.rank == 1:
                # Of images: what counts is the number of operations, not the copy.
                outputs[f"{name}/masks"] = tf.stack(of_block, axis=1)
        return outputs


def compact(model: Any) -> CompactModel:
    """Makes the compact form of a network, which computes only what its masks keep.

    Args:
        model: A network of `sact_keras.build_model`, of any method.

    Returns:
        A callable: `fast(images)` returns what `model(images, training=False)` does.

    Raises:
        TypeError: If the model is of another kind.
        RuntimeError: If Keras runs on another backend than TensorFlow.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("sact", model="1_2_1", base_channels=4)
        >>> fast = sact_keras.compact(model)
        >>> fast(tf.zeros((1, 32, 32, 3)))["block_2/num_units"].shape
        TensorShape([1, 16, 16])
    """
    from sact_keras.models import AdaptiveResNet
    from sact_keras.models.tensorflow_only import require_tensorflow

    require_tensorflow("compact")
    if not isinstance(model, AdaptiveResNet):
        raise TypeError(
            "model must be a network of sact_keras.build_model. "
            f"Received: {type(model).__name__}"
        )
    return CompactModel(model)
