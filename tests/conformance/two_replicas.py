"""Trains every method of the registry on one replica and on two; writes what came out.

A program of its own, since logical devices are set before TensorFlow starts. Both
halves of the batch are the same images: each replica's batch norms then see the
statistics of the whole, and nothing but rounding may tell two replicas from one. Noise
would: it is off there, and what two replicas draw is written by itself.
"""

import contextlib
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from registry import DRAWING, ONE_A_METHOD, make_images


def train(case, strategy, progress=1.0):
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = case.build()
        if model.progress is not None:
            model.progress.assign(progress)
        model.compile(
            keras.optimizers.SGD(0.01, momentum=0.9),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            # Tracing takes longer than two steps; replicas cannot do without it.
            run_eagerly=strategy is None,
        )
    images = np.concatenate([make_images(), make_images()])
    labels = np.tile(np.arange(4), 2)
    history = model.fit(
        images, labels, batch_size=8, epochs=2, shuffle=False, verbose=0
    )
    results = {f"logs/{k}": np.array(v) for k, v in history.history.items()}
    results.update({f"weights/{v.path}": v.numpy() for v in model.weights})
    return results


def draw(case, strategy, seed):
    """What each replica decides about the same images, in two steps of one run.

    Returns:
        [steps, replicas, decisions].
    """
    keras.utils.set_random_seed(seed)
    with strategy.scope():
        model = case.build()

    def decide():
        masks = model(make_images(8, (16, 16)), training=True)["masks"]
        return tf.concat([tf.reshape(mask, [-1]) for mask in masks], axis=0)

    steps = [strategy.run(decide).values for _ in range(2)]
    return np.array([[replica.numpy() for replica in step] for step in steps])


def main():
    (cpu,) = tf.config.list_physical_devices("CPU")
    configuration = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(cpu, [configuration] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    for case in ONE_A_METHOD:
        for name, chosen in (("one", None), ("two", strategy)):
            np.savez(Path(sys.argv[1]) / f"{case}-{name}.npz", **train(case, chosen))
    for name in ("first", "again"):
        keras.utils.set_random_seed(1)
        results = train(DRAWING[0], strategy, progress=0.0)
        np.savez(Path(sys.argv[1]) / f"noisy-{name}.npz", **results)
    for case in DRAWING:
        draws = {
            name: draw(case, strategy, seed)
            for name, seed in (("first", 1), ("again", 1), ("other", 2))
        }
        np.savez(Path(sys.argv[1]) / f"{case}-draws.npz", **draws)


if __name__ == "__main__":
    main()
