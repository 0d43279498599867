"""What a policy network sees of images of any size, and what that costs."""

import numpy as np
import pytest
import tensorflow as tf
from policy_networks import FAMILIES, NUM_UNITS, make_images, make_network, to_numpy

import sact_keras


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((224, 224), (112, 112)),
        ((5, 8), (2, 4)),
        ((3, 2), (1, 1)),
        ((1, 7), (1, 3)),
        ((1, 1), (1, 1)),
    ],
)
def test_on_imagenet_it_looks_at_half_the_size(size, seen):
    network = make_network("imagenet")
    assert network.input_size(size) == seen
    of_tensors = network.input_size(tuple(tf.constant(side) for side in size))
    assert tuple(map(int, of_tensors)) == seen
    assert make_network("cifar").input_size(size) == size


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (3, 5), (2, 2)], ids=str)
def test_images_of_few_pixels(size):
    """On ImageNet the average of whole windows of 2 x 2 is looked at, if there is one.

    A last row or column of an odd number is not.
    """
    network, images = make_network("imagenet"), make_images(4, size)
    height, width = network.input_size(size)
    windows = images[:, : 2 * height, : 2 * width]
    pooled = windows.reshape(4, height, windows.shape[1] // height, width, -1, 3)
    features = network.stem(pooled.mean(axis=(2, 4)))
    for unit in network.units:
        features = unit(features)
    features = np.mean(features, axis=(1, 2))
    logits = features @ np.array(network.logits.kernel) + network.logits.bias
    outputs = network(images)
    np.testing.assert_allclose(
        outputs["policy_probability"], 1 / (1 + np.exp(-logits)), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("training", [False, True])
def test_it_runs_on_unknown_sizes(family, training):
    network = make_network(family)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
    def run(images):
        draws = [tf.fill(tf.shape(images)[:1], 0.4)] * NUM_UNITS
        return network(images, training=training, noise=draws)

    shapes = run.get_concrete_function().structured_outputs
    assert shapes["policy"].shape[-1] == NUM_UNITS
    for count, size in ((3, (16, 16)), (2, (21, 11))):
        images = make_images(count, size)
        draws = [np.full(count, 0.4, "float32")] * NUM_UNITS
        expected = to_numpy(network(images, training=training, noise=draws))
        actual = to_numpy(run(images))
        for name, value in expected.items():
            np.testing.assert_allclose(
                actual[name], value, rtol=1e-4, atol=1e-5, err_msg=name
            )


def test_its_layers_are_accounted_for():
    model = sact_keras.build_model("blockdrop", model="1_2_1", base_channels=4)
    layers = sact_keras.count_flops(model, (8, 6))["layers"]
    policy = {
        name.removeprefix("policy/"): flops
        for name, flops in layers.items()
        if name.startswith("policy/")
    }
    assert policy == {
        "stem/conv": 2 * 9 * 3 * 4 * 48,
        "unit_1/conv1": 2 * 9 * 4 * 4 * 48,
        "unit_1/conv2": 2 * 9 * 4 * 4 * 48,
        "unit_2/conv1": 2 * 9 * 4 * 8 * 12,
        "unit_2/conv2": 2 * 9 * 8 * 8 * 12,
        "unit_3/conv1": 2 * 9 * 8 * 16 * 4,
        "unit_3/conv2": 2 * 9 * 16 * 16 * 4,
        "logits": 2 * 16 * 4,
        "value": 2 * 16,
    }
    without = sact_keras.build_model(
        "vanilla", model="1_2_1", base_channels=4, variant="blockdrop"
    )
    total = sact_keras.count_flops(without, (8, 6))["total"]
    nothing = model(make_images(2, (8, 6)), policy=np.zeros((2, 4), "float32"))
    everything = model(make_images(2, (8, 6)), policy=np.ones((2, 4), "float32"))
    np.testing.assert_array_equal(everything["flops"], total + sum(policy.values()))
    ends = layers["stem/conv"] + layers["head/logits"]
    np.testing.assert_array_equal(nothing["flops"], ends + sum(policy.values()))


def test_on_imagenet_shortcuts_cost_too():
    model = sact_keras.build_model(
        "blockdrop", dataset="imagenet", model="1_1_1_1", base_channels=4
    )
    layers = sact_keras.count_flops(model, (65, 98))["layers"]
    # 32 x 49 pixels are 16 x 25 and, pooled, 8 x 13 positions.
    assert layers["policy/stem/conv"] == 2 * 49 * 3 * 4 * 16 * 25
    assert layers["policy/unit_1/conv1"] == 2 * 9 * 4 * 4 * 8 * 13
    assert "policy/unit_1/shortcut" not in layers
    assert layers["policy/unit_2/shortcut"] == 2 * 4 * 8 * 4 * 7
    assert layers["policy/logits"] == 2 * 32 * 4
