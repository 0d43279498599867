"""What is counted of a network's weights."""

import json

import numpy as np

import sact_keras
from sact_keras.compression.weight_sizes import describe_weights


def test_counts_kernels_and_compresses_all_weights():
    model = sact_keras.build_model("vanilla", model="1", base_channels=8)
    before = describe_weights(model)
    kernels = [v for v in model.weights if v.name == "kernel"]
    assert before["num_kernel_weights"] == sum(np.prod(k.shape) for k in kernels)
    assert before["sparsity"] == 0
    assert before["weights_bytes"] == 4 * model.count_params()
    assert 0.85 < before["weights_gzip_bytes"] / before["weights_bytes"] < 1
    generator = np.random.default_rng(0)
    zeros = 0
    for kernel in kernels:
        mask = generator.random(tuple(kernel.shape)) < 0.2
        kernel.assign(kernel.numpy() * mask)
        zeros += np.count_nonzero(~mask)
    after = describe_weights(model)
    assert after["sparsity"] == zeros / before["num_kernel_weights"]
    assert after["weights_bytes"] == before["weights_bytes"]
    assert after["weights_gzip_bytes"] < 0.35 * before["weights_gzip_bytes"]
    assert json.loads(json.dumps(after)) == after


def test_an_optimizer_does_not_count():
    model = sact_keras.build_model("vanilla", model="1", base_channels=4)
    before = describe_weights(model)
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)
    assert describe_weights(model) == before
