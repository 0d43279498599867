import keras
import pytest
from tiny_training import TinyDataset, tiny_options

from sact_keras.training.build import build_for_training, build_network
from sact_keras.training.momentum_sgd import MomentumSGD


def test_the_network_is_the_one_asked_for(tmp_path):
    options = tiny_options(tmp_path, model="1_2_1", base_channels=6, tau=0.4, eps=0.1)
    model = build_network(options)
    assert (model.model_type, model.num_units) == ("sact", (1, 2, 1))
    assert (model.base_channels, model.num_classes) == (6, 10)
    assert model.arguments == {"tau": 0.4, "eps": 0.1}


def test_training_on_cifar_follows_its_recipe(tmp_path):
    options = tiny_options(tmp_path, dataset="cifar10", max_number_of_steps=10)
    model = build_for_training(options, TinyDataset())
    assert model.loss.label_smoothing == 0.0
    rates = [float(model.optimizer._learning_rate(step)) for step in (6, 7)]
    assert rates == pytest.approx([0.1, 0.01])


def test_training_on_imagenet_follows_its_recipe(tmp_path):
    options = tiny_options(
        tmp_path, dataset="imagenet", model="1_1_1_1", base_channels=4, batch_size=16
    )
    model = build_for_training(options, TinyDataset())
    assert model.loss.label_smoothing == 0.1
    # 48 images in batches of 16: 30 epochs are 90 steps.
    rates = [float(model.optimizer._learning_rate(step)) for step in (89, 90)]
    assert rates == pytest.approx([0.05, 0.005])
    assert model.optimizer.momentum == 0.9


@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
def test_networks_of_tensorflow_keep_their_optimizer(tmp_path, model_type):
    options = tiny_options(tmp_path, model_type=model_type, base_channels=4)
    model = build_for_training(options, TinyDataset())
    assert type(model.optimizer) is keras.optimizers.SGD
    assert model.optimizer.weight_decay is None
    assert any(v.regularizer is not None for v in model.trainable_variables)


@pytest.mark.parametrize(
    ("flags", "decay", "factor"),
    [
        ({"model_type": "aig"}, 5e-4, 1.0),
        ({"model_type": "aig", "gate_learning_rate_factor": 0.1}, 5e-4, 0.1),
        ({"model_type": "dynconv", "weight_decay": 0.01}, 0.01, None),
        ({"model_type": "vanilla", "variant": "aig", "weight_decay": 0.0}, 0.0, None),
    ],
)
def test_networks_of_pytorch_decay_in_the_optimizer(tmp_path, flags, decay, factor):
    options = tiny_options(tmp_path, base_channels=4, **flags)
    model = build_for_training(options, TinyDataset())
    assert isinstance(model.optimizer, MomentumSGD)
    assert model.optimizer.coupled_weight_decay == decay
    assert all(v.regularizer is None for v in model.trainable_variables)
    model.optimizer.build(model.trainable_variables)
    for variable, found in zip(
        model.trainable_variables, model.optimizer.factors, strict=True
    ):
        is_gate = "/gates/" in variable.path and "/logits/" in variable.path
        assert found == (factor if is_gate else 1.0), variable.path


def test_epochs_that_are_asked_for(tmp_path):
    """48 images in batches of 8 are 6 steps an epoch."""
    options = tiny_options(tmp_path, decay_epochs="1,3", max_number_of_steps=30)
    schedule = build_for_training(options, TinyDataset()).optimizer._learning_rate
    rates = [float(schedule(step)) for step in (5, 6, 17, 18)]
    assert rates == pytest.approx([0.1, 0.01, 0.01, 0.001])


@pytest.mark.parametrize(
    ("model_type", "num_classes"), [("sact", 1001), ("aig", 1000), ("dynconv", 1000)]
)
def test_classes_of_imagenet_follow_the_variant(tmp_path, model_type, num_classes):
    options = tiny_options(
        tmp_path,
        dataset="imagenet",
        model_type=model_type,
        model="1_1_1_1",
        base_channels=4,
    )
    model = build_network(options)
    assert (model.num_classes, model.variant) == (num_classes, options.variant)


@pytest.mark.parametrize(
    ("stage", "rate"), [("pretrain", 0.02), ("curriculum", 1e-3), ("finetune", 1e-4)]
)
def test_each_stage_of_blockdrop_has_its_optimizer(tmp_path, stage, rate):
    flags = {"model_type": "blockdrop", "base_channels": 4, "stage": stage}
    model = build_for_training(tiny_options(tmp_path, **flags), TinyDataset())
    assert float(model.optimizer.learning_rate) == pytest.approx(rate)
    assert (model.policy is None) == (stage == "pretrain")
    assert all(v.regularizer is None for v in model.trainable_variables)
    if stage == "pretrain":
        assert isinstance(model.optimizer, MomentumSGD)
        assert model.optimizer.coupled_weight_decay == 1e-4
        return
    assert type(model.optimizer) is keras.optimizers.Adam
    # PyTorch's.
    assert model.optimizer.epsilon == 1e-8
    assert (model.optimizer.beta_1, model.optimizer.beta_2) == (0.9, 0.999)
    assert model.optimizer.weight_decay is None
    trained = {v.path.split("/")[1] for v in model.trainable_variables}
    assert ("policy" in trained) and (trained == {"policy"}) == (stage == "curriculum")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"stage": "curriculum"}, {"penalty": -1.0, "alpha": 0.8, "beta": 0.1}),
        ({"stage": "finetune", "alpha": 0.9}, {"penalty": -5.0, "alpha": 0.9}),
        ({"stage": "finetune", "penalty": -2.0}, {"penalty": -2.0, "alpha": 0.8}),
    ],
)
def test_a_network_with_a_policy_is_the_one_asked_for(tmp_path, flags, expected):
    options = tiny_options(
        tmp_path, model_type="blockdrop", model="1_2_1", base_channels=4, **flags
    )
    model = build_network(options)
    found = {name: model.arguments[name] for name in expected}
    assert found == expected
    assert model.policy.alpha == expected["alpha"]
    assert model.policy.num_units == 4
