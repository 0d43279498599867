import pytest

from sact_keras.data import DATASET_NAMES
from sact_keras.data.cifar import CifarDataset
from sact_keras.data.folder import FolderDataset
from sact_keras.data.imagenet import ImageNetDataset
from sact_keras.data.photograph_preprocessing import PHOTOGRAPH_PREPROCESSING
from sact_keras.data.preprocessing import PREPROCESSING
from sact_keras.data.shapes import ShapesDataset
from sact_keras.models.presets import DATASETS, PREPROCESSINGS, STAGES, VARIANTS
from sact_keras.training.recipes import RECIPES, find_recipe

CLASSES = {
    "cifar10": CifarDataset,
    "cifar100": CifarDataset,
    "imagenet": ImageNetDataset,
    "shapes": ShapesDataset,
    "folder": FolderDataset,
}


def test_the_tables_know_the_same_data_sets():
    assert set(RECIPES) == set(DATASETS) == set(DATASET_NAMES) == set(CLASSES)


def test_the_tables_know_the_same_preparations_of_images():
    assert set(PREPROCESSINGS) == set(PREPROCESSING)
    # Photographs have one for each variant.
    assert set(VARIANTS) == set(PHOTOGRAPH_PREPROCESSING)
    assert set(PREPROCESSINGS) - set(VARIANTS) == {"blockdrop_r32"}


@pytest.mark.parametrize("name", RECIPES)
def test_the_split_that_is_evaluated_is_the_data_sets(name):
    """The recipe says it too, for flags that are read before TensorFlow is."""
    assert RECIPES[name].split_name == CLASSES[name].evaluation_split


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_data_set_has_a_recipe_of_every_variant(variant):
    for dataset in DATASETS:
        recipe = find_recipe(dataset, variant)
        assert recipe.split_name == RECIPES[dataset].split_name
        assert (recipe.weight_decay is None) == (variant == "sact")
        # What is measured does not depend on who is.
        assert recipe.recall_at == RECIPES[dataset].recall_at


@pytest.mark.parametrize(
    ("dataset", "variant", "epochs", "images", "batch_size", "rate", "weight_decay"),
    [
        ("cifar10", "aig", 350, 50_000, 256, 0.1, 5e-4),
        ("cifar100", "dynconv", 350, 50_000, 256, 0.1, 5e-4),
        ("imagenet", "aig", 100, 1_281_167, 256, 0.1, 1e-4),
        ("imagenet", "dynconv", 100, 1_281_167, 64, 0.025, 1e-4),
    ],
)
def test_recipes_of_the_originals(
    dataset, variant, epochs, images, batch_size, rate, weight_decay
):
    recipe = find_recipe(dataset, variant)
    # The last step ends with the last epoch, or within the next one.
    surplus = recipe.max_number_of_steps * batch_size - epochs * images
    assert 0 <= surplus < batch_size
    assert recipe.batch_size == batch_size
    assert (recipe.learning_rate, recipe.weight_decay) == (rate, weight_decay)
    assert recipe.label_smoothing == 0.0


@pytest.mark.parametrize(
    ("dataset", "stage", "epochs", "images", "batch_size", "rate"),
    [
        ("cifar10", "pretrain", 164, 50_000, 128, 0.1),
        ("cifar100", "curriculum", 5000, 50_000, 2048, 1e-3),
        ("cifar10", "finetune", 2000, 50_000, 256, 1e-4),
        ("imagenet", "pretrain", 90, 1_281_167, 256, 0.1),
        ("imagenet", "curriculum", 45, 1_281_167, 2048, 1e-3),
        ("imagenet", "finetune", 10, 1_281_167, 320, 1e-4),
    ],
)
def test_recipes_of_blockdrops_stages(dataset, stage, epochs, images, batch_size, rate):
    recipe = find_recipe(dataset, "blockdrop", stage)
    surplus = recipe.max_number_of_steps * batch_size - epochs * images
    assert 0 <= surplus < batch_size
    assert (recipe.batch_size, recipe.learning_rate) == (batch_size, rate)
    pretrains = stage == "pretrain"
    assert recipe.optimizer == ("sgd" if pretrains else "adam")
    assert recipe.weight_decay == (1e-4 if pretrains else None)
    assert recipe.label_smoothing == 0.0


@pytest.mark.parametrize("dataset", DATASETS)
def test_stages_are_measured_as_all_else_is(dataset):
    for stage in STAGES:
        recipe = find_recipe(dataset, "blockdrop", stage)
        assert recipe.split_name == RECIPES[dataset].split_name
        assert recipe.recall_at == RECIPES[dataset].recall_at
        assert recipe.eval_batch_size == RECIPES[dataset].eval_batch_size
    # A network without a policy is trained as in the first stage.
    first = find_recipe(dataset, "blockdrop", STAGES[0])
    assert find_recipe(dataset, "blockdrop") == first


@pytest.mark.parametrize("dataset", ["shapes", "folder"])
def test_trainings_on_small_data_are_of_one_short_length(dataset):
    usual = RECIPES[dataset]
    assert usual.max_number_of_steps * usual.batch_size <= 320_000
    recipes = [find_recipe(dataset, "blockdrop", stage) for stage in STAGES]
    for recipe in (*recipes, *(find_recipe(dataset, name) for name in VARIANTS)):
        assert recipe.max_number_of_steps == usual.max_number_of_steps
        assert recipe.batch_size == usual.batch_size
        assert recipe.learning_rate <= usual.learning_rate
