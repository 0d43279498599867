import json
import re
import time

import numpy as np
import pytest
import tensorflow as tf
from conftest import PROJECT_ROOT

import sact_keras
from sact_keras.compression.weight_sizes import describe_weights
from sact_keras.models import METHODS, AdaptiveResNet
from sact_keras.models.presets import MODEL_TYPES
from sact_keras.serving.method_descriptions import METHOD_DESCRIPTIONS
from sact_keras.serving.model_card import make_model_card


@tf.function(
    input_signature=[
        tf.TensorSpec([None], tf.string, "image_bytes"),
        tf.TensorSpec([None], tf.float32, "compute_budget"),
    ]
)
def serve(image_bytes, compute_budget):
    number = tf.shape(image_bytes)[0]
    return {
        "scores": tf.zeros([number, 5]),
        "flops": tf.zeros([number], tf.int64),
        "block_1/num_units": tf.zeros([number, 32, 32], tf.int32),
    }


def make_card(model, **changes):
    arguments = {
        "dataset": "cifar10",
        "preprocessing": "sact",
        "image_size": (32, 32),
        "execution": "compact",
        "signatures": {"serve_bytes_with_budget": serve.get_concrete_function()},
    }
    return make_model_card(model, **{**arguments, **changes})


@pytest.fixture(scope="module")
def model():
    return sact_keras.build_model("sact", model="1_2_1", base_channels=4, tau=0.25)


def test_it_says_what_the_model_is(model):
    evaluation = {"accuracy": 0.9, "mean_flops": 1e6, "std_flops": 1e5, "file": "x"}
    card = make_card(
        model,
        checkpoint=PROJECT_ROOT / "runs" / "step-7",
        step=7,
        flags={"model": "1_2_1"},
        evaluation=evaluation,
        labels=["cat"] * 10,
    )
    assert json.loads(json.dumps(card)) == card
    assert card["method"]["arguments"] == {"tau": 0.25, "eps": 0.01}
    assert "Spatially Adaptive Computation Time" in card["method"]["paper"]
    architecture = card["architecture"]
    assert architecture["model"] == "1_2_1"
    assert architecture["parameters"] == sum(np.size(w) for w in model.weights)
    assert card["evaluation"] == evaluation
    cost = card["cost"]
    assert cost["mean_flops"] == 1e6
    total = sact_keras.count_flops(model, (32, 32))["total"]
    assert cost["flops_with_every_unit_run"] == total
    assert card["compression"] == describe_weights(model)
    assert card["checkpoint"] == {
        "path": str(PROJECT_ROOT / "runs" / "step-7"),
        "step": 7,
    }
    assert card["flags"] == {"model": "1_2_1"}
    assert card["data"]["classes"] == ["cat"] * 10
    assert card["versions"]["tensorflow"] == tf.__version__
    assert card["created"].startswith(time.strftime("%Y-"))


def test_what_is_not_known_is_null(model):
    card = make_card(model, dataset=None)
    assert card["data"]["dataset"] is None
    for name in ("evaluation", "checkpoint", "flags"):
        assert card[name] is None
    assert card["cost"]["mean_flops"] is None


def test_signatures_are_described_with_shapes_and_units(model):
    signature = make_card(model)["signatures"]["serve_bytes_with_budget"]
    assert set(signature["inputs"]) == {"image_bytes", "compute_budget"}
    assert signature["inputs"]["image_bytes"]["dtype"] == "string"
    assert signature["inputs"]["image_bytes"]["shape"] == [None]
    outputs = signature["outputs"]
    assert outputs["scores"]["shape"] == [None, 5]
    assert outputs["flops"]["dtype"] == "int64"
    assert "multiply-accumulates" in outputs["flops"]["meaning"]
    # Of a block it is a number at each position, not a mean over the image.
    assert "mean" not in outputs["block_1/num_units"]["meaning"]


def test_a_loaded_signature_is_described_as_the_one_that_was_saved(model, tmp_path):
    module = tf.Module()
    module.serve = serve
    tf.saved_model.save(module, str(tmp_path), signatures={"s": serve})
    loaded = tf.saved_model.load(str(tmp_path)).signatures["s"]
    fresh = serve.get_concrete_function()
    described = [
        make_card(model, signatures={"s": signature})["signatures"]["s"]["inputs"]
        for signature in (fresh, loaded)
    ]
    assert described[0] == described[1]


def test_an_argument_that_is_left_out_is_no_input(model):
    def add(images, compute_budget=None):
        assert compute_budget is None
        return {"flops": images}

    signature = tf.function(
        add, input_signature=[tf.TensorSpec([None], name="images")]
    ).get_concrete_function()
    described = make_card(model, signatures={"s": signature})["signatures"]["s"]
    assert set(described["inputs"]) == {"images"}


def test_a_method_that_is_described_nowhere_has_a_card(monkeypatch):
    monkeypatch.setitem(METHODS, "mine", METHODS["vanilla"])
    model = AdaptiveResNet("mine", "cifar", (1,), num_classes=10, base_channels=4)
    model.build((None, 32, 32, 3))
    card = make_card(model)
    assert card["method"]["model_type"] == "mine"
    assert card["method"]["summary"] is None
    assert card["compute_budget"]["for_this_method"] is None


def test_every_method_is_described_and_its_paper_is_the_readmes():
    assert set(METHOD_DESCRIPTIONS) == set(MODEL_TYPES)
    readme = (PROJECT_ROOT / "README.md").read_text()
    for name, method in METHOD_DESCRIPTIONS.items():
        if name != "vanilla":  # The README has He et al.'s other paper.
            (number,) = re.findall(r"abs/(.*)", method.url)
            assert f"[arXiv {number}]({method.url})" in readme
