"""Evaluates a model on a data set, exactly."""

import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from sact_keras.training.evaluation import Evaluation

_BLOCK_OUTPUTS = {
    "ponder_cost": "ponder_cost",
    "num_units": "num_units",
    "flops": "Flops",
}
"""Output of a block -> its name in the results."""

_SECONDS_BEFORE_PROGRESS = 5.0

_LARGE_IMAGE = 128 * 128
"""Pixels from which on a few images keep a CPU as busy as many do."""

_LARGE_AT_A_TIME = 8
"""Images of that size that are run at a time on a CPU (see docs/performance.md)."""


class Evaluator:
    """Measures accuracy, loss, FLOPs, ponder cost and executed units.

    Every number is collected image by image and reduced in float64. A standard
    deviation is that of the population: over images, and for SACT over all positions
    of all images.

    How convolutions and matrix products round depends on how many images they are
    given, and a decision that is close may then go the other way. On a CPU, images
    large enough that a few keep it busy are therefore run eight at a time, in the
    order in which they come: the numbers are exactly the same whatever the batch size.
    Smaller images, and a GPU, are run in batches, whose size moves the last digits.

    Args:
        model: A built model.
        batch_size: Images run at a time, at least 1 (see above). Where there are
            fewer at the end, copies fill up (an image's outputs do not depend on its
            neighbours), so that one compiled program serves all.
        jit_compile: Whether XLA compiles it.
        recall_at: Also reports the fraction of the images whose right class is among
            so many likeliest; None for no recall.

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
    ) -> None:
        if batch_size < 1:
            raise ValueError(
                f"batch_size must be at least 1. Received: batch_size={batch_size}"
            )
        self.model = model
        self.batch_size = batch_size
        self.recall_at = recall_at
        self._run = tf.function(self._needed_outputs, jit_compile=jit_compile)

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
        collected: dict[str, list[np.ndarray]] = defaultdict(list)
        with tqdm(
            total=num_examples,
            desc="Evaluating",
            unit=" images",
            delay=_SECONDS_BEFORE_PROGRESS,
            # In a log file, a line now and then.
            mininterval=0.5 if sys.stderr.isatty() else 60.0,
            leave=False,
        ) as progress:
            for images, labels in self._regroup(batches):
                for name, values in self._run_group(images, labels).items():
                    collected[name].append(values)
                progress.update(len(labels))
        if not collected:
            raise ValueError("batches must hold at least one image. Received: none")
        return self._reduce(
            {name: np.concatenate(parts) for name, parts in collected.items()}
        )

    def _needed_outputs(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = self.model(images, training=False)
        names = ["logits", "flops"]
        for block in self.model.block_names:
            names += [f"{block}/{output}" for output in _BLOCK_OUTPUTS]
        return {name: outputs[name] for name in names if name in outputs}

    def _regroup(self, batches: Iterable[tuple]) -> Iterator[tuple]:
        """Yields the images in groups of those run at a time; the last is smaller."""
        images = labels = None
        for more in batches:
            more_images, more_labels = map(np.asarray, more)
            if images is not None:
                more_images = np.concatenate([images, more_images])
                more_labels = np.concatenate([labels, more_labels])
            images, labels = more_images, more_labels
            size = self._images_at_a_time(images.shape[1:3])
            while len(labels) >= size:
                yield images[:size], labels[:size]
                images, labels = images[size:], labels[size:]
        if labels is not None and len(labels):
            yield images, labels

    def _images_at_a_time(self, image_size: tuple[int, int]) -> int:
        on_cpu = not tf.config.list_physical_devices("GPU")
        large = math.prod(image_size) >= _LARGE_IMAGE
        return _LARGE_AT_A_TIME if on_cpu and large else self.batch_size

    def _run_group(
        self, images: np.ndarray, labels: np.ndarray
    ) -> dict[str, np.ndarray]:
        """A few numbers for each image, [B] each."""
        size = len(labels)
        missing = self._images_at_a_time(images.shape[1:3]) - size
        filling = [(0, missing)] + [(0, 0)] * (images.ndim - 1)
        outputs = self._run(tf.constant(np.pad(images, filling, mode="edge")))
        results = {}
        for name, value in outputs.items():
            value = value.numpy()[:size].astype(np.float64)
            if name == "logits":
                results.update(_judge(value, labels))
                continue
            # Mean and variance over an image's positions: enough for those over all.
            positions = value.reshape(size, -1)
            results[f"{name}/mean"] = positions.mean(axis=1)
            results[f"{name}/variance"] = positions.var(axis=1)
        return results

    def _reduce(self, collected: dict[str, np.ndarray]) -> Evaluation:
        ranks = collected["rank"]
        quality = {"eval/Accuracy": float(np.mean(collected["right"]))}
        if self.recall_at is not None:
            found = float(np.mean(ranks < self.recall_at))
            quality[f"eval/Recall@{self.recall_at}"] = found
        losses = {"Cross_Entropy": float(np.mean(collected["cross_entropy"]))}
        values = {}

        def describe(name: str, mean_name: str, std_name: str) -> None:
            means, variances = collected[f"{name}/mean"], collected[f"{name}/variance"]
            values[mean_name] = float(means.mean())
            values[std_name] = float(np.sqrt(variances.mean() + means.var()))

        describe("flops", "Total Flops/mean", "Total Flops/std")
        for block in self.model.block_names:
            for output, shown in _BLOCK_OUTPUTS.items():
                if f"{block}/{output}/mean" in collected:
                    label = f"{block}/{shown}"
                    describe(f"{block}/{output}", f"{label}_mean", f"{label}_std")
        ponder_costs = [
            value
            for name, value in values.items()
            if name.endswith("/ponder_cost_mean")
        ]
        if ponder_costs:
            losses["Ponder_Loss"] = self.model.arguments["tau"] * sum(ponder_costs)
        losses["Regularization_Loss"] = self._regularization_loss()
        return Evaluation(
            num_examples=len(ranks),
            values={
                **quality,
                "eval/Loss": sum(losses.values()),
                **{f"eval/{name}": value for name, value in losses.items()},
                **values,
            },
        )

    def _regularization_loss(self) -> float:
        return sum(
            float(variable.regularizer(variable))
            for variable in self.model.trainable_variables
            if variable.regularizer is not None
        )


def _judge(logits: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """How well logits, [B, classes] float64, fit the labels: each [B]."""
    labels = labels.astype(np.int64)
    highest = logits.max(axis=1)
    with np.errstate(invalid="ignore"):  # A diverged network's loss is NaN.
        log_sums = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    right = logits[np.arange(len(labels)), labels]
    # What is not a number counts as likelier than the right class.
    rank = (~(logits <= right[:, None])).sum(axis=1)
    return {
        "right": logits.argmax(axis=1) == labels,
        "rank": np.where(np.isfinite(right), rank, logits.shape[1]),
        "cross_entropy": log_sums - right,
    }
