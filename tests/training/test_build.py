import pytest
from tiny_training import TinyDataset, tiny_options

from sact_keras.training.build import build_for_training, build_network


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
