"""What the replicas of a training tell each other in a step."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from sact_keras.kernels import tensorflow as kernels
from sact_keras.kernels import tensorflow_replicas as replicas
from sact_keras.training.distribution.batch_norms import synchronize_batch_norms

GRADIENTS, MOMENTS, MEANS, FLAGS, LOGS = KINDS = (
    "gradients",
    "moments",
    "means",
    "flags",
    "logs",
)
"""Weights' gradients; synchronized batch norms' moments, forwards and backwards; what a
method's loss takes of the whole batch; whether any image ran a unit, which synchronized
norms of BlockDrop ask; logged values."""

OF_SYNCHRONIZED_NORMS = (MOMENTS, FLAGS)
"""What batch norms that use each replica's own moments do not exchange."""


class Exchange(NamedTuple):
    """One all-reduce.

    Attributes:
        kind: One of `KINDS`.
        num_bytes: What each replica has.
    """

    kind: str
    num_bytes: int


def count_exchanges(model: keras.Model, image_size: tuple[int, int]) -> list[Exchange]:
    """Makes a training step of a network, and notes what replicas would exchange.

    Batch norms are synchronized for it, and remain so. All gradients are one exchange,
    as the strategies of TensorFlow make it; batch norms' moving averages are none: each
    replica keeps its own.

    Args:
        model: A network, built or not.
        image_size: (height, width) of images that it takes; nothing depends on it.

    Returns:
        The exchanges of a step of one micro batch.
    """
    images = keras.ops.convert_to_tensor(
        np.random.default_rng(0).standard_normal((2, *image_size, 3), "float32")
    )
    labels = keras.ops.zeros((2,), "int32")
    model(images[:1])
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    synchronize_batch_norms(model)
    with _noted() as exchanges:
        with tf.GradientTape() as tape:
            outputs = model(images, training=True)
            loss = model.compute_loss(images, labels, outputs, training=True)
        gradients = tape.gradient(loss, model.trainable_variables)
        logs = model.compute_metrics(images, labels, outputs)
    sizes = [4 * keras.ops.size(each) for each in gradients if each is not None]
    # The loss is among the logs of a training, and whether somebody wants to stop.
    logged = {*logs, "loss", "stops"}
    return [
        Exchange(GRADIENTS, int(sum(sizes))),
        *exchanges,
        *(Exchange(LOGS, 4) for _ in logged),
    ]


@contextlib.contextmanager
def _noted() -> Iterator[list[Exchange]]:
    """Makes one replica do what it does as one of several, and notes it."""
    exchanges: list[Exchange] = []

    def noting(kind: str) -> Callable[[Any], Any]:
        def note(value: Any) -> None:
            exchanges.append(Exchange(kind, 4 * int(tf.size(value))))

        @tf.custom_gradient
        def exchange(value: Any) -> tuple[Any, Callable[[Any], Any]]:
            note(value)

            def gradient(upstream: Any) -> Any:
                note(upstream)  # An all-reduce's gradient is another one.
                return upstream

            return tf.identity(value), gradient

        return exchange

    def note_flag(condition: Any) -> Any:
        exchanges.append(Exchange(FLAGS, 4))
        return condition

    with contextlib.ExitStack() as patches:
        for module, name, instead in (
            (kernels, "in_several_replicas", lambda: True),
            (kernels, "replica_mean", noting(MEANS)),
            (kernels, "any_replica", note_flag),
            (replicas, "replica_mean", noting(MOMENTS)),
        ):
            patches.enter_context(mock.patch.object(module, name, instead))
        yield exchanges
