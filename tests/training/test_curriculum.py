"""How many units a policy decides about in the course of its training."""

import types

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import TinyDataset, tiny_model

from sact_keras.training.callbacks.curriculum import Curriculum


class Policy:
    """As much of a policy network as the callback touches."""

    def __init__(self, num_units):
        self.num_units = num_units
        self.free = None
        self.free_units = types.SimpleNamespace(assign=self.assign)

    def assign(self, free):
        self.free = free


def free_in_each_step(num_units, steps_per_unit, start_step, num_steps):
    """Free units in the steps of a training, from `start_step` on."""
    policy = Policy(num_units)
    curriculum = Curriculum(start_step, num_steps, steps_per_unit)
    curriculum.set_model(types.SimpleNamespace(policy=policy))
    found = []
    curriculum.on_train_begin()
    for batch in range(num_steps - start_step):
        curriculum.on_train_batch_begin(batch)
        found.append(policy.free)
        curriculum.on_train_batch_end(batch, {"loss": 1.0})
        # What is evaluated and saved after a step is what it has learnt.
        assert policy.free == found[-1]
    return found


def test_one_more_each_epoch_until_all_are_free():
    assert free_in_each_step(3, 2, start_step=0, num_steps=9) == [
        *(1, 1, 2, 2, 3, 3, 3, 3, 3)
    ]


@settings(deadline=None)
@given(
    num_units=st.integers(1, 60),
    steps_per_unit=st.integers(1, 40),
    num_steps=st.integers(1, 200),
    data=st.data(),
)
def test_it_follows_the_global_step(num_units, steps_per_unit, num_steps, data):
    start_step = data.draw(st.integers(0, num_steps - 1))
    whole = free_in_each_step(num_units, steps_per_unit, 0, num_steps)
    resumed = free_in_each_step(num_units, steps_per_unit, start_step, num_steps)
    assert resumed == whole[start_step:]
    # In epoch t, counted from 1, the last t units.
    epochs = [step // steps_per_unit + 1 for step in range(num_steps)]
    assert whole == [min(epoch, num_units) for epoch in epochs]


def test_a_policy_that_is_not_free_runs_what_comes_first():
    model = tiny_model("blockdrop", stage="curriculum")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Tracing takes longer than the steps.
    model.compile("adam", loss, run_eagerly=True)
    # A policy that would run nothing: what runs is what it is not asked about.
    model.policy.logits.kernel.assign(np.zeros(model.policy.logits.kernel.shape))
    model.policy.logits.bias.assign(np.full(4, -20.0))
    images, _ = next(iter(TinyDataset().evaluation_batches(8)))
    seen = []

    class Spy(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            masks = model(images, training=False)["masks"]
            seen.append([int(np.asarray(mask).sum()) for mask in masks])

    batches = TinyDataset().training_batches(8, seed=0)
    callbacks = [Curriculum(start_step=4, num_steps=8, steps_per_unit=3), Spy()]
    model.fit(batches, steps_per_epoch=4, shuffle=False, verbose=0, callbacks=callbacks)
    assert seen == [[8, 8, 0, 0], [8, 8, 0, 0], [8, 0, 0, 0], [8, 0, 0, 0]]
    assert float(model.policy.free_units) == 3


def test_units_are_freed_where_jax_keeps_the_weights():
    order = []
    model = types.SimpleNamespace(
        jax_state_sync=lambda: order.append("sync"), policy=Policy(3)
    )
    model.policy.free_units.assign = order.append
    curriculum = Curriculum(start_step=1, num_steps=4, steps_per_unit=2)
    curriculum.set_model(model)
    for batch in range(3):
        curriculum.on_train_batch_begin(batch)
    assert order == ["sync", 1, "sync", 2]


@pytest.mark.parametrize("steps_per_unit", [0, -3])
def test_no_steps_for_a_unit(steps_per_unit):
    with pytest.raises(ValueError, match=f"Received: steps_per_unit={steps_per_unit}"):
        Curriculum(0, 10, steps_per_unit)
