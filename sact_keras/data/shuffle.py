"""Which examples a training step has, and its random numbers: by arithmetic alone."""

import tensorflow as tf

# The order of the examples and the augmentation draw from streams of their own.
_ORDER_STREAM, _AUGMENTATION_STREAM = 0, 1

# TensorFlow's default of 4 leaves the permutations of neighbouring seeds strongly
# correlated (0.7); from 8 rounds on no correlation can be measured.
_SHUFFLE_ROUNDS = 16


def augmentation_seed(seed: int, step: tf.Tensor) -> tf.Tensor:
    """Returns the seed, int64 `[2]`, of the augmentation of a training step.

    Example:
        >>> augmentation_seed(0, tf.constant(7, tf.int64)).shape
        TensorShape([2])
    """
    return tf.random.fold_in([seed, _AUGMENTATION_STREAM], step, alg="philox")


def shuffled_indices(
    step: tf.Tensor,
    batch_size: int,
    size: int,
    seed: int,
    rows: slice | None = None,
) -> tf.Tensor:
    """Returns the examples of a training step.

    Position p of the endless stream is example `permutation[epoch][p % size]` with
    `epoch = p // size`. The permutation is never made: a keyed bijection of
    `[0, size)` is evaluated at the batch's positions alone.

    Args:
        step: int64 scalar.
        batch_size: the number of positions in a step.
        size: the number of examples in an epoch.
        seed: of the order.
        rows: which of the step's positions to return, with `start` and `stop`; None
            means all.

    Returns:
        int64 `[number of rows]`, values in `[0, size)`.

    Example:
        >>> indices = shuffled_indices(tf.constant(0, tf.int64), 3, size=3, seed=0)
        >>> sorted(indices.numpy().tolist())
        [0, 1, 2]
    """
    first, end = (0, batch_size) if rows is None else (rows.start, rows.stop)
    positions = step * batch_size + tf.range(first, end, dtype=tf.int64)
    first_epoch = positions[0] // size
    epochs = positions // size - first_epoch
    # The bijection uses a few bits of its key, so nearby seeds and epochs could
    # share one: the key is drawn at random from them instead.
    keys = tf.stack(
        [
            tf.random.stateless_uniform(
                [3],
                tf.random.fold_in(
                    [seed, _ORDER_STREAM], first_epoch + offset, alg="philox"
                ),
                minval=None,
                maxval=None,
                dtype=tf.int64,
                alg="philox",
            )
            for offset in range((end - first - 1) // size + 2)
        ]
    )
    # The raw operation, because `tf.random.experimental.index_shuffle` neither takes
    # a key for each index nor lets the number of rounds be chosen.
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % size,
        seed=tf.gather(keys, epochs),
        max_index=tf.constant(size - 1, tf.int64),
        rounds=_SHUFFLE_ROUNDS,
    )
