"""Opening data sets by name."""

import pytest

from sact_keras.data import DATASET_NAMES, ImageDataset, open_dataset
from sact_keras.data.registry import _OPENERS


def test_every_name_has_an_opener():
    assert set(_OPENERS) == set(DATASET_NAMES)


def test_opens_shapes():
    dataset = open_dataset("shapes")
    assert isinstance(dataset, ImageDataset)
    assert dataset.name == "shapes"


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name='mnist'"):
        open_dataset("mnist")
