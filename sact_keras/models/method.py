"""What a method is to the house."""

import dataclasses
import numbers
from collections.abc import Callable, Mapping
from typing import Any

from sact_keras.kernels.types import Tensor
from sact_keras.layers import Decision, Style


@dataclasses.dataclass(frozen=True)
class BlockPlan:
    """What a method may know of a block whose decision it makes.

    Attributes:
        index: The block's place in the network, from 0.
        num_units: Its residual units.
        filters: Channels of their outputs.
        style: The family's numerical conventions.
        activated: Whether the family's halting branches activate their norms.
        family: The ResNet family.
        strides: Stride of the first unit.
        first_unit: The first unit's place among those of the network, from 0.
        total_units: Residual units of the network.
    """

    index: int
    num_units: int
    filters: int
    style: Style
    activated: bool
    family: str
    strides: int
    first_unit: int
    total_units: int


@dataclasses.dataclass(frozen=True)
class Method:
    """A method of adaptive computation.

    A method's loss is a function of the *means* over images of some statistics of each:
    over a batch in training, over the whole data set in an evaluation.

    Attributes:
        decide: Makes a block's decision from its `BlockPlan` and the arguments.
        arguments: The method's arguments and their defaults.
        statistics: What the loss needs of each image, from the model and its outputs:
            name -> float32 [N] or [N, k].
        loss: The method's own loss, from the statistics' means (scalars or [k]) and the
            model. None for none.
        is_linear: Whether the loss is linear in the means, so that a mean of the losses
            of several replicas' images is that of all. Means are shared otherwise.
        loss_name: What logs call that loss.
        report: What an evaluation prints besides, by name, from the same means and the
            model.
        validate: Raises ValueError for arguments out of range; it is told the number of
            residual units, too.
        variant: Which original's ResNet it runs on by default.
        anneals: Whether it depends on how far the training is; the model then has a
            `progress`.
        policy: Makes a layer that decides about all units before the first one, from
            the arguments, the family's name, the number of units and the base of the
            widths; see `PolicyNetwork`. None, or a layer of None, for none: blocks
            decide by themselves.
        frozen: Whether the network beneath the policy is not trained, by the arguments.
        reinforce: For policies: the loss of a training step, from the model, its
            outputs, the labels and the compiled loss. A replica's part under
            `tf.distribute`.
        measured: Names of what a training logs besides.
        measure: Says these of a batch, scalars by name, from the model, its outputs and
            the labels.
    """

    decide: Callable[[BlockPlan, Mapping[str, Any]], Decision]
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    statistics: Callable[[Any, Mapping[str, Tensor]], dict[str, Tensor]] | None = None
    loss: Callable[[Mapping[str, Tensor], Any], Tensor] | None = None
    is_linear: bool = False
    loss_name: str = "method_loss"
    report: Callable[[Mapping[str, Any], Any], dict[str, float]] | None = None
    validate: Callable[[Mapping[str, Any], int], None] = lambda arguments, units: None
    variant: str = "sact"
    anneals: bool = False
    policy: Callable[[Mapping[str, Any], str, int, int], Any] | None = None
    frozen: Callable[[Mapping[str, Any]], bool] = lambda arguments: False
    reinforce: Callable[[Any, Mapping[str, Any], Tensor, Tensor], Tensor] | None = None
    measured: tuple[str, ...] = ()
    measure: Callable[[Any, Mapping[str, Any], Tensor], dict[str, Tensor]] | None = None

    def complete(self, arguments: Mapping[str, Any], num_units: int) -> dict[str, Any]:
        """Fills in the defaults and checks the arguments.

        Args:
            arguments: By name; the rest take their defaults.
            num_units: Residual units of the network.

        Raises:
            ValueError: If an argument is unknown or out of range.
        """
        for name in arguments:
            if name not in self.arguments:
                known = ", ".join(self.arguments) or "none"
                raise ValueError(
                    f"The method takes the arguments: {known}. "
                    f"Received: {name}={arguments[name]!r}"
                )
        completed = {**self.arguments, **arguments}
        for name, value in completed.items():
            if hasattr(value, "tolist"):  # NumPy's, which no config can hold.
                completed[name] = value.tolist()
            if isinstance(self.arguments[name], float):
                check_number(name, completed[name])
        self.validate(completed, num_units)
        return completed


def check_number(name: str, value: Any) -> None:
    """Refuses what is no number with a ValueError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"{name} must be a number. Received: {name}={value!r}")
