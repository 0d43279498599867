"""Trains methods of the registry on one replica and on two; writes what came out.

    python two_replicas.py DIRECTORY PART...

A part is a case's name, "losses", "norms" or "noisy".

A program of its own, since logical devices are set before TensorFlow starts. Both
halves of the batch are the same images: each replica's batch norms then see the
statistics of the whole, and nothing but rounding may tell two replicas from one. Noise
would: it is off there, and what two replicas draw is written by itself.
"""

import contextlib
import functools
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from registry import DRAWING, make_images, named

import sact_keras
from sact_keras.kernels import normalize_batch


def train(case, strategy, progress=1.0):
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = case.build()
        if model.progress is not None:
            model.progress.assign(progress)
        if model.policy is not None:
            certain(model.policy)
        model.compile(
            keras.optimizers.SGD(0.01, momentum=0.9),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            # Tracing takes longer than two steps; replicas cannot do without it.
            run_eagerly=strategy is None,
        )
        # A graph that makes the optimizer's variables is traced a second time.
        model.optimizer.build(model.trainable_variables)
    images = np.concatenate([make_images(), make_images()])
    labels = np.tile(np.arange(4), 2)
    history = model.fit(
        images, labels, batch_size=8, epochs=2, shuffle=False, verbose=0
    )
    results = {f"logs/{k}": np.array(v) for k, v in history.history.items()}
    results.update({f"weights/{v.path}": v.numpy() for v in model.weights})
    return results


def certain(policy):
    """Makes a policy network sure of what it chooses, so that draws are the same."""
    for weight in (policy.logits.kernel, policy.logits.bias):
        weight.assign(1e4 * weight)
    policy.alpha = 1.0


def policy_losses(strategy, stage):
    """The loss of given policies: of the whole batch, and of each replica's half."""
    build = functools.partial(
        sact_keras.build_model,
        "blockdrop",
        model="1",
        base_channels=4,
        stage=stage,
    )
    with strategy.scope():
        model = build()
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    whole = build()
    whole.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    for ours, theirs in zip(whole.weights, model.weights, strict=True):
        ours.assign(theirs)
    # Both halves alike, policies too: batch norms see the features that they leave.
    images = np.concatenate([make_images(), make_images()])
    labels = np.array([0, 1, 2, 3] * 2)
    policies = np.random.default_rng(0).integers(0, 2, (4, 3)).astype("float32")
    policies = np.concatenate([policies, policies])

    def loss(network, images, labels, policies):
        outputs = network(images, training=True, policy=policies)
        return network.compute_loss(images, labels, outputs, None, training=True)

    def half():
        context = tf.distribute.get_replica_context()
        start = 4 * int(context.replica_id_in_sync_group)
        return loss(model, *(x[start:][:4] for x in (images, labels, policies)))

    two = np.array([value.numpy() for value in strategy.run(half).values])
    return {"one": loss(whole, images, labels, policies).numpy(), "two": two}


def norms(strategy):
    """A synchronized normalization of a batch of which each replica has a half."""
    rng = np.random.default_rng(0)
    arrays = {
        # Of means that are large beside the deviations.
        "inputs": 2 * rng.normal(size=(8, 6, 5, 7)) + np.linspace(-3, 50, 7),
        "upstream": rng.normal(size=(8, 6, 5, 7)),
        "gamma": rng.uniform(0.5, 2.0, 7),
        "beta": rng.normal(size=7),
    }
    arrays = {name: value.astype("float32") for name, value in arrays.items()}
    given = {name: tf.constant(value) for name, value in arrays.items()}

    @tf.function
    def half():
        start = 4 * tf.distribute.get_replica_context().replica_id_in_sync_group
        inputs, upstream = (
            given[name][start : start + 4] for name in ("inputs", "upstream")
        )
        read = [inputs, given["gamma"], given["beta"]]
        with tf.GradientTape() as tape:
            tape.watch(read)
            outputs, mean, variance = normalize_batch(*read, 1e-3, synchronized=True)
            loss = tf.reduce_sum(outputs * upstream)
        return [outputs, mean, variance, *tape.gradient(loss, read)]

    @tf.function
    def both():
        return strategy.run(half)

    names = ("outputs", "mean", "variance", "of_inputs", "of_gamma", "of_beta")
    found = {
        name: np.stack([np.asarray(each) for each in value.values])
        for name, value in zip(names, both(), strict=True)
    }
    return arrays | found


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
    directory, parts = Path(sys.argv[1]), sys.argv[2:]
    for case in named(*parts):
        for name, chosen in (("one", None), ("two", strategy)):
            np.savez(directory / f"{case}-{name}.npz", **train(case, chosen))
        if case in DRAWING:
            draws = {
                name: draw(case, strategy, seed)
                for name, seed in (("first", 1), ("again", 1), ("other", 2))
            }
            np.savez(directory / f"{case}-draws.npz", **draws)
    if "norms" in parts:
        np.savez(directory / "norms.npz", **norms(strategy))
    if "losses" in parts:
        for stage in ("curriculum", "finetune"):
            losses = policy_losses(strategy, stage)
            np.savez(directory / f"policy-{stage}.npz", **losses)
    if "noisy" in parts:
        for name, progress in (("first", 0.0), ("again", 0.0), ("silent", 1.0)):
            keras.utils.set_random_seed(1)
            results = train(DRAWING[0], strategy, progress)
            np.savez(directory / f"noisy-{name}.npz", **results)


if __name__ == "__main__":
    main()
