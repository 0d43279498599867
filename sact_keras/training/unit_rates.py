"""How often each residual unit runs, for each class of images."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sact_keras.models.decided_units import decided_units


class UnitRates:
    """Executed share of each unit, averaged over the images of each class.

    As Veit & Belongie (2018, arXiv 1711.11503) show them. A gate of a whole image
    counts as 0 or 1, a mask of positions as the share that it keeps.
    Sums are kept, not images: memory does not grow with the data set. Where a network
    has diverged and decides by scores that are NaN, so are its rates.

    Args:
        num_units: Residual units of each block.
        num_classes: Number of classes.
        target_rates: The rate that each unit is trained towards, if there is one.

    Example:
        >>> rates = UnitRates((1, 1), num_classes=3)
        >>> rates.add([[1.0, 0.0], [1.0, 1.0], [1.0, 0.5]], labels=[0, 0, 2])
        >>> rates.mean.tolist()
        [1.0, 0.5]
        >>> rates.by_class.tolist()
        [[1.0, 0.5], [nan, nan], [1.0, 0.5]]
    """

    def __init__(
        self,
        num_units: Sequence[int],
        num_classes: int,
        target_rates: Sequence[float] | None = None,
    ) -> None:
        self.num_units = tuple(num_units)
        self.target_rates = None if target_rates is None else tuple(target_rates)
        self.counts = np.zeros(num_classes, np.int64)
        self._sums = np.zeros((num_classes, sum(self.num_units)))

    @classmethod
    def of(cls, model: keras.Model) -> "UnitRates | None":
        """Rates, still empty, for a model; None where it decides nothing."""
        if not any(decided_units(model)):
            return None
        target_rates = getattr(model, "target_rates", None)
        return cls(model.num_units, model.num_classes, target_rates)

    def add(self, shares: Any, labels: Any) -> None:
        """Counts images in.

        Args:
            shares: Executed share of each unit, in [0, 1]: [N, units].
            labels: Integer [N], in [0, num_classes).
        """
        # One image after another, whichever batches they come in: the sums are the
        # same to the last bit.
        np.add.at(self._sums, np.asarray(labels), np.asarray(shares, np.float64))
        np.add.at(self.counts, np.asarray(labels), 1)

    @property
    def mean(self) -> np.ndarray:
        """Each unit's rate over all images, [units]."""
        return self._sums.sum(axis=0) / self.counts.sum()

    @property
    def by_class(self) -> np.ndarray:
        """Each unit's rate over the images of each class, [classes, units].

        NaN for a class without images.
        """
        counts = np.where(self.counts > 0, self.counts, np.nan)
        return self._sums / counts[:, np.newaxis]

    def as_dict(self, class_names: Sequence[str]) -> dict[str, Any]:
        """All there is to say, in a form that JSON can hold: None for NaN."""
        targets = self.target_rates
        return {
            "units": unit_names(self.num_units),
            "mean_rates": _numbers(self.mean),
            **({} if targets is None else {"target_rates": list(targets)}),
            "classes": list(class_names),
            "class_counts": self.counts.tolist(),
            "class_rates": _numbers(self.by_class),
        }


def unit_names(num_units: Sequence[int]) -> list[str]:
    """The name of each residual unit.

    Args:
        num_units: Units of each block.

    Example:
        >>> unit_names((1, 2))
        ['block_1/unit_1', 'block_2/unit_1', 'block_2/unit_2']
    """
    return [
        f"block_{block + 1}/unit_{unit + 1}"
        for block, size in enumerate(num_units)
        for unit in range(size)
    ]


def _numbers(rates: np.ndarray) -> list[Any]:
    return np.where(np.isnan(rates), None, rates).tolist()


def executed_shares(masks: Sequence[tf.Tensor]) -> tf.Tensor:
    """How much of each unit each image runs.

    Args:
        masks: One a unit, [N] or [N, h, w] of zeros and ones.

    Returns:
        [N, units], in [0, 1].

    Example:
        >>> masks = [tf.ones([1]), tf.constant([[[1.0, 0.0], [0.0, 0.0]]])]
        >>> executed_shares(masks).numpy().tolist()
        [[1.0, 0.25]]
    """
    shares = [tf.reduce_mean(m, axis=list(range(1, m.shape.rank))) for m in masks]
    return tf.stack(shares, axis=1)
