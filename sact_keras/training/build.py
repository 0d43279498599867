"""Builds the models that options ask for."""

import keras

import sact_keras
from sact_keras.data import ImageDataset
from sact_keras.losses import SparseCategoricalCrossentropy
from sact_keras.training.environment import choose_jit_compile, seed_everything
from sact_keras.training.options import Options
from sact_keras.training.recipes import RECIPES
from sact_keras.training.schedule import learning_rate_schedule

MOMENTUM = 0.9


def build_network(options: Options, num_classes: int | None = None) -> keras.Model:
    """Builds the model of resolved options.

    Args:
        options: Resolved options.
        num_classes: Overrides the data set's.
    """
    return sact_keras.build_model(
        options.model_type,
        dataset=options.dataset,
        model=options.model,
        num_classes=num_classes,
        base_channels=options.base_channels,
        **options.method_arguments,
    )


def build_for_training(options: Options, dataset: ImageDataset) -> keras.Model:
    """Builds and compiles the model of resolved options, with weights of their seed."""
    jit_compile = choose_jit_compile(options.jit_compile)
    seed_everything(options.seed)
    model = build_network(options, dataset.num_classes)
    recipe = RECIPES[options.dataset]
    schedule = learning_rate_schedule(
        recipe,
        options.learning_rate,
        options.max_number_of_steps,
        dataset.num_examples["train"] / options.batch_size,
    )
    model.compile(
        optimizer=keras.optimizers.SGD(schedule, momentum=MOMENTUM),
        loss=SparseCategoricalCrossentropy(recipe.label_smoothing),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=jit_compile,
    )
    return model
