import numpy as np
from layer_test import run_layer_test, set_weights
from styles import PYTORCH

from sact_keras.layers import Cost, LinearClassifier


def test_layer():
    run_layer_test(
        LinearClassifier,
        {"num_classes": 10, "style": PYTORCH, "name": "head"},
        (3, 5, 4, 6),
        expected_output_shape=(3, 10),
        expected_num_trainable_weights=2,
        mixed_output_dtype="float32",
    )


def test_pools_and_maps():
    head = LinearClassifier(2, style=PYTORCH)
    head.build((None, None, None, 2))
    set_weights(head, [[1.0, 2.0], [-1.0, 0.5]], [10.0, 20.0])
    features = np.zeros((1, 2, 2, 2), "float32")
    features[0, ..., 0] = [[0, 4], [8, 0]]  # mean 3
    features[0, ..., 1] = -2.0
    np.testing.assert_allclose(head(features), [[10 + 3 + 2, 20 + 6 - 1]], rtol=1e-6)


def test_kernels_begin_within_one_over_the_root_of_the_inputs():
    head = LinearClassifier(50, style=PYTORCH)
    head.build((None, None, None, 400))
    kernel = np.abs(head.logits.kernel)
    assert 0.99 / 20 < kernel.max() <= 1 / 20
    np.testing.assert_allclose(kernel.mean(), 1 / 40, rtol=0.02)


def test_the_originals_macs_leave_it_out():
    head = LinearClassifier(10, style=PYTORCH)
    head.build((None, None, None, 6))
    (cost,) = head.costs()
    assert cost == Cost("logits", 2 * 6 * 10, per="image", macs=0)
    assert cost.reported_macs == 0
