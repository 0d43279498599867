import pytest

from sact_keras.data import DATASET_NAMES
from sact_keras.data.cifar import CifarDataset
from sact_keras.data.imagenet import ImageNetDataset
from sact_keras.data.shapes import ShapesDataset
from sact_keras.models.presets import DATASETS
from sact_keras.training.recipes import RECIPES

CLASSES = {
    "cifar10": CifarDataset,
    "cifar100": CifarDataset,
    "imagenet": ImageNetDataset,
    "shapes": ShapesDataset,
}


def test_the_tables_know_the_same_data_sets():
    assert set(RECIPES) == set(DATASETS) == set(DATASET_NAMES) == set(CLASSES)


@pytest.mark.parametrize("name", RECIPES)
def test_the_split_that_is_evaluated_is_the_data_sets(name):
    """The recipe says it too, for flags that are read before TensorFlow is."""
    assert RECIPES[name].split_name == CLASSES[name].evaluation_split
