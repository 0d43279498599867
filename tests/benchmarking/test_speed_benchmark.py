"""The report of the benchmark: its numbers follow from each other and the model."""

import functools
import json

import numpy as np
import pytest

import sact_keras
from sact_keras.benchmarking import forced_masks
from sact_keras.benchmarking.executors import make_executors, vanilla_of

EXECUTORS = ["dense", "dense_folded", "masked", "compact"]
IMAGES = np.random.default_rng(0).standard_normal((3, 32, 32, 3), np.float32)

benchmark = functools.partial(sact_keras.benchmark, rounds=1, turn_seconds=0)


def build(model_type, **arguments):
    # With halting, first units are not decided about.
    model = "2_1_1" if model_type in ("act", "sact") else "1"
    return sact_keras.build_model(
        model_type, **{"model": model, "base_channels": 4, **arguments}
    )


def check_case(case):
    """Holds quotients to their parts."""
    executors = case["executors"]
    assert list(executors) == EXECUTORS
    times = {name: found["milliseconds"] for name, found in executors.items()}
    for found in executors.values():
        ordered = [
            found[name]
            for name in (
                *("least", "lower_quartile", "milliseconds"),
                *("upper_quartile", "most"),
            )
        ]
        assert ordered == sorted(ordered)
        assert ordered[0] > 0
        assert found["images_per_second"] == pytest.approx(
            1000 * case["batch_size"] / found["milliseconds"]
        )
    quotients = {
        "ideal_speedup": case["dense_flops"] / case["needed_flops"],
        "realised_speedup": times["dense"] / times["compact"],
        "speedup_over_folded": times["dense_folded"] / times["compact"],
        "efficiency": case["realised_speedup"] / case["ideal_speedup"],
    }
    assert {name: case[name] for name in quotients} == pytest.approx(quotients)
    assert case["agreement"]["masks_equal"]
    assert case["agreement"]["flops_equal"]
    assert case["agreement"]["largest_logit_difference"] < 1e-4


@pytest.mark.fast_with("aig")
@pytest.mark.parametrize("model_type", ["act", "sact", "aig", "dynconv", "blockdrop"])
def test_a_forced_rate(model_type):
    model = build(model_type)
    report = benchmark(model, IMAGES, 4, 0.5, seed=3)
    assert json.loads(json.dumps(report)) == report
    (case,) = report["cases"]
    check_case(case)
    assert (case["batch_size"], case["force_rate"]) == (4, 0.5)
    masks = forced_masks(model, 4, (32, 32), 0.5, seed=3)
    images = IMAGES[[0, 1, 2, 0]]
    outputs = model(images, training=False, masks=masks)
    assert case["needed_flops"] == np.mean(outputs["flops"])
    largest = np.abs(outputs["logits"]).max()
    assert case["agreement"]["largest_logit"] == pytest.approx(largest, rel=1e-4)
    assert case["active_share"]["all"] == pytest.approx(
        np.mean([mask.mean() for mask in masks])
    )
    assert case["active_share"]["decided"] == pytest.approx(0.5, abs=0.2)
    vanilla = sact_keras.build_model(
        "vanilla",
        model="_".join(map(str, model.num_units)),
        base_channels=4,
        variant=model.variant,
    )
    total = sact_keras.count_flops(vanilla, (32, 32))["total"]
    assert case["dense_flops"] == total


@pytest.mark.slow
def test_every_batch_size_at_every_rate():
    report = benchmark(build("aig"), IMAGES, (2, 1), (0.0, 1.0))
    names = [(case["batch_size"], case["force_rate"]) for case in report["cases"]]
    assert names == [(2, 0.0), (2, 1.0), (1, 0.0), (1, 1.0)]
    for case in report["cases"]:
        check_case(case)
        assert case["active_share"]["decided"] == case["force_rate"]


def test_what_the_network_decides():
    model = build("dynconv")
    report = benchmark(model, IMAGES, 3)
    (case,) = report["cases"]
    check_case(case)
    assert case["force_rate"] is None
    outputs = model(IMAGES, training=False)
    assert case["needed_flops"] == pytest.approx(np.mean(outputs["flops"]))
    shares = [np.mean(mask) for mask in outputs["masks"]]
    assert case["active_share"]["all"] == pytest.approx(np.mean(shares))
    assert case["active_share"]["decided"] == case["active_share"]["all"]


