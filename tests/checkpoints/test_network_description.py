import pytest

import sact_keras
from sact_keras.checkpoints.network_description import describe_network, is_halting
from sact_keras.checkpoints.sact_names import named_variables


@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
@pytest.mark.parametrize(
    ("dataset", "family", "units"),
    [("cifar10", "CIFAR", "1_2_1"), ("imagenet", "ImageNet", "1_2_1_2")],
)
def test_names_tell_the_network(dataset, family, units, model_type):
    model = sact_keras.build_model(
        model_type, dataset=dataset, model=units, base_channels=4
    )
    expected = f"{model_type}, {family}, units {units}"
    originals = [name for name, _ in named_variables(model)]
    ours = [variable.path for variable in model.weights]
    assert describe_network(originals) == expected
    assert describe_network(ours) == expected
    count = sum(map(is_halting, originals))
    assert count == sum(map(is_halting, ours))
    assert bool(count) == (model_type != "vanilla")


def test_units_are_counted_as_numbers():
    names = [f"block_{b}/unit_{u}/conv1/kernel" for b in (1, 10, 2) for u in (9, 10, 1)]
    assert describe_network(names) == "vanilla, CIFAR, units 10_10_10"


@pytest.mark.parametrize("names", [[], ["dense/kernel"], ["unit_1/conv/kernel"]])
def test_other_names_tell_nothing(names):
    assert describe_network(names) is None
