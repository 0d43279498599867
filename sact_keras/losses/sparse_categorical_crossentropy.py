"""Cross entropy of integer labels, with label smoothing."""

from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor


@keras.saving.register_keras_serializable(package="sact_keras")
class SparseCategoricalCrossentropy(keras.losses.Loss):
    """Cross entropy of logits with integer labels that may be smoothed.

    Smoothing by s moves the share s of each label's weight evenly to all classes
    (Szegedy et al. 2016, arXiv 1512.00567, section 7): the right class weighs
    1 - s + s / classes, every other s / classes. Keras offers it for one-hot labels
    alone.

    Args:
        label_smoothing: s, in [0, 1).
        **kwargs: As for any `keras.losses.Loss`.

    Call arguments:
        y_true: Labels, integer [N] or [N, 1].
        y_pred: Logits, [N, classes].

    Raises:
        ValueError: If `label_smoothing` is not in [0, 1).

    Example:
        >>> loss = SparseCategoricalCrossentropy(label_smoothing=0.1)
        >>> round(float(loss(ops.array([0]), ops.array([[2.0, 0.0]]))), 4)
        0.2269
    """

    def __init__(self, label_smoothing: float = 0.0, **kwargs: Any) -> None:
        kwargs.setdefault("name", "sparse_categorical_crossentropy")
        super().__init__(**kwargs)
        if not 0.0 <= label_smoothing < 1.0:
            raise ValueError(
                "label_smoothing must be in [0, 1). Received: "
                f"label_smoothing={label_smoothing}"
            )
        self.label_smoothing = label_smoothing

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The cross entropy of each example, [N]."""
        if not self.label_smoothing:
            return keras.losses.sparse_categorical_crossentropy(
                y_true, y_pred, from_logits=True
            )
        labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        labels = ops.one_hot(labels, y_pred.shape[-1])
        return keras.losses.categorical_crossentropy(
            ops.cast(labels, y_pred.dtype),
            y_pred,
            from_logits=True,
            label_smoothing=self.label_smoothing,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "label_smoothing": self.label_smoothing}
