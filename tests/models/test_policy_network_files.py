"""A policy network as a layer: its config, its files and its precision."""

import json

import keras
import numpy as np
import pytest
from policy_networks import FAMILIES, make_images, make_network, to_numpy

import sact_keras
from sact_keras.models import PolicyNetwork


def test_config_is_exact_and_json():
    network = PolicyNetwork("imagenet", 7, base_channels=8, alpha=0.9, seed=3, name="p")
    config = network.get_config()
    assert {k: v for k, v in config.items() if k not in ("dtype", "trainable")} == {
        "name": "p",
        "family": "imagenet",
        "num_units": 7,
        "base_channels": 8,
        "alpha": 0.9,
        "seed": 3,
    }
    revived = PolicyNetwork.from_config(json.loads(json.dumps(config)))
    assert revived.get_config() == config
    widths = {"cifar": 16, "imagenet": 64}
    assert {f: PolicyNetwork(f, 3).base_channels for f in FAMILIES} == widths


@pytest.mark.parametrize("family", FAMILIES)
def test_it_comes_back_from_its_config(family):
    network = make_network(family, seed=5)
    network.free_units.assign(2)
    serialized = json.loads(json.dumps(keras.saving.serialize_keras_object(network)))
    revived = keras.saving.deserialize_keras_object(serialized)
    assert [w.path for w in revived.weights] == [w.path for w in network.weights]
    revived.set_weights(network.get_weights())
    images = make_images(8, (16, 16))
    for training in (False, True):  # With the same draws, too.
        expected = to_numpy(network(images, training=training))
        actual = to_numpy(revived(images, training=training))
        for name, value in expected.items():
            np.testing.assert_array_equal(actual[name], value, err_msg=name)


def test_a_models_file_holds_its_policy_network(tmp_path):
    model = sact_keras.build_model(
        "blockdrop", model="1_2_1", base_channels=4, alpha=0.9, stage="curriculum"
    )
    model.policy.free_units.assign(2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.policy.alpha == 0.9
    assert float(loaded.policy.free_units) == 2
    assert not loaded.policy.value.trainable
    np.testing.assert_array_equal(loaded.policy.free(), [0, 0, 1, 1])
    for ours, theirs in zip(model.policy.weights, loaded.policy.weights, strict=True):
        assert ours.path == theirs.path
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture(params=["mixed_bfloat16", "mixed_float16"])
def mixed_precision(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param.removeprefix("mixed_")
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_it_says_stays_in_float32(family, mixed_precision):
    network = make_network(family)
    assert network.stem.conv.compute_dtype == mixed_precision
    assert network.units[0].conv2.compute_dtype == mixed_precision
    assert {w.dtype for w in network.weights} == {"float32"}
    for training in (False, True):
        outputs = to_numpy(network(make_images(8, (16, 16)), training=training))
        assert {value.dtype.name for value in outputs.values()} == {"float32"}
        for name in ("policy", "baseline_policy")[: 1 + training]:
            assert set(np.unique(outputs[name])) == {0.0, 1.0}


def test_draws_are_compared_in_float32(mixed_precision):
    """In half precision 0.49999 is a half, and not below it."""
    network = make_network()
    network.logits.set_weights([np.zeros(w.shape) for w in network.logits.weights])
    for draw, expected in ((0.49999, 1.0), (0.50001, 0.0)):
        noise = [np.full(2, draw, "float32")] * network.num_units
        policy = network(make_images(2), training=True, noise=noise)["policy"]
        np.testing.assert_array_equal(policy, np.full((2, 4), expected))


@pytest.mark.parametrize("dataset", ["cifar10", "imagenet"])
def test_a_model_of_half_precision_takes_its_decisions_in_float32(
    dataset, mixed_precision
):
    model = sact_keras.build_model(
        "blockdrop",
        dataset=dataset,
        model="1_1_1_1" if dataset == "imagenet" else "1",
        base_channels=4,
    )
    assert model.blocks[0].units[0].conv1.compute_dtype == mixed_precision
    for training in (False, True):
        outputs = model(make_images(6, (16, 16)), training=training)
        for name in ("logits", "policy_probability", "policy_value"):
            assert outputs[name].dtype == "float32"
            assert np.isfinite(outputs[name]).all()
        masks = np.stack(outputs["masks"])
        assert masks.dtype == "float32"
        assert set(np.unique(masks)) <= {0.0, 1.0}