def test_nothing_is_decided():
    (case,) = benchmark(build("vanilla"), IMAGES, 1)["cases"]
    check_case(case)
    assert case["active_share"] == {"all": 1.0, "decided": None}
    assert case["ideal_speedup"] == 1.0


def test_the_header_says_what_was_measured_and_on_what():
    model = build("act", tau=0.5)
    header = benchmark(model, IMAGES[:, :24, :28], 1, seed=5)["header"]
    assert header["model"] == {
        "model_type": "act",
        "family": "cifar",
        "variant": "sact",
        "num_units": [2, 1, 1],
        "unit": "basic",
        "base_channels": 4,
        "num_classes": 10,
        "arguments": {"tau": 0.5, "eps": 0.01},
    }
    assert header["image_size"] == [24, 28]
    assert (header["rounds"], header["seed"]) == (1, 5)
    assert header["hardware"]["processor"]
    assert header["hardware"]["logical_cores"] >= header["hardware"]["usable_cores"]
    assert set(header["threads"]) == {
        "intra_op",
        "inter_op",
        "TF_NUM_INTEROP_THREADS",
        "TF_ENABLE_ONEDNN_OPTS",
    }
    assert {"python", "tensorflow", "keras", "sact_keras"} <= set(header["versions"])
    assert "git_commit" in header
    assert header["date"][:2] == "20"


def test_an_executor_that_decides_otherwise_is_found_out(monkeypatch):
    """The report says so rather than compare times of different work."""
    from sact_keras.benchmarking import speed_benchmark

    def make_other(model):
        executors = make_executors(model)
        compact = executors["compact"]
        executors["compact"] = lambda images, masks: compact(
            images, [1 - mask for mask in masks]
        )
        return executors

    monkeypatch.setattr(speed_benchmark, "make_executors", make_other)
    (case,) = benchmark(build("aig"), IMAGES, 3, 0.3)["cases"]
    assert not case["agreement"]["masks_equal"]
    assert not case["agreement"]["flops_equal"]
    assert case["agreement"]["largest_logit_difference"] > 1e-4


@pytest.mark.parametrize("model_type", ["sact", "blockdrop"])
def test_the_dense_network_is_the_same_without_its_decisions(model_type):
    model = build(model_type)
    generator = np.random.default_rng(0)
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))
    vanilla = vanilla_of(model)
    ones = forced_masks(model, 3, (32, 32), 1.0)
    np.testing.assert_allclose(
        vanilla(IMAGES, training=False)["logits"],
        model(IMAGES, training=False, masks=ones)["logits"],
        rtol=1e-4,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"images": IMAGES[0]}, r"images must be .* \[32, 32, 3\]"),
        ({"images": IMAGES[:0]}, r"images must be at least one"),
        ({"batch_sizes": 0}, r"batch_sizes must be .*batch_sizes=\[0\]"),
        ({"batch_sizes": (1, 2.5)}, r"batch_sizes must be "),
        ({"batch_sizes": ()}, r"batch_sizes must be .*batch_sizes=\[\]"),
        ({"force_rate": 1.5}, r"force_rate must be in \[0, 1\].*\[1\.5\]"),
        ({"force_rate": (0.5, np.nan)}, r"force_rate must be in \[0, 1\]"),
        ({"rounds": 0}, r"rounds must be at least 1. Received: rounds=0"),
    ],
)
def test_arguments_out_of_range(arguments, said):
    with pytest.raises(ValueError, match=said):
        sact_keras.benchmark(build("aig"), **{"images": IMAGES, **arguments})


def test_a_rate_for_a_network_without_decisions():
    with pytest.raises(ValueError, match=r"force_rate must be None .*vanilla_resnet"):
        benchmark(build("vanilla"), IMAGES, 1, 0.5)


def test_another_kind_of_model():
    import keras

    with pytest.raises(TypeError, match=r"sact_keras.build_model. Received: Dense"):
        benchmark(keras.layers.Dense(1), IMAGES, 1)
