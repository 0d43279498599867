"""Measures a network under compute budgets: what it finds, needs and takes."""

import functools
import logging
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import sact_keras
from sact_keras.benchmarking.executors import function_of, vanilla_of
from sact_keras.benchmarking.turns import TURN_SECONDS, describe_times, take_turns
from sact_keras.data import ImageDataset
from sact_keras.training.dataset_evaluation import evaluation_batches, num_evaluated
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.evaluator import Evaluator
from sact_keras.training.options import Options

logger = logging.getLogger(__name__)

_DENSE = "dense"
_WARM_UP_CALLS = 2


class SweepMeasurements:
    """A network, to be measured under one compute budget after another.

    It is run in its compact form, which returns what the network itself does.

    Args:
        model: A built network that decides about units.
        budgets: In [0, infinity].

    Example:
        >>> model = sact_keras.build_model("aig", model="1", base_channels=4)
        >>> measurements = SweepMeasurements(model, (0.5, 1.0))
        >>> images = np.zeros((2, 32, 32, 3), "float32")
        >>> times, dense = measurements.time(images, rounds=1, turn_seconds=0)
        >>> list(times[0])
        ['milliseconds', 'milliseconds_lower', 'milliseconds_upper', 'speedup']
    """

    def __init__(self, model: keras.Model, budgets: Sequence[float]) -> None:
        self.model = model
        self.budgets = tuple(budgets)
        self._compact = sact_keras.compact(model)

    def evaluate(self, options: Options, dataset: ImageDataset) -> list[dict[str, Any]]:
        """Evaluates under each budget.

        Args:
            options: Resolved options: which split, how many examples, the batch size.
            dataset: What to evaluate on.

        Returns:
            For each budget "compute_budget", "num_examples", "accuracy", "flops_mean"
            and "flops_std" (over images), "num_units" (executed units, all blocks'
            means added up) and, with halting, "ponder_cost" (likewise).

        Raises:
            DatasetError: If bad records were skipped and none is left.
        """
        # A variable: one graph serves all budgets.
        budget = tf.Variable(1.0)
        evaluator = Evaluator(
            self.model,
            options.eval_batch_size,
            jit_compile=False,
            run=lambda images: self._compact(images, compute_budget=budget),
        )
        size = num_evaluated(options, dataset)
        rows = []
        for number, value in enumerate(self.budgets, start=1):
            budget.assign(value)
            found = evaluator(evaluation_batches(options, dataset), size)
            rows.append({"compute_budget": value, **self._describe(found)})
            logger.info(
                "Budget %g (%d of %d): accuracy %.4f, %.0f FLOPs",
                *(value, number, len(self.budgets)),
                *(rows[-1]["accuracy"], rows[-1]["flops_mean"]),
            )
        return rows

    def time(
        self, images: np.ndarray, rounds: int, turn_seconds: float = TURN_SECONDS
    ) -> tuple[list[dict[str, float]], dict[str, Any]]:
        """Lets all budgets, and the network without decisions, take turns on a batch.

        Args:
            images: The batch, [N, H, W, 3].
            rounds: See `take_turns`.
            turn_seconds: Likewise.

        Returns:
            For each budget "milliseconds" of an image (the median), its quartiles
            "milliseconds_lower" and "milliseconds_upper", and "speedup" (dense /
            milliseconds); and, for the vanilla network of the same body and weights as
            Keras runs it, "flops" of an image, and the same times but the last.
        """
        batch = tf.constant(images)
        dense = function_of(vanilla_of(self.model))
        calls = {
            value: functools.partial(
                self._compact, batch, compute_budget=tf.fill([len(images)], value)
            )
            for value in self.budgets
        }
        calls[_DENSE] = functools.partial(dense, batch)
        calls = {name: functools.partial(_fetch, call) for name, call in calls.items()}
        for _ in range(_WARM_UP_CALLS):
            outputs = {name: call() for name, call in calls.items()}
        seconds = take_turns(calls, rounds, turn_seconds)
        times = {name: _of_an_image(seconds[name], len(images)) for name in calls}
        dense_times = times.pop(_DENSE)
        for found in times.values():
            found["speedup"] = dense_times["milliseconds"] / found["milliseconds"]
        flops = int(outputs[_DENSE]["flops"][0])
        return list(times.values()), {"flops": flops, **dense_times}

    def _describe(self, found: Evaluation) -> dict[str, float]:
        """What an evaluation found, for a row."""
        values = found.values
        row = {
            "num_examples": found.num_examples,
            "accuracy": found.accuracy,
            "flops_mean": values["Total Flops/mean"],
            "flops_std": values["Total Flops/std"],
        }
        for name in ("num_units", "ponder_cost"):
            means = [f"{block}/{name}_mean" for block in self.model.block_names]
            if means[0] in values:
                row[name] = sum(values[mean] for mean in means)
        return row


def _fetch(call: functools.partial) -> dict[str, Any]:
    """Runs; what it returns has been computed."""
    outputs = call()
    outputs["logits"].numpy()
    return outputs


def _of_an_image(seconds: Sequence[float], batch_size: int) -> dict[str, float]:
    times = describe_times(seconds, batch_size)
    return {
        "milliseconds": times["milliseconds"] / batch_size,
        "milliseconds_lower": times["lower_quartile"] / batch_size,
        "milliseconds_upper": times["upper_quartile"] / batch_size,
    }
