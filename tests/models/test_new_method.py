"""A method is its way of deciding and its loss, and nothing else.

Adds one with no more than that, and expects all the rest of the house to serve it.
"""

import keras
import numpy as np
import pytest
from keras import ops

import sact_keras
from sact_keras.accounting import count_units
from sact_keras.layers import Decision
from sact_keras.models import METHODS, Method, presets


@keras.saving.register_keras_serializable(package="test_new_method")
class RandomSkip(Decision):
    """In training, skips units of images at random; runs everything otherwise."""

    def __init__(self, num_units, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.num_units = num_units
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def start(self, inputs, training=False, progress=0.0, noise=None):
        return ops.zeros(ops.shape(inputs)[:1])

    def before_unit(self, index, inputs, state, training=False):
        if index == 0 or not training:
            return None, state + 1.0
        draws = keras.random.uniform(ops.shape(state), seed=self.seed_generator)
        mask = ops.cast(draws >= self.rate, "float32")
        return mask, state + mask

    def finish(self, outputs, state):
        return outputs, {"usage": state / self.num_units}

    def get_config(self):
        return {
            **super().get_config(),
            "num_units": self.num_units,
            "rate": self.rate,
            "seed": self.seed,
        }


def usages(model, outputs):
    return {name: v for name, v in outputs.items() if name.endswith("/usage")}


def usage_loss(means, model):
    return model.arguments["price"] * sum(means.values())


@pytest.fixture
def random_skip(monkeypatch):
    method = Method(
        decide=lambda plan, arguments: RandomSkip(
            plan.num_units, arguments["rate"], seed=plan.index, name="skipping"
        ),
        arguments={"rate": 0.5, "price": 0.1},
        statistics=usages,
        loss=usage_loss,
        loss_name="usage_loss",
    )
    monkeypatch.setitem(METHODS, "random_skip", method)
    monkeypatch.setattr(presets, "MODEL_TYPES", (*presets.MODEL_TYPES, "random_skip"))


@pytest.fixture
def model(random_skip):
    return sact_keras.build_model(
        "random_skip", model="2_4_3", base_channels=4, rate=0.4
    )


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.normal(size=(16, 12, 10, 3)).astype("float32")


def test_decided_masks_are_executed_and_accounted_for(model, images):
    outputs = model(images, training=True)
    masks = np.stack(outputs["masks"])
    assert masks.shape == (9, 16)
    assert set(np.unique(masks)) == {0.0, 1.0}
    first_units = [0, 2, 6]
    np.testing.assert_array_equal(masks[first_units], 1.0)
    # Shares of the 96 that may be skipped.
    free = np.delete(masks, first_units, axis=0)
    assert 0.4 < free.mean() < 0.8
    np.testing.assert_array_equal(
        outputs["block_2/num_units"], count_units(list(masks[2:6]))
    )
    np.testing.assert_allclose(
        outputs["block_2/usage"], masks[2:6].mean(axis=0), rtol=1e-6
    )
    np.testing.assert_array_equal(
        outputs["num_units_map"],
        np.broadcast_to(masks.sum(0)[:, None, None], (16, 12, 10)),
    )
    layers = sact_keras.count_flops(model, (12, 10))["layers"]
    names = [(b, u) for b, n in enumerate((2, 4, 3), 1) for u in range(1, n + 1)]
    expected = np.full(16, layers["stem/conv"] + layers["head/logits"])
    for (block, unit), mask in zip(names, masks.astype(int), strict=True):
        scope = f"block_{block}/unit_{unit}"
        expected += mask * (layers[f"{scope}/conv1"] + layers[f"{scope}/conv2"])
    np.testing.assert_array_equal(outputs["flops"], expected)


def test_without_training_everything_runs(model, images):
    outputs = model(images, training=False)
    total = sact_keras.count_flops(model, (12, 10))["total"]
    np.testing.assert_array_equal(outputs["flops"], total)


def test_it_trains_with_its_loss(model, images):
    model.compile(
        keras.optimizers.SGD(0.05),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    # A graph that makes the optimizer's variables is traced a second time.
    model.optimizer.build(model.trainable_variables)
    history = model.fit(
        images, np.arange(16) % 3, batch_size=8, epochs=6, verbose=0
    ).history
    assert history["loss"][-1] < history["loss"][0]
    assert all(0.1 * 3 * 0.4 < value < 0.1 * 3 for value in history["usage_loss"])
    # Each epoch draws anew.
    assert len(set(history["usage_loss"])) > 1


def test_its_arguments_are_checked(random_skip):
    with pytest.raises(ValueError, match=r"rate, price.*Received: tau=0.1"):
        sact_keras.build_model("random_skip", tau=0.1)


def test_it_comes_back_from_a_file(model, images, tmp_path):
    model.save(tmp_path / "model.keras")
    revived = keras.saving.load_model(tmp_path / "model.keras")
    assert revived.get_config() == model.get_config()
    for name in ("logits", "flops", "block_3/usage"):
        np.testing.assert_array_equal(revived(images)[name], model(images)[name])
