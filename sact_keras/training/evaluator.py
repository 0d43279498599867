"""Evaluates a model on a data set, exactly."""

from collections import defaultdict
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf

from sact_keras.training.evaluation import Evaluation

_BLOCK_OUTPUTS = {
    "ponder_cost": "ponder_cost",
    "num_units": "num_units",
    "flops": "Flops",
}
"""Output of a block -> its name in the results."""


class Evaluator:
    """Measures accuracy, loss, FLOPs, ponder cost and executed units.

    Every number is collected image by image and reduced in float64, so that the
    result does not depend on the batch size. A standard deviation is that of the
    population: over images, and for SACT over all positions of all images.

    Args:
        model: A built model.
        batch_size: Images run at a time, at least 1. The last, smaller batch is filled
            up to it (an image's outputs do not depend on its neighbours), so that one
            compiled program serves all.
        jit_compile: Whether XLA compiles it.

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
        self, model: keras.Model, batch_size: int, *, jit_compile: bool = True
    ) -> None:
        if batch_size < 1:
            raise ValueError(
                f"batch_size must be at least 1. Received: batch_size={batch_size}"
            )
        self.model = model
        self.batch_size = batch_size
        self._run = tf.function(self._needed_outputs, jit_compile=jit_compile)

    def __call__(self, batches: Iterable[tuple]) -> Evaluation:
        """Evaluates.

        Args:
            batches: (images [B, H, W, 3] float32, labels [B] integer), B at most
                `batch_size`.

        Returns:
            What was found.

        Raises:
            ValueError: If there is no image in `batches`, or a batch is too large.
        """
        collected: dict[str, list[np.ndarray]] = defaultdict(list)
        for images, labels in batches:
            images, labels = np.asarray(images), np.asarray(labels)
            for name, values in self._run_batch(images).items():
                collected[name].append(values)
            collected["labels"].append(labels)
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

    def _run_batch(self, images: np.ndarray) -> dict[str, np.ndarray]:
        size = len(images)
        if size > self.batch_size:
            raise ValueError(
                f"a batch must hold at most batch_size={self.batch_size} images. "
                f"Received: {size}"
            )
        filling = [(0, self.batch_size - size)] + [(0, 0)] * (images.ndim - 1)
        outputs = self._run(tf.constant(np.pad(images, filling, mode="edge")))
        results = {}
        for name, value in outputs.items():
            value = value.numpy()[:size].astype(np.float64)
            if name == "logits":
                results[name] = value
                continue
            # Mean and variance over an image's positions: enough for those over all.
            positions = value.reshape(size, -1)
            results[f"{name}/mean"] = positions.mean(axis=1)
            results[f"{name}/variance"] = positions.var(axis=1)
        return results

    def _reduce(self, collected: dict[str, np.ndarray]) -> Evaluation:
        logits, labels = collected["logits"], collected["labels"].astype(np.int64)
        highest = logits.max(axis=1, keepdims=True)
        log_sums = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
        right = logits[np.arange(len(labels)), labels]
        losses = {"Cross_Entropy": float(np.mean(log_sums - right))}
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
            num_examples=len(labels),
            values={
                "eval/Accuracy": float(np.mean(logits.argmax(axis=1) == labels)),
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
