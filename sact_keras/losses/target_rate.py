"""The target rate loss of ConvNet-AIG."""

from collections.abc import Sequence

from keras import ops

from sact_keras.kernels.types import Tensor


def target_rate_loss(
    rates: Tensor,
    target_rates: Sequence[float],
    weight: float = 1.0,
    counted: Sequence[bool] | None = None,
) -> Tensor:
    """How far the units' rates of execution are from their targets, squared.

    Veit & Belongie 2018 (arXiv 1711.11503), equation 6: the mean over the units of
    (t_l - z_l)^2, where z_l is the share of the batch's images that ran unit l. A unit
    is held to its rate over images; which images run it is the gate's to learn.

    Args:
        rates: z, [units]: means of the units' masks, which carry the gradient.
        target_rates: t, one a unit, in [0, 1].
        weight: Factor of the loss.
        counted: Whether each unit counts; those that do not stay in the divisor. None
            counts all.

    Returns:
        A scalar.

    Example:
        >>> loss = target_rate_loss(ops.array([1.0, 0.5]), (0.6, 0.5), weight=2.0)
        >>> round(float(loss), 6)
        0.16
    """
    distances = [
        ops.square(target - rates[index])
        for index, target in enumerate(target_rates)
        if counted is None or counted[index]
    ]
    if not distances:
        return 0.0 * ops.sum(rates)
    return weight * sum(distances[1:], start=distances[0]) / len(target_rates)
