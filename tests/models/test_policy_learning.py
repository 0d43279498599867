"""Policies learn what they are rewarded for.

A network of three units whose weights are set by hand: without the first unit every
answer is wrong, the second one turns every answer round, and the third does nothing at
all. The best policy runs the first alone.
"""

import keras
import numpy as np
import pytest

import sact_keras
from sact_keras.training import Curriculum

NUM_STEPS, BATCH_SIZE = 150, 32
BEST = [1.0, 0.0, 0.0]


def make_data(seed, count):
    """Images in which red or green is brighter, and which of them it is."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    images = rng.uniform(0.0, 0.2, (count, 8, 8, 3))
    images[np.arange(count), ..., labels] += 0.8
    return images.astype("float32"), labels


def set_convolution(layer, taps):
    """Moves input channels to output channels: (from, to, factor)."""
    kernel = np.zeros(layer.kernel.shape, "float32")
    for source, target, factor in taps:
        kernel[1, 1, source, target] = factor
    layer.kernel.assign(kernel)


def set_weights(model):
    """Sets all but the policy's by hand; norms are the identity where they are made."""
    set_convolution(model.stem.conv, [(0, 0, 1), (1, 1, 1)])
    needed, harmful, idle = (block.units[0] for block in model.blocks)
    for unit, second in (
        (needed, [(0, 2, 1), (1, 3, 1)]),
        (harmful, [(0, 3, 5), (1, 2, 5)]),
        (idle, []),
    ):
        set_convolution(unit.conv1, [(0, 0, 1), (1, 1, 1)])
        set_convolution(unit.conv2, second)
    # What the image itself says is a quarter as loud as the units, and wrong.
    head = np.zeros(model.head.logits.kernel.shape, "float32")
    head[2, 0] = head[3, 1] = 1.0
    head[1, 0] = head[0, 1] = 0.25
    model.head.logits.kernel.assign(head)


def build(seed):
    keras.utils.set_random_seed(seed)
    model = sact_keras.build_model(
        "blockdrop", model="1", num_classes=2, base_channels=4, stage="curriculum"
    )
    set_weights(model)
    return model


@pytest.fixture(scope="module")
def compiled():
    """One model for all seeds: tracing takes longer than a training."""
    model = build(seed=0)
    model.compile(
        keras.optimizers.Adam(1e-2),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    start = [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables]

    def restart(seed):
        fresh = build(seed)
        for ours, theirs in zip(model.variables, fresh.variables, strict=True):
            ours.assign(theirs)
        for variable, value in zip(model.optimizer.variables, start, strict=True):
            variable.assign(value)
        return model

    return restart


def policies_of(model, images):
    masks = model(images)["masks"]
    return np.stack([keras.ops.convert_to_numpy(mask) for mask in masks], axis=1)


def accuracy(model, images, labels, policy):
    policy = np.tile(np.array(policy, "float32"), (len(images), 1))
    logits = keras.ops.convert_to_numpy(model(images, policy=policy)["logits"])
    return np.mean(logits.argmax(axis=1) == labels)


def test_the_toy_is_what_it_says():
    model = build(seed=0)
    images, labels = make_data(0, 200)
    assert accuracy(model, images, labels, BEST) == 1.0
    assert accuracy(model, images, labels, [1, 0, 1]) == 1.0
    assert accuracy(model, images, labels, [1, 1, 0]) == 0.0
    assert accuracy(model, images, labels, [1, 1, 1]) == 0.0
    assert accuracy(model, images, labels, [0, 0, 0]) == 0.0


@pytest.mark.fast_with("0")
@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=[pytest.mark.slow] * (seed > 2)) for seed in range(10)],
)
def test_the_policy_finds_the_needed_unit_and_the_harmful_one(compiled, seed):
    model = compiled(seed)
    frozen = {v.path: np.array(v) for v in model.weights if "policy" not in v.path}
    images, labels = make_data(seed, NUM_STEPS * BATCH_SIZE)
    curriculum = Curriculum(start_step=0, num_steps=NUM_STEPS, steps_per_unit=20)
    model.fit(images, labels, batch_size=BATCH_SIZE, callbacks=[curriculum], verbose=0)
    images, labels = make_data(seed + 100, 200)
    np.testing.assert_array_equal(policies_of(model, images), np.tile(BEST, (200, 1)))
    for variable in model.weights:
        if variable.path in frozen:
            np.testing.assert_array_equal(variable, frozen[variable.path])


@pytest.mark.slow
def test_images_that_differ_in_what_they_need_get_policies_that_differ(compiled):
    model = compiled(seed=3)
    # Without any unit the answer is the first class: red needs none.
    model.head.logits.bias.assign([0.4, 0.0])
    images, labels = make_data(5, 400 * BATCH_SIZE)
    model.fit(images, labels, batch_size=BATCH_SIZE, verbose=0)
    images, labels = make_data(6, 200)
    expected = np.array(BEST) * labels[:, np.newaxis]
    np.testing.assert_array_equal(policies_of(model, images), expected)
