import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sact_keras.losses import SparseCategoricalCrossentropy


def cross_entropies(labels, logits, smoothing):
    """The definition, in float64."""
    classes = logits.shape[-1]
    logits = logits.astype("float64")
    highest = logits.max(axis=1, keepdims=True)
    logs = logits - highest - np.log(np.exp(logits - highest).sum(1, keepdims=True))
    weights = np.full(logits.shape, smoothing / classes)
    weights[np.arange(len(labels)), labels] += 1 - smoothing
    return -(weights * logs).sum(axis=1)


@given(
    smoothing=st.floats(0.0, 0.99),
    classes=st.integers(2, 30),
    batch=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_is_the_cross_entropy_with_smoothed_labels(smoothing, classes, batch, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=5, size=(batch, classes)).astype("float32")
    labels = rng.integers(classes, size=batch)
    loss = SparseCategoricalCrossentropy(smoothing, reduction=None)
    np.testing.assert_allclose(
        loss(labels, logits),
        cross_entropies(labels, logits, smoothing),
        rtol=1e-4,
        atol=1e-5,
    )


def test_labels_may_come_in_a_column():
    logits = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    loss = SparseCategoricalCrossentropy(0.1)
    labels = np.array([0, 3, 1])
    assert loss(labels[:, None], logits) == loss(labels, logits)


def test_without_smoothing_it_is_keras_own():
    logits = np.random.default_rng(0).normal(size=(4, 10)).astype("float32")
    labels = np.array([1, 0, 9, 3], "int32")
    ours = SparseCategoricalCrossentropy()(labels, logits)
    own = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)
    np.testing.assert_array_equal(ours, own)


def test_it_is_saved_with_a_model():
    loss = SparseCategoricalCrossentropy(0.1, name="classes")
    revived = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(revived, SparseCategoricalCrossentropy)
    assert revived.get_config() == loss.get_config()


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, float("nan")])
def test_smoothing_out_of_range_is_refused(smoothing):
    with pytest.raises(ValueError, match=r"in \[0, 1\)\. Received: label_smoothing="):
        SparseCategoricalCrossentropy(smoothing)
