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
        What `fit` takes: for each step so many elements, of equal parts.

    Example:
        >>> images, labels = tf.zeros((4, 2, 2, 3)), tf.range(4)
        >>> batches = tf.data.Dataset.from_tensors((images, labels))
        >>> micro_batches = distribute_batches(batches, Distribution(), 2)
        >>> [labels.numpy().tolist() for images, labels in micro_batches]
        [[0, 1], [2, 3]]
    """
    parts = distribution.num_local_replicas * accumulate_steps
    if parts > 1:
        batches = batches.map(lambda *batch: _split(batch, parts)).unbatch()
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


def _split(batch: tuple[tf.Tensor, ...], parts: int) -> tuple[tf.Tensor, ...]:
    return tuple(tf.reshape(each, (parts, -1, *each.shape[1:])) for each in batch)
