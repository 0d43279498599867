import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from sact_keras.layers import ReplicaSeedGenerator


def draws(generator, number=3):
    return [np.array(keras.random.uniform((4,), seed=generator)) for _ in range(number)]


@pytest.fixture
def on_replica(monkeypatch):
    """A function that makes what follows run as if on the replica of a number."""

    def run_on(number):
        context = types.SimpleNamespace(replica_id_in_sync_group=number)
        monkeypatch.setattr(tf.distribute, "get_replica_context", lambda: context)

    return run_on


def test_alone_it_draws_as_keras_does():
    expected = draws(keras.random.SeedGenerator(5))
    np.testing.assert_array_equal(draws(ReplicaSeedGenerator(5)), expected)


def test_the_same_seed_gives_the_same_draws_and_each_draw_is_new():
    first, again, other = (draws(ReplicaSeedGenerator(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert len({draw.tobytes() for draw in first + other}) == 6


def test_without_a_seed_it_follows_the_global_one():
    keras.utils.set_random_seed(3)
    first, second = draws(ReplicaSeedGenerator()), draws(ReplicaSeedGenerator())
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(draws(ReplicaSeedGenerator()), first)
    assert not np.array_equal(first, second)


def test_replicas_draw_differently_and_the_first_as_one_alone(on_replica):
    alone = draws(ReplicaSeedGenerator(5))
    seen = set()
    for replica in range(8):
        on_replica(replica)
        mine = draws(ReplicaSeedGenerator(5))
        if replica == 0:
            np.testing.assert_array_equal(mine, alone)
        seen.update(draw.tobytes() for draw in mine)
    # No replica runs after another with a delay of some draws, either.
    assert len(seen) == 8 * 3


def test_the_state_moves_on_alike_on_all_replicas(on_replica):
    """Otherwise a strategy could not mirror it."""
    states = []
    for replica in (0, 1):
        on_replica(replica)
        generator = ReplicaSeedGenerator(5)
        draws(generator)
        states.append(np.array(generator.state))
    np.testing.assert_array_equal(*states)


def test_config_round_trip():
    generator = ReplicaSeedGenerator(5)
    revived = ReplicaSeedGenerator.from_config(generator.get_config())
    assert type(revived) is ReplicaSeedGenerator
    np.testing.assert_array_equal(draws(revived), draws(generator))
