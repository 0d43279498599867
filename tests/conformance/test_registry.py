import numpy as np
import pytest
from registry import CASES, flat_outputs, make_images

from sact_keras.models import METHODS
from sact_keras.models.presets import MODEL_TYPES


def test_every_model_type_is_entered():
    assert {case.model_type for case in CASES} == set(MODEL_TYPES) == set(METHODS)


def test_names_are_unique():
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [c for c in CASES if c.decides], ids=str)
def test_decisions_vary(case):
    """Otherwise the suite would hold a method to nothing."""
    outputs = flat_outputs(case.shared()(make_images()))
    masks = [v for k, v in outputs.items() if k.startswith("masks/")]
    assert any(len(np.unique(mask)) == 2 for mask in masks)
    assert len(np.unique(outputs["flops"])) > 1
