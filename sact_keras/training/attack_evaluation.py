"""What an evaluation under attack has found."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from sact_keras.training.result_files import format_values

VERSIONS = {
    "clean": "Clean_",
    "clean_jpeg": "Clean_JPEG_",
    "attacked": "",
    "attacked_jpeg": "JPEG_",
}
"""Version of an image -> what the names of its numbers begin with."""


@dataclasses.dataclass(frozen=True)
class AttackEvaluation:
    """Accuracy, cost and decisions of a model on images and their attacked versions.

    Attributes:
        num_examples: Images attacked.
        values: Name -> value, in the order of printing.
        changed_decisions: Version -> unit -> share of the decisions about it that are
            not those about the clean images. Empty where nothing is decided.
        pictures: Version -> what the first few images look like, uint8 [n, H, W, 3].
        predictions: Version -> the class that each of these is taken for.
        labels: The right classes of these images.
    """

    num_examples: int
    values: Mapping[str, float]
    changed_decisions: Mapping[str, Mapping[str, float]]
    pictures: Mapping[str, np.ndarray]
    predictions: Mapping[str, np.ndarray]
    labels: np.ndarray

    def __str__(self) -> str:
        return format_values(self.values)
