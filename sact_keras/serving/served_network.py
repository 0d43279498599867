"""The network inside a SavedModel: one graph of it, whoever asks."""

from typing import Any

import tensorflow as tf

from sact_keras.compact import CompactModel
from sact_keras.kernels.types import Tensor

EXECUTIONS = ("compact", "masked")
"""Whether a SavedModel computes only what masks keep, or everything, times the mask."""

_OF_IMAGES = ("act", "aig", "blockdrop")
"""Methods whose graph of a single image is quicker, of a small network by a tenth.

It has fewer operations: nothing has to be picked out of a batch. Of other networks it
would only take space, and time to load.
"""

IMAGES = (None, None, None, 3)


class ServedNetwork(tf.Module):
    """A network as a graph of plain operations, with the variables that it reads.

    All signatures call the same functions, so that their graphs, which for deep
    networks are large, are saved and loaded once.

    Args:
        model: A network of `sact_keras.build_model`, built.
        execution: One of `EXECUTIONS`.

    Raises:
        ValueError: If there is no such execution.
    """

    def __init__(self, model: Any, execution: str) -> None:
        super().__init__(name="served_network")
        if execution not in EXECUTIONS:
            raise ValueError(
                f"execution must be one of {', '.join(EXECUTIONS)}. "
                f"Received: execution={execution!r}"
            )
        numbers = (None,)
        if execution == "compact":
            fast = CompactModel(model)
            # Its functions stay hidden from tf.Module: saving would trace them, too.
            self.network = fast.network
            run = fast.run_under_budget
            if model.family == "cifar" and model.model_type in _OF_IMAGES:
                numbers = (None, 1)
        else:
            # The variables alone: of a Keras model saving would trace every layer.
            self.network = [variable.value for variable in model.variables]

            def run(images: Tensor, compute_budget: Tensor) -> dict[str, Any]:
                return model(images, training=False, compute_budget=compute_budget)

        functions = [
            tf.function(
                run,
                input_signature=[
                    tf.TensorSpec((number, *IMAGES[1:]), tf.float32, "images"),
                    tf.TensorSpec((number,), tf.float32, "compute_budget"),
                ],
                autograph=False,
            )
            for number in numbers
        ]
        self._functions = lambda: functions  # Hidden as well.

    def __call__(
        self, images: Tensor, compute_budget: Tensor | None = None
    ) -> dict[str, Any]:
        """Runs the network, within a graph that is being made.

        Args:
            images: float32 [N, H, W, 3], prepared for the network.
            compute_budget: float32 [N]; None for as trained.

        Returns:
            The dictionary of `model(images, training=False)`.
        """
        if compute_budget is None:
            compute_budget = tf.ones(tf.shape(images)[:1])
        any_number, *one = self._functions()
        if not one:
            return any_number(images, compute_budget)

        def run_one() -> dict[str, Any]:
            # Neither `tf.ensure_shape` nor `tf.reshape`: what they say of the batch,
            # the optimizer of graphs takes to hold outside of this branch, too.
            image, its_budget = images[:1], compute_budget[:1]
            image.set_shape((1, *IMAGES[1:]))
            its_budget.set_shape((1,))
            return one[0](image, its_budget)

        is_one = tf.shape(images)[0] == 1
        return tf.cond(is_one, run_one, lambda: any_number(images, compute_budget))
