import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from sact_keras.training.image_groups import image_groups


def batches_of(sizes, side=4):
    """Images whose every pixel is their label."""
    begin = 0
    for size in sizes:
        labels = np.arange(begin, begin + size)
        begin += size
        yield (
            np.broadcast_to(labels[:, None, None, None], (size, side, side, 3)),
            labels,
        )


@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 7), max_size=6), batch_size=st.integers(1, 9))
def test_every_image_comes_once_and_in_order(sizes, batch_size):
    found = []
    for images, labels, count in image_groups(batches_of(sizes), batch_size):
        assert len(images) == len(labels) == batch_size
        np.testing.assert_array_equal(images[:, 0, 0, 0], labels)
        # Copies fill up.
        assert set(labels[count:].tolist()) <= {labels[count - 1]}
        found += labels[:count].tolist()
    assert found == list(range(sum(sizes)))


@pytest.mark.parametrize(("side", "size"), [(127, 5), (128, 8)])
def test_large_images_come_in_groups_of_one_size_on_a_cpu(monkeypatch, side, size):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    groups = list(image_groups(batches_of([5, 5], side), 5))
    assert [len(group.labels) for group in groups] == [size, size]


def test_a_gpu_takes_whole_batches(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU:0"])
    (group,) = image_groups(batches_of([20], 128), 20)
    assert group.count == 20


def test_progress_is_shown_where_it_takes_long(monkeypatch, capsys):
    monkeypatch.setattr("sact_keras.training.image_groups._SECONDS_BEFORE_PROGRESS", 0)
    for _ in image_groups(
        batches_of([2, 2]), 2, num_examples=4, description="Attacking"
    ):
        pass
    assert "Attacking:   0%|" in capsys.readouterr().err
