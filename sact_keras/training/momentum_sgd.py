"""The optimizer of the originals that are written in PyTorch."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="sact_keras")
class MomentumSGD(keras.optimizers.Optimizer):
    """Stochastic gradient descent with momentum and L2 decay, as PyTorch defines it.

    With the gradient g of a weight w, of any weight: norms and biases decay too,

        v <- momentum * v + (g + weight_decay * w)
        w <- w - learning_rate * v

    `keras.optimizers.SGD` has the learning rate inside the velocity, which differs
    once the rate drops: there the velocity still carries steps of the old size, here
    it is rescaled at once. Its `weight_decay` shrinks the weights beside the velocity
    rather than through it.

    Args:
        learning_rate: A number at least 0, or a schedule.
        momentum: In [0, 1).
        weight_decay: At least 0.
        learning_rate_factors: Regular expression -> factor, at least 0, on the
            learning rate of the variables in whose path it is found (the first that
            is counts). ConvNet-AIG (Veit & Belongie 2018) has one for the last layer
            of its gates.
        name: The optimizer's name.
        **kwargs: Of `keras.optimizers.Optimizer`, such as `clipnorm`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> weight = keras.Variable([1.0], name="weight")
        >>> optimizer = MomentumSGD(0.1, momentum=0.9, weight_decay=0.5)
        >>> for _ in range(2):
        ...     optimizer.apply([ops.convert_to_tensor([1.0])], [weight])
        >>> # v = 1.5, w = 0.85; v = 0.9 * 1.5 + 1 + 0.5 * 0.85 = 2.775
        >>> round(float(weight[0]), 4)
        0.5725
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        learning_rate_factors: Mapping[str, float] | None = None,
        name: str = "momentum_sgd",
        **kwargs: Any,
    ) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in [0, 1). Received: {momentum=}")
        if not weight_decay >= 0:
            raise ValueError(
                f"weight_decay must be at least 0. Received: {weight_decay=}"
            )
        learning_rate_factors = dict(learning_rate_factors or {})
        if not all(factor >= 0 for factor in learning_rate_factors.values()):
            raise ValueError(
                "learning_rate_factors must be at least 0. "
                f"Received: {learning_rate_factors=}"
            )
        # Keras' own weight decay, which is another one, stays off.
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.momentum = momentum
        self.coupled_weight_decay = weight_decay
        self.learning_rate_factors = learning_rate_factors

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Creates a velocity for each variable, at zero."""
        if self.built:
            return
        super().build(variables)
        self.velocities = self.add_optimizer_variables(variables, "velocity")
        # By place: an update may be given the backend's variables, without a path.
        self.factors = [self._factor_of(variable.path) for variable in variables]

    def update_step(
        self, gradient: Any, variable: keras.Variable, learning_rate: Any
    ) -> None:
        """Moves one variable; see the class."""
        index = self._get_variable_index(variable)
        velocity, factor = self.velocities[index], self.factors[index]

        def cast(value: Any) -> Any:
            return ops.cast(value, variable.dtype)

        gradient = cast(gradient)
        if self.coupled_weight_decay:
            decay = ops.multiply(variable, cast(self.coupled_weight_decay))
            gradient = ops.add(gradient, decay)
        velocity_now = ops.add(ops.multiply(velocity, cast(self.momentum)), gradient)
        self.assign(velocity, velocity_now)
        rate = cast(learning_rate)
        if factor != 1:
            rate = ops.multiply(rate, cast(factor))
        self.assign_sub(variable, ops.multiply(velocity_now, rate))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "weight_decay": self.coupled_weight_decay,
            "learning_rate_factors": self.learning_rate_factors,
        }

    def _factor_of(self, path: str) -> float:
        matching = (
            factor
            for pattern, factor in self.learning_rate_factors.items()
            if re.search(pattern, path)
        )
        return next(matching, 1.0)
