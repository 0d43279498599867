"""What `fit` calls for each step of a training on several devices."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from sact_keras.kernels import any_replica
from sact_keras.training.distribution.batches import distribute
from sact_keras.training.distribution.distribution import Distribution

Logs = dict[str, tf.Tensor]

Batches = tf.data.Dataset | tf.distribute.DistributedDataset


class TrainFunction:
    """One step of a training: on all replicas, in one micro batch or several.

    Keras' own function of this kind, which `fit` makes unless a model has one, breaks
    under a strategy of several workers, and its optimizers accumulate gradients in a
    way that strategies cannot follow. A step here is always one update of the weights,
    so that schedules and annealing do not depend on how its batch was divided:

        gradient = mean over the micro batches of the sum over the replicas of the
                   gradients of each replica's part of the loss.

    Args:
        model: Compiled, within the distribution's scope, its optimizer built.
        distribution: The replicas.
        accumulate_steps: Micro batches of a step, at least 1.

    Attributes:
        wants_to_stop: Asks this process, before each step, whether the training is to
            stop; None: never.
        stops: Whether any process wanted to, when the last step began. All processes
            find the same, and so can stop after the same step.

    Call arguments:
        pace: Whatever `fit` has taken from what `take` returns.

    Returns:
        Means of the metrics so far, by name.
    """

    def __init__(
        self,
        model: keras.Model,
        distribution: Distribution,
        accumulate_steps: int = 1,
    ) -> None:
        self.model = model
        self.distribution = distribution
        self.accumulate_steps = accumulate_steps
        self.wants_to_stop: Callable[[], bool] | None = None
        self.stops = False
        self._gradients: list[tf.Variable] = []
        if accumulate_steps > 1:
            with distribution.scope():
                self._gradients = [
                    _replicas_own(variable) for variable in model.trainable_variables
                ]
        self._accumulate = self._compile(self._accumulating)
        self._update = self._compile(self._updating)
        self._iterator: Any = None

    def take(self, batches: Batches) -> Batches:
        """Takes what the steps are to be made of.

        Args:
            batches: Images and labels of micro batches, as `distribute_batches` gives
                them.

        Returns:
            What `fit` is given in their place, an element a step without content: of
            several processes' data it would try to take a mean.
        """
        self._iterator = iter(batches)
        pace = tf.data.Dataset.from_tensors(0.0).repeat()
        strategy = self.distribution.strategy
        if strategy is None:
            return pace
        return distribute(pace, strategy)

    def __call__(self, pace: Any) -> Logs:
        """Makes a step; see the class."""
        del pace
        for _ in range(self.accumulate_steps - 1):
            self._accumulate(self._iterator)
        if self.distribution.num_workers == 1:
            return self._update(self._iterator)
        wants = self.wants_to_stop is not None and self.wants_to_stop()
        logs = self._update(self._iterator, tf.constant(float(wants)))
        self.stops = float(logs.pop("stops")) > 0
        return logs

    def _compile(self, step: Callable[..., Logs]) -> Callable[..., Logs]:
        strategy = self.distribution.strategy

        def on_all_replicas(batch: Any, *more: Any) -> Logs:
            if strategy is None:
                return step(batch, *more)
            logs = strategy.run(step, args=(batch, *more))
            return {
                name: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
                for name, value in logs.items()
            }

        compiled = tf.function(
            on_all_replicas, autograph=False, jit_compile=self.model.jit_compile
        )

        @tf.function(autograph=False)
        def on_next_batch(iterator: Any, *more: Any) -> Logs:
            return compiled(iterator.get_next(), *more)

        return on_next_batch

    def _accumulating(self, batch: tuple[tf.Tensor, tf.Tensor]) -> Logs:
        gradients, _ = self._differentiate(batch)
        for kept, gradient in zip(self._gradients, gradients, strict=True):
            if gradient is not None:
                kept.assign_add(gradient)
        return {}

    def _updating(self, batch: tuple[tf.Tensor, tf.Tensor], *wants: tf.Tensor) -> Logs:
        gradients, logs = self._differentiate(batch)
        if self._gradients:
            # Weights that the loss does not depend on have none, and stay as they are.
            gradients = [
                None if gradient is None else (kept + gradient) / self.accumulate_steps
                for kept, gradient in zip(self._gradients, gradients, strict=True)
            ]
        if isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer):
            gradients = self._spread_overflow(gradients)
        self.model.optimizer.apply(gradients, self.model.trainable_variables)
        for kept in self._gradients:
            kept.assign(tf.zeros_like(kept))
        return {**logs, "stops": wants[0]} if wants else logs

    def _differentiate(
        self, batch: tuple[tf.Tensor, tf.Tensor]
    ) -> tuple[list[tf.Tensor | None], Logs]:
        model, (images, labels) = self.model, batch
        with tf.GradientTape() as tape:
            outputs = model(images, training=True)
            # This replica's part of the loss: the replicas' parts add up to it.
            loss = model.compute_loss(images, labels, outputs, training=True)
            scaled = model.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_variables)
        (tracker,) = (metric for metric in model.metrics if metric.name == "loss")
        tracker.update_state(
            loss * self.distribution.num_replicas, sample_weight=tf.shape(images)[0]
        )
        return gradients, model.compute_metrics(images, labels, outputs)

    def _spread_overflow(
        self, gradients: list[tf.Tensor | None]
    ) -> list[tf.Tensor | None]:
        """Makes an overflow on one replica one on all.

        Of several replicas Keras asks the first alone whether its gradients are finite,
        and only then adds them up.
        """
        if self.distribution.num_replicas == 1:
            return gradients
        finite = [
            tf.reduce_all(tf.math.is_finite(each))
            for each in gradients
            if each is not None
        ]
        overflows = any_replica(~tf.reduce_all(finite))
        poison = tf.where(overflows, float("nan"), 0.0)
        return [None if each is None else each + poison for each in gradients]


def _replicas_own(variable: keras.Variable) -> tf.Variable:
    """Zeros in the shape of a weight, of which each replica keeps its own."""
    return tf.Variable(
        tf.zeros(variable.shape, variable.dtype),
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
