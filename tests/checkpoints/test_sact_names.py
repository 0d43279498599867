import pytest

import sact_keras
from sact_keras.checkpoints.sact_names import named_variables


def build(dataset, model_type="sact", base_channels=4, **arguments):
    model = {"cifar10": "2_1_1", "imagenet": "2_1_1_2"}[dataset]
    return sact_keras.build_model(
        model_type,
        dataset=dataset,
        base_channels=base_channels,
        **{"model": model, "num_classes": 3, **arguments},
    )


@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
@pytest.mark.parametrize("dataset", ["cifar10", "imagenet"])
def test_every_weight_has_one_name(dataset, model_type):
    model = build(dataset, model_type)
    named = dict(named_variables(model))
    assert len(named) == len(list(named_variables(model))) == len(model.weights)
    assert {id(s.variable) for s in named.values()} == {id(w) for w in model.weights}


@pytest.mark.parametrize(
    ("dataset", "names"),
    [
        (
            "cifar10",
            {
                "resnet_residual/Conv/weights": (3, 3, 3, 4),
                "resnet_residual/block_2/unit_1/residual/conv1/weights": (3, 3, 4, 8),
                "resnet_residual/block_1/unit_1/halting_proba/global_conv/weights": (
                    (1, 1, 4, 1)
                ),
                "resnet_residual/BatchNorm/moving_variance": (16,),
                "resnet_residual/logits/weights": (1, 1, 16, 3),
            },
        ),
        (
            "imagenet",
            {
                "resnet_v2/conv1/weights": (7, 7, 3, 64),
                "resnet_v2/block1/unit_1/bottleneck_v2/shortcut/weights": (
                    (1, 1, 64, 16)
                ),
                "resnet_v2/block2/unit_1/bottleneck_v2/conv2/BatchNorm/beta": (8,),
                "resnet_v2/block4/unit_1/halting_proba/local_conv/weights": (
                    (3, 3, 128, 1)
                ),
                "resnet_v2/postnorm/gamma": (128,),
                "resnet_v2/logits/weights": (1, 1, 128, 3),
            },
        ),
    ],
)
def test_names_and_shapes_are_those_of_the_graph(dataset, names):
    stored = {name: s.shape for name, s in named_variables(build(dataset))}
    assert {name: stored.get(name) for name in names} == names


def test_equal_depth_needs_no_shortcut():
    """At base 16 the first block's outputs are as deep as the stem's, 64."""
    names = [n for n, _ in named_variables(build("imagenet", base_channels=16))]
    with_shortcut = {n.split("/")[1] for n in names if "/shortcut/" in n}
    assert with_shortcut == {"block2", "block3", "block4"}


@pytest.mark.parametrize("case", ["v1", "v2", "v3", "v4", "v5", "v6"])
def test_names_and_shapes_of_the_golden_checkpoints(golden_case, case):
    options = golden_case(case).options
    model = sact_keras.build_model(
        options["model_type"],
        dataset={"cifar": "cifar10", "imagenet": "imagenet"}[options["dataset"]],
        model=options["model"],
        num_classes=options["num_classes"],
        base_channels=options["base_channels"],
    )
    expected = {name: tuple(shape) for name, shape in options["variables"]}
    del expected["global_step"]
    assert {name: s.shape for name, s in named_variables(model)} == expected
