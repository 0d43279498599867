"""Masks that a network is not handed at each call."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from sact_keras.kernels.types import Tensor

Run = Callable[[Tensor, list[Tensor] | None], dict[str, Any]]


class HeldMasks:
    """Runs a network under masks that are held in variables.

    To hand over dozens of tensors takes Python longer than a small network takes for an
    image, and a network that decides for itself is handed none. So masks are put in
    their places once, before calls are timed.

    The function that is traced takes images of any size, and any number of them or a
    single one, as `CompactModel` does.

    Args:
        run: Takes images, and masks or None.

    Example:
        >>> held = HeldMasks(lambda images, masks: {"kept": tf.reduce_sum(masks)})
        >>> masks = [tf.ones(2), tf.constant([0.0, 1.0])]
        >>> float(held(tf.ones((2, 1, 1, 3)), masks)["kept"])
        3.0
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._masks: list[Tensor] | None = None
        self._variables: list[tf.Variable] = []
        self._functions = {
            number: tf.function(
                self._run_under_masks,
                input_signature=[tf.TensorSpec((number, None, None, 3), tf.float32)],
                autograph=False,
            )
            for number in (None, 1)
        }

    def __call__(self, images: Tensor, masks: list[Tensor] | None) -> dict[str, Any]:
        """Runs the network.

        Args:
            images: [N, H, W, 3].
            masks: One a unit; None for its own decisions. They are known by the list,
                which is not to be changed between calls.
        """
        if masks is None:
            return self._run(images, None)
        if masks is not self._masks:
            self._hold(masks)
        return self._functions[1 if images.shape[0] == 1 else None](images)

    def _hold(self, masks: list[Tensor]) -> None:
        if not self._variables:
            self._variables = [
                tf.Variable(mask, shape=(None,) * len(mask.shape), trainable=False)
                for mask in masks
            ]
        for variable, mask in zip(self._variables, masks, strict=True):
            variable.assign(mask)
        self._masks = masks

    def _run_under_masks(self, images: Tensor) -> dict[str, Any]:
        masks = [variable.read_value() for variable in self._variables]
        return self._run(images, masks)
