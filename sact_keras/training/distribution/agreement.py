"""Lets the processes of a training begin alike."""

import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from sact_keras.compression.prune_low_magnitude import PruneLowMagnitude
from sact_keras.training.distribution.distribution import Distribution
from sact_keras.training.distribution.losses_of_workers import losses_of_workers
from sact_keras.training.usage_error import UsageError


def share_state(
    distribution: Distribution,
    model: keras.Model,
    step: int,
    pruning: PruneLowMagnitude | None = None,
) -> int:
    """Gives all processes the chief's weights, random states, masks and step.

    The chief alone reads checkpoints: the others need not see its files.

    Args:
        distribution: The processes.
        model: Compiled, its optimizer built; alike in each process.
        step: Steps done, of which the chief's counts.
        pruning: What prunes the model, if it is pruned.

    Returns:
        The chief's step.

    Raises:
        LostWorkerError: If another process has ended.
    """
    if distribution.num_workers == 1:
        return step
    variables = [*model.variables, *model.optimizer.variables]
    if pruning is not None:
        variables += pruning.variables
    own = [keras.ops.convert_to_numpy(variable) for variable in variables]
    *values, step = _chiefs_values(distribution, [*own, np.array(step)])
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    if pruning is not None:
        pruning.step = int(step)
    return int(step)


def check_agreement(distribution: Distribution, text: str) -> None:
    """Checks that all processes have been given the same.

    Args:
        distribution: The processes.
        text: What must be the same, line by line; compared with the chief's.

    Raises:
        UsageError: In each process, if one's differs; one that differs says in what.
    """
    if distribution.num_workers == 1:
        return
    own = np.frombuffer(text.encode(), np.uint8)
    lengths = _everybodys(distribution, np.array([len(own)])).ravel()
    padded = np.pad(own, (0, lengths.max() - len(own)))
    rows = _everybodys(distribution, padded)
    texts = [
        bytes(row[:length].astype("uint8")).decode()
        for row, length in zip(rows, lengths, strict=True)
    ]
    for worker, other in enumerate(texts):
        if other != texts[0]:
            differences = [
                f"{ours} rather than {chiefs}"
                for ours, chiefs in zip(
                    other.splitlines(), texts[0].splitlines(), strict=False
                )
                if ours != chiefs
            ]
            raise UsageError(
                "all processes must be started alike. Received: in process "
                f"{worker} {'; '.join(differences)}"
            )


def wait_for_all(distribution: Distribution) -> None:
    """Waits until all processes have come so far.

    Raises:
        LostWorkerError: If another process has ended.
    """
    if distribution.num_workers > 1:
        _everybodys(distribution, np.zeros(1))


def _chiefs_values(
    distribution: Distribution, values: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """The first process' values, for all."""
    if not distribution.is_chief:
        values = [np.zeros_like(value) for value in values]
    return _sum(distribution, values)


def _everybodys(distribution: Distribution, value: np.ndarray) -> np.ndarray:
    """The processes' values, [workers, ...]."""
    rows = np.zeros((distribution.num_workers, *value.shape), value.dtype)
    rows[distribution.worker] = value
    return _sum(distribution, [rows])[0]


def _sum(distribution: Distribution, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Sums over the processes, which find the same."""
    # Exact for the weights and for all integers below 2**53, on all devices.
    exact = [tf.constant(value.astype("float64")) for value in values]
    with losses_of_workers():
        totals = _summing(distribution.strategy)(exact)
    return [
        (total.numpy() / distribution.num_local_replicas).astype(value.dtype)
        for total, value in zip(totals, values, strict=True)
    ]


@functools.cache
def _summing(
    strategy: tf.distribute.Strategy,
) -> Callable[[list[tf.Tensor]], list[tf.Tensor]]:
    """Makes, once in a process, what adds up the processes' values."""

    @tf.function(autograph=False, reduce_retracing=True)
    def on_all_replicas(values: list[tf.Tensor]) -> list[tf.Tensor]:
        # A strategy adds up what replicas have: those of a process the same.
        return [
            strategy.reduce(tf.distribute.ReduceOp.SUM, each, axis=None)
            for each in strategy.run(lambda: values)
        ]

    return on_all_replicas
