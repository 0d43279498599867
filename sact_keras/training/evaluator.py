"""Evaluates a model on a data set, exactly."""

import functools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sact_keras.models import METHODS
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.image_groups import ImageGroup, image_groups
from sact_keras.training.judge import judge
from sact_keras.training.policy_usage import PolicyUsage
from sact_keras.training.unit_rates import UnitRates, executed_shares

_OUTPUTS = {"flops": "Total Flops", "macs": "Total MACs"}
"""Output of a model -> its name in the results."""

_BLOCK_OUTPUTS = {
    "ponder_cost": "ponder_cost",
    "num_units": "num_units",
    "flops": "Flops",
}
"""Output of a block -> its name in the results."""

_STATISTICS = "statistics/"
"""What the names of a method's statistics begin with, among the numbers of an image."""


class Evaluator:
    """Measures accuracy, loss, FLOPs, and what a method decides.

    Every number is collected image by image and reduced in float64. A standard
    deviation is that of the population: over images, and where positions decide over
    all positions of all images; that of the blocks which a policy uses alone is a
    sample's, as in the original. A method's loss is that of its statistics' means over
    all images.

    The numbers do not depend on the batch size where images are large, or else but for
    the last digits: see `image_groups`.

    Args:
        model: A built model.
        batch_size: Images run at a time, at least 1.
        jit_compile: Whether XLA compiles it.
        recall_at: Also reports the fraction of the images whose right class is among
            so many likeliest; None for no recall.
        run: What runs images [B, H, W, 3] in place of `model(images)`, and returns the
            same dictionary: the model in another form, or under a compute budget.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("act", dataset="shapes", model="1")
        >>> evaluator = Evaluator(model, batch_size=2, jit_compile=False)
        >>> images, labels = np.zeros((3, 32, 32, 3), "float32"), np.array([1, 2, 3])
        >>> found = evaluator([(images[:2], labels[:2]), (images[2:], labels[2:])])
        >>> found.num_examples, found.values["block_1/num_units_mean"]
        (3, 1.0)
    """

    def __init__(
        self,
        model: keras.Model,
        batch_size: int,
        *,
        jit_compile: bool = True,
        recall_at: int | None = None,
        run: Callable[[tf.Tensor], dict[str, Any]] | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(
                f"batch_size must be at least 1. Received: batch_size={batch_size}"
            )
        self.model = model
        self.batch_size = batch_size
        self.recall_at = recall_at
        self._method = METHODS[model.model_type]
        self._call = run or functools.partial(model, training=False)
        self._run = tf.function(
            self._needed_outputs, autograph=False, jit_compile=jit_compile
        )

    def __call__(
        self, batches: Iterable[tuple], num_examples: int | None = None
    ) -> Evaluation:
        """Evaluates.

        Args:
            batches: (images [B, H, W, 3] float32, labels [B] integer), of any B.
            num_examples: Images in all, for the progress bar that is shown where it
                takes more than a few seconds.

        Returns:
            What was found.

        Raises:
            ValueError: If there is no image in `batches`.
        """
        parts: dict[str, list[np.ndarray]] = defaultdict(list)
        rates, usage = UnitRates.of(self.model), PolicyUsage.of(self.model)
        for group in image_groups(batches, self.batch_size, num_examples=num_examples):
            outputs, labels = self._run_group(group), group.labels[: group.count]
            shares = outputs.pop("rates")
            if rates is not None:
                rates.add(shares, labels)
            described = _describe_images(outputs, labels)
            if usage is not None:
                usage.add(shares, described["right"])
            for name, values in described.items():
                parts[name].append(values)
        if not parts:
            raise ValueError("batches must hold at least one image. Received: none")
        collected = {name: np.concatenate(values) for name, values in parts.items()}
        values = self._reduce(collected, {} if usage is None else usage.values)
        return Evaluation(len(collected["rank"]), values, rates, usage)

    def _needed_outputs(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = self._call(images)
        names = ["logits", *_OUTPUTS]
        for block in self.model.block_names:
            names += [f"{block}/{output}" for output in _BLOCK_OUTPUTS]
        needed = {name: outputs[name] for name in names if name in outputs}
        if self._method.statistics is not None:
            for name, value in self._method.statistics(self.model, outputs).items():
                needed[_STATISTICS + name] = value
        return {**needed, "rates": executed_shares(outputs["masks"])}

    def _run_group(self, group: ImageGroup) -> dict[str, np.ndarray]:
        outputs = self._run(tf.constant(group.images))
        return {
            name: value.numpy()[: group.count].astype(np.float64)
            for name, value in outputs.items()
        }

    def _reduce(
        self, collected: dict[str, np.ndarray], policy_values: dict[str, float]
    ) -> dict[str, float]:
        quality = {"eval/Accuracy": float(np.mean(collected["right"]))}
        if self.recall_at is not None:
            found = float(np.mean(collected["rank"] < self.recall_at))
            quality[f"eval/Recall@{self.recall_at}"] = found
        losses = {"Cross_Entropy": float(np.mean(collected["cross_entropy"]))}
        means = {
            name.removeprefix(_STATISTICS): values.mean(axis=0)
            for name, values in collected.items()
            if name.startswith(_STATISTICS)
        }
        if self._method.loss is not None:
            name = "_".join(map(str.capitalize, self._method.loss_name.split("_")))
            losses[name] = float(self._method.loss(means, self.model))
        losses["Regularization_Loss"] = self._regularization_loss()
        report = self._method.report
        return {
            **quality,
            "eval/Loss": sum(losses.values()),
            **{f"eval/{name}": value for name, value in losses.items()},
            **(report(means, self.model) if report is not None else {}),
            **policy_values,
            **self._costs(collected),
        }

    def _costs(self, collected: dict[str, np.ndarray]) -> dict[str, float]:
        labels = {name: f"{shown}/" for name, shown in _OUTPUTS.items()}
        for block in self.model.block_names:
            for output, shown in _BLOCK_OUTPUTS.items():
                labels[f"{block}/{output}"] = f"{block}/{shown}_"
        values = {}
        for name, label in labels.items():
            if f"{name}/mean" in collected:
                means = collected[f"{name}/mean"]
                variance = collected[f"{name}/variance"].mean() + means.var()
                values[f"{label}mean"] = float(means.mean())
                values[f"{label}std"] = float(np.sqrt(variance))
        return values

    def _regularization_loss(self) -> float:
        return math.fsum(
            float(variable.regularizer(variable))
            for variable in self.model.trainable_variables
            if variable.regularizer is not None
        )


def _describe_images(
    outputs: dict[str, np.ndarray], labels: np.ndarray
) -> dict[str, np.ndarray]:
    """A few numbers for each image: [B], statistics [B] or [B, k]."""
    results = judge(outputs["logits"], labels)
    for name, value in outputs.items():
        if name.startswith(_STATISTICS):
            results[name] = value
        elif name != "logits":
            # Mean and variance over an image's positions: enough for those over all.
            positions = value.reshape(len(labels), -1)
            results[f"{name}/mean"] = positions.mean(axis=1)
            results[f"{name}/variance"] = positions.var(axis=1)
    return results
