"""The method that docs/extending.md adds gets everything else from the house."""

import re

import keras
import numpy as np
import pytest
from conftest import PROJECT_ROOT

from sact_keras.models import METHODS, AdaptiveResNet


@pytest.fixture
def example(monkeypatch):
    for name, method in METHODS.items():
        monkeypatch.setitem(METHODS, name, method)
    page = (PROJECT_ROOT / "docs" / "extending.md").read_text()
    (source,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {}
    exec(source, names)
    yield names
    METHODS.pop("skipping")


def test_a_decision_and_a_loss_are_a_method(example, tmp_path):
    model = AdaptiveResNet("skipping", "cifar", (2, 3, 1), 10, base_channels=4)
    model.build((None, None, None, 3))
    for block in model.blocks:
        block.decision.scores.assign(-keras.ops.ones_like(block.decision.scores))
    images = np.random.default_rng(0).normal(size=(16, 32, 32, 3)).astype("float32")
    outputs = model(images)
    masks = np.stack([keras.ops.convert_to_numpy(m) for m in outputs["masks"]])
    assert masks[:, 0].tolist() == [1, 0, 1, 0, 0, 1]  # The first of a block runs.
    assert np.all(keras.ops.convert_to_numpy(outputs["num_units_map"]) == 3)
    full = keras.ops.convert_to_numpy(
        AdaptiveResNet("vanilla", "cifar", (1, 1, 1), 10, base_channels=4)(images)[
            "flops"
        ]
    )
    assert np.array_equal(keras.ops.convert_to_numpy(outputs["flops"]), full)

    model.compile(
        keras.optimizers.SGD(0.1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    labels = np.arange(16) % 10
    before = keras.ops.convert_to_numpy(model.blocks[1].decision.scores).copy()
    logs = model.fit(images, labels, batch_size=8, verbose=0).history
    assert logs["rate_loss"][0] > 0
    after = keras.ops.convert_to_numpy(model.blocks[1].decision.scores)
    assert np.any(after != before)

    model.save(tmp_path / "skipping.keras")
    loaded = keras.models.load_model(tmp_path / "skipping.keras")
    np.testing.assert_array_equal(loaded(images)["logits"], model(images)["logits"])
