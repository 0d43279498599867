"""How networks learn what their method asks for."""

from typing import Any

import keras
from keras import ops

from sact_keras.kernels import num_replicas, replica_mean
from sact_keras.kernels.types import Tensor
from sact_keras.models.method import Method
from sact_keras.models.methods import METHODS


class MethodTraining(keras.Model):
    """A model that adds its method's loss and metrics to what Keras compiles.

    Base of `AdaptiveResNet`, whose outputs it reads. Keras' `fit` does the rest.
    """

    @property
    def method(self) -> Method:
        """The method of the model's type."""
        return METHODS[self.model_type]

    def make_metrics(self) -> None:
        """Makes the method's metrics; the model must know its `policy`."""
        if self.method.loss is not None:
            self._method_loss = keras.metrics.Mean(name=self.method.loss_name)
        measured = self.method.measured if self.policy is not None else ()
        self._measured = [keras.metrics.Mean(name=name) for name in measured]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """The compiled loss of the logits, plus the method's and the regularizers'.

        Policies learn from their rewards: what that makes of it, the method says.
        """
        loss = super().compute_loss(
            x, y, y_pred["logits"], sample_weight, training=training
        )
        if self.method.loss is not None and num_replicas() > 1:
            loss = loss + self.loss_of_method(y_pred) / num_replicas()
        if "baseline_logits" not in y_pred:
            return loss
        return self.method.reinforce(self, y_pred, y, loss)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Tensor]:
        """The compiled metrics of the logits, and the method's loss by its name."""
        if self.method.loss is not None:
            self._method_loss.update_state(self.loss_of_method(y_pred))
        if self._measured:
            found = self.method.measure(self, y_pred, y)
            for metric in self._measured:
                metric.update_state(found[metric.name])
        return super().compute_metrics(x, y, y_pred["logits"], sample_weight)

    def add_loss_of_method(self, outputs: dict[str, Any]) -> None:
        """Adds the method's loss to the model's `losses`, of which there is one list.

        Of several replicas, which run in turns, each would find the others' in it:
        there `compute_loss` adds it.
        """
        if self.method.loss is not None and num_replicas() == 1:
            self.add_loss(self.loss_of_method(outputs))

    def loss_of_method(self, outputs: dict[str, Any]) -> Tensor:
        """The method's loss of a batch, by the means over its images."""
        method = self.method
        means = {
            name: ops.mean(value, axis=0)
            for name, value in method.statistics(self, outputs).items()
        }
        if not method.is_linear:
            means = {name: replica_mean(value) for name, value in means.items()}
        return method.loss(means, self)
