"""BlockDrop as a method: its arguments, its stages, and given policies."""

import keras
import numpy as np
import pytest
from policy_networks import make_images

import sact_keras
from sact_keras.models.policy_method import penalty_of

IMAGENET = {"dataset": "imagenet", "model": "1_1_1_1", "num_classes": 7}

by_family = pytest.mark.parametrize("family", [{}, IMAGENET], ids=["cifar", "imagenet"])


def build(model_type="blockdrop", **arguments):
    return sact_keras.build_model(
        model_type, **{"model": "1_2_1", "base_channels": 4, **arguments}
    )


def train_a_step(model):
    """One step; returns the values before and after it, by path."""
    model.compile(
        keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,
    )
    before = values_by_path(model)
    model.train_on_batch(make_images(16, (16, 16)), np.arange(16) % 7)
    return before, values_by_path(model)


def values_by_path(model):
    return {path_of(weight): np.array(weight) for weight in model.weights}


def path_of(weight):
    """The variable's path, without the model's name."""
    return weight.path.split("/", 1)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"stage": "train"},
            "stage must be one of pretrain, curriculum, finetune. "
            "Received: stage='train'",
        ),
        ({"stage": None}, "stage must be one of .*Received: stage=None"),
        ({"stage": 1}, "stage must be one of .*Received: stage=1"),
        ({"penalty": 0.5}, "penalty, .* at most 0. Received: penalty=0.5"),
        ({"penalty": float("nan")}, "penalty, .*finite.* Received: penalty=nan"),
        ({"penalty": float("-inf")}, "penalty, .*finite.* Received: penalty=-inf"),
        ({"penalty": "-1"}, "penalty must be a number. Received: penalty='-1'"),
        ({"penalty": True}, "penalty must be a number. Received: penalty=True"),
        ({"alpha": 0.5}, r"alpha must be in \(0.5, 1\]. Received: alpha=0.5"),
        ({"alpha": 1.01}, "alpha must be in .*Received: alpha=1.01"),
        ({"alpha": float("nan")}, "alpha must be in .*Received: alpha=nan"),
        ({"alpha": "0.8"}, "alpha must be a number. Received: alpha='0.8'"),
        ({"beta": -0.1}, "beta must be finite and at least 0. Received: beta=-0.1"),
        ({"beta": float("inf")}, "beta must be finite .*Received: beta=inf"),
        ({"beta": float("nan")}, "beta must be finite .*Received: beta=nan"),
        ({"beta": None}, "beta must be a number. Received: beta=None"),
        ({"tau": 0.1}, "stage, penalty, alpha, beta. Received: tau=0.1"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"{message}$"):
        build(**arguments)


@pytest.mark.parametrize(
    ("arguments", "penalty"),
    [
        ({"stage": "pretrain"}, None),
        ({"stage": "curriculum"}, -1.0),
        ({"stage": "finetune"}, -5.0),
        ({"stage": "curriculum", "penalty": -10}, -10),
        ({"stage": "finetune", "penalty": 0}, 0),
        ({"penalty": np.float32(-0.5)}, -0.5),
    ],
    ids=str,
)
def test_the_penalty_is_the_stages_unless_given(arguments, penalty):
    assert penalty_of(build(**arguments).arguments) == penalty


def test_arguments_at_their_ends():
    model = build(alpha=1.0, beta=0.0)
    assert model.policy.alpha == 1.0
    assert model.arguments["beta"] == 0.0


@by_family
def test_pretraining_is_the_training_of_the_network_alone(family):
    """By the same names, so that every stage finds what the one before has left."""
    steps = []
    for model_type, arguments in (
        ("blockdrop", {"stage": "pretrain"}),
        ("vanilla", {"variant": "blockdrop"}),
    ):
        keras.utils.set_random_seed(7)
        model = build(model_type, **arguments, **family)
        assert model.policy is None
        steps.append(train_a_step(model))
    for ours, theirs in zip(*steps, strict=True):
        assert list(ours) == list(theirs)
        for path, value in ours.items():
            np.testing.assert_array_equal(value, theirs[path], err_msg=path)


@by_family
@pytest.mark.parametrize("stage", ["curriculum", "finetune"])
def test_later_stages_add_the_policy_and_nothing_else(family, stage):
    model = build(stage=stage, **family)
    pretrained = values_by_path(build(stage="pretrain", **family))
    added = {path_of(weight) for weight in model.policy.weights}
    assert {path_of(weight) for weight in model.weights} == added | set(pretrained)
    assert all(path.startswith("policy/") for path in added)
    assert not added & set(pretrained)


@by_family
def test_the_curriculum_trains_the_policy_alone(family):
    model = build(stage="curriculum", **family)
    trained = {path_of(weight) for weight in model.trainable_variables}
    assert trained == {path_of(weight) for weight in model.policy.trainable_variables}
    changed = changes(model)
    averages = {path for path in changed - trained if "/moving_" in path}
    assert changed == trained | averages
    assert {path.split("/")[0] for path in changed} == {"policy"}
    # One mean and one variance a gamma.
    assert len(averages) == 2 * sum(path.endswith("/gamma") for path in trained)


@by_family
def test_finetuning_trains_all_but_the_value_head(family):
    model = build(stage="finetune", **family)
    kept = {"policy/value/kernel", "policy/value/bias", "policy/free_units"}
    trained = {path_of(weight) for weight in model.trainable_variables}
    changed = changes(model)
    assert changed == {path_of(weight) for weight in model.weights} - kept
    assert trained == {path for path in changed if "/moving_" not in path}


def changes(model):
    """Paths of what a step changes."""
    before, after = train_a_step(model)
    return {path for path in before if not np.array_equal(before[path], after[path])}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", ["float32", "bool", "int64", "list"])
def test_given_policies_are_run(training, kind):
    model, images = build(), make_images(5)
    policy = np.random.default_rng(0).integers(0, 2, (5, 4))
    given = policy.tolist() if kind == "list" else policy.astype(kind)
    outputs = model(images, training=training, policy=given)
    masks = np.stack(outputs["masks"], axis=1)
    assert masks.dtype == "float32"
    np.testing.assert_array_equal(masks, policy)
    counts = [outputs[f"block_{b}/num_units"] for b in (1, 2, 3)]
    np.testing.assert_array_equal(np.sum(counts, axis=0), policy.sum(axis=1))


@pytest.mark.parametrize(
    ("model_type", "arguments"),
    [("vanilla", {}), ("aig", {}), ("blockdrop", {"stage": "pretrain"})],
)
def test_networks_without_a_policy_take_none(model_type, arguments):
    model = build(model_type, **arguments)
    message = rf"policy must be .*Received: a policy for {model_type}_resnet_1_2_1$"
    with pytest.raises(ValueError, match=message):
        model.call(make_images(2), policy=np.ones((2, 4)))


@pytest.mark.parametrize("shape", [(2, 3), (2, 5), (4,), (2, 4, 1)], ids=str)
def test_policies_of_another_shape_are_refused(shape):
    message = rf"policy must be of the shape \[N, 4\], .*Received: .*{shape}"
    message = message.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=message):
        build().call(make_images(2), policy=np.ones(shape))
