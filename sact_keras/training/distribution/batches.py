"""Hands each replica its part of every batch."""

import tensorflow as tf

from sact_keras.training.distribution.distribution import Distribution


def distribute_batches(
    batches: tf.data.Dataset, distribution: Distribution, accumulate_steps: int = 1
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """Splits batches among the replicas of this process, and into micro batches.

    Args:
        batches: Of (images [B, H, W, 3], labels [B]): this process' part of each batch.
            B must be a multiple of its replicas times `accumulate_steps`.
        distribution: The replicas.
        accumulate_steps: Micro batches that make up a step.

    Returns:
        What `fit` takes: for each step so many elements, of equal parts. A replica has
        neighbouring rows, and of these each micro batch every so many: so that of all
        replicas together a micro batch has the same rows, however many there are.

    Example:
        >>> images, labels = tf.zeros((4, 2, 2, 3)), tf.range(4)
        >>> batches = tf.data.Dataset.from_tensors((images, labels))
        >>> micro_batches = distribute_batches(batches, Distribution(), 2)
        >>> [labels.numpy().tolist() for images, labels in micro_batches]
        [[0, 2], [1, 3]]
    """
    replicas = distribution.num_local_replicas
    if replicas * accumulate_steps > 1:
        split = tf.autograph.experimental.do_not_convert(
            lambda *batch: _split(batch, replicas, accumulate_steps)
        )
        batches = batches.map(split).unbatch()
        options = tf.data.Options()
        # As in `sact_keras.data`: the optimizer would copy what is held in memory.
        options.experimental_optimization.apply_default_optimizations = False
        batches = batches.prefetch(tf.data.AUTOTUNE).with_options(options)
    if distribution.strategy is None:
        return batches
    return distribute(batches, distribution.strategy)


def distribute(
    batches: tf.data.Dataset, strategy: tf.distribute.Strategy
) -> tf.distribute.DistributedDataset:
    """Gives each local replica an element in turn."""
    # Where there is no GPU to copy to: what does the copying has crashed when it was
    # let go of in a process of several.
    options = tf.distribute.InputOptions(
        experimental_fetch_to_device=bool(tf.config.list_physical_devices("GPU"))
    )
    return strategy.distribute_datasets_from_function(lambda _: batches, options)


def _split(
    batch: tuple[tf.Tensor, ...], replicas: int, micro_batches: int
) -> tuple[tf.Tensor, ...]:
    """Parts of each micro batch, a replica's after another's, one micro batch first."""
    parts = []
    for each in batch:
        rows = tf.reshape(each, (replicas, -1, micro_batches, *each.shape[1:]))
        ahead = tf.transpose(rows, (2, 0, 1, *range(3, rows.shape.rank)))
        parts.append(tf.reshape(ahead, (micro_batches * replicas, -1, *each.shape[1:])))
    return tuple(parts)
