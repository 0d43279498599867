import numpy as np
import pytest
from layer_test import run_layer_test, set_weights
from styles import CIFAR

from sact_keras.layers import Cost, NormalizedClassifier


@pytest.mark.parametrize("pool_first", [True, False])
def test_layer(pool_first):
    run_layer_test(
        NormalizedClassifier,
        {"num_classes": 10, "pool_first": pool_first, "style": CIFAR, "name": "head"},
        (3, 5, 4, 6),
        expected_output_shape=(3, 10),
        expected_num_trainable_weights=4,
        expected_num_non_trainable_weights=2,
        mixed_output_dtype="float32",
    )


def test_pools_before_it_normalizes_and_activates():
    head = NormalizedClassifier(1, style=CIFAR)
    head.build((None, None, None, 2))
    set_weights(head.norm, [2.0] * 2, [0.5] * 2, [1.0] * 2, [4.0 - 1e-3] * 2)
    set_weights(head.logits, [[1.0], [1.0]], [10.0])
    features = np.zeros((1, 2, 2, 2), "float32")
    features[0, ..., 0] = [[0, 4], [8, 0]]  # mean 3 -> 2 (3 - 1) / 2 + 0.5 = 2.5
    features[0, ..., 1] = -3.0  # -> 2 (-3 - 1) / 2 + 0.5 = -3.5, times 0.1
    np.testing.assert_allclose(head(features), [[10 + 2.5 - 0.35]], rtol=1e-6)


def test_pools_after_it_normalizes_and_activates():
    head = NormalizedClassifier(1, pool_first=False, style=CIFAR)
    head.build((None, None, None, 1))
    set_weights(head.norm, [2.0], [0.5], [1.0], [4.0 - 1e-3])
    set_weights(head.logits, [[1.0]], [10.0])
    features = np.reshape([3.0, -3.0], (1, 1, 2, 1)).astype("float32")
    # 2 (3 - 1) / 2 + 0.5 = 2.5 and 2 (-3 - 1) / 2 + 0.5 = -3.5, times 0.1.
    np.testing.assert_allclose(head(features), [[10 + (2.5 - 0.35) / 2]], rtol=1e-6)


def test_costs():
    head = NormalizedClassifier(10, style=CIFAR)
    head.build((None, None, None, 6))
    assert head.costs() == [Cost("logits", 2 * 6 * 10, per="image")]
