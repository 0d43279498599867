"""The oracle computes what the original did; else agreeing with it says nothing."""

import pytest
from cifar_reference import CifarReference
from comparison import assert_same_output
from imagenet_reference import ImageNetReference

REFERENCES = {"cifar": CifarReference, "imagenet": ImageNetReference}

# Not of the oracle: its input, its softmax, and the original's own broadcast to [N, N].
NOT_COMPARED = ("images", "predictions", "flops_raw")


def read_variables(prefix):
    import tensorflow as tf

    reader = tf.train.load_checkpoint(prefix)
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if name != "global_step"}


@pytest.mark.parametrize("name", ["v1", "v2", "v3", "v4", "v5", "v6"])
def test_oracle_equals_the_original(golden_case, name):
    case = golden_case(name)
    options = case.options
    network = REFERENCES[options["dataset"]](
        options["model_type"].removesuffix("_early_stopping"),
        options["block_num_units"],
        read_variables(case.checkpoint),
        options["eps"],
    )
    outputs = network(case.evaluation["images"])
    compared = [k for k in case.evaluation if not k.endswith(NOT_COMPARED)]
    assert {"logits", "flops"} < set(compared)
    for key in compared:
        expected = case.evaluation[key]
        # The original names its blocks "block1" here and "block_1" there, and keeps
        # a channel of one in its maps.
        actual = outputs[key.replace("block_", "block").replace("block", "block_")]
        expected = expected[..., 0] if key.endswith("_map") else expected
        assert_same_output(key, actual, expected, tolerance=1e-5)
