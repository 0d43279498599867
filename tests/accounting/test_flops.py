import brute_force
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import ops

import sact_keras
from sact_keras.accounting import dilate, executed_flops, flops_dtype, spread
from sact_keras.layers import Cost

masks = hnp.arrays(
    "bool",
    st.tuples(st.integers(1, 2), st.integers(1, 7), st.integers(1, 7)),
)


@hypothesis.given(masks)
@hypothesis.settings(deadline=None, max_examples=50)
def test_dilate(mask):
    expected = [brute_force.dilate(image) for image in mask]
    np.testing.assert_array_equal(dilate(mask.astype("float32")), expected)


@hypothesis.given(masks, st.integers(1, 3), st.data())
@hypothesis.settings(deadline=None, max_examples=50)
def test_spread(mask, stride, data):
    # The sizes that a SAME convolution of this stride brings down to the mask's.
    size = tuple(
        data.draw(st.integers((side - 1) * stride + 1, side * stride))
        for side in mask.shape[1:]
    )
    expected = np.zeros((len(mask), *size))
    for image, row, column in np.argwhere(mask):
        expected[image, row * stride, column * stride] = 1
    outputs = spread(mask.astype("float32"), stride, size)
    np.testing.assert_array_equal(outputs, expected)


@hypothesis.given(masks, st.sampled_from(["always", "active", "dilated"]))
@hypothesis.settings(deadline=None, max_examples=50)
def test_a_convolution_pays_for_positions(mask, when):
    kept = {
        "always": np.ones_like(mask),
        "active": mask,
        "dilated": np.array([brute_force.dilate(image) for image in mask]),
    }[when]
    size = mask.shape[1:]
    flops = executed_flops([Cost("conv", 7, when=when)], mask * 1.0, size, size)
    np.testing.assert_array_equal(flops, 7 * kept.sum(axis=(1, 2)))


def test_a_convolution_ahead_of_the_stride_pays_on_the_finer_grid():
    mask = np.zeros((1, 3, 3), "float32")
    mask[0, 0, 2] = mask[0, 1, 1] = 1
    costs = [
        Cost("conv1", 10, when="dilated", stride=2),
        Cost("conv3", 1, when="active"),
    ]
    flops = executed_flops(costs, mask, (5, 6), (3, 3))
    fine = np.zeros((5, 6), bool)
    fine[0, 4] = fine[2, 2] = True
    assert int(flops[0]) == 10 * brute_force.dilate(fine).sum() + 2


def test_costs_of_an_image_are_paid_once():
    image = Cost("global_conv", 5, per="image")
    decided = Cost("global_conv", 5, per="image", when="active")
    mask = np.zeros((2, 3, 3), "float32")
    mask[1, 2, 2] = 1
    for when, expected in ((image, [5, 5]), (decided, [0, 5])):
        np.testing.assert_array_equal(
            executed_flops([when], mask, (3, 3), (3, 3)), expected
        )
        np.testing.assert_array_equal(
            executed_flops([when], mask[:, 2, 2], (3, 3), (3, 3)), expected
        )


def test_an_image_that_is_skipped_pays_for_no_position():
    costs = [Cost("conv1", 10, when="dilated"), Cost("conv2", 1, when="active")]
    flops = executed_flops(costs, np.array([1.0, 0.0], "float32"), (4, 6), (2, 3))
    np.testing.assert_array_equal(flops, [66, 0])


def test_counts_beyond_32_bits_are_exact():
    assert flops_dtype() == "int64"
    flops_per_position = 2**31 + 1
    costs = [Cost("a", flops_per_position, when="active"), Cost("b", 1, when="active")]
    flops = executed_flops(costs, np.ones((1, 5, 3), "float32"), (5, 3), (5, 3))
    assert flops.dtype == "int64"
    assert int(flops[0]) == 15 * (flops_per_position + 1)


def test_resnet_110_costs_what_the_original_counts():
    network = sact_keras.build_model("vanilla", dataset="cifar10", model="18")
    total, blocks = brute_force.cifar_flops(
        "vanilla", (18, 18, 18), 16, 10, (32, 32), [True] * 54
    )
    assert total == 505_775_360
    count = sact_keras.count_flops(network, (32, 32))
    assert count["total"] == total
    for name, flops in zip(network.block_names, blocks, strict=True):
        layers = [v for k, v in count["layers"].items() if k.startswith(f"{name}/")]
        assert sum(layers) == flops


@pytest.mark.parametrize("size", [(32, 32), (17, 24)])
@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
def test_count_flops_is_a_forward_pass_that_runs_everything(model_type, size):
    network = sact_keras.build_model(model_type, model="1_2_2", base_channels=4)
    for block in network.blocks:
        for branch in getattr(block.decision, "branches", ()):
            # What is left is the bias, a score of 0.05: with two units all run both.
            for layer in (branch.global_conv, getattr(branch, "local_conv", None)):
                if layer is not None:
                    layer.kernel.assign(ops.zeros_like(layer.kernel))
    images = np.random.default_rng(0).normal(size=(2, *size, 3)).astype("float32")
    outputs = network(images)
    assert all(ops.convert_to_numpy(mask).all() for mask in outputs["masks"])
    count = sact_keras.count_flops(network, size)
    assert outputs["flops"].dtype == "int64"
    np.testing.assert_array_equal(outputs["flops"], count["total"])
    assert sum(count["layers"].values()) == count["total"]
    for name in network.block_names:
        layers = [v for k, v in count["layers"].items() if k.startswith(f"{name}/")]
        np.testing.assert_array_equal(outputs[f"{name}/flops"], sum(layers))


def test_count_flops_names_the_layers():
    network = sact_keras.build_model("sact", model="2_1_1", base_channels=4)
    layers = sact_keras.count_flops(network, (32, 32))["layers"]
    assert list(layers) == [
        "stem/conv",
        "block_1/unit_1/conv1",
        "block_1/unit_1/conv2",
        "block_1/unit_1/local_conv",
        "block_1/unit_1/global_conv",
        "block_1/unit_2/conv1",
        "block_1/unit_2/conv2",
        "block_2/unit_1/conv1",
        "block_2/unit_1/conv2",
        "block_3/unit_1/conv1",
        "block_3/unit_1/conv2",
        "head/logits",
    ]
    assert layers["block_2/unit_1/conv1"] == 2 * 9 * 4 * 8 * 16 * 16
    assert layers["block_1/unit_1/global_conv"] == 2 * 4
