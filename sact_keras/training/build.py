"""Builds the models that options ask for."""

import keras
import numpy as np

import sact_keras
from sact_keras.data import ImageDataset
from sact_keras.losses import SparseCategoricalCrossentropy
from sact_keras.models.dtype_policy import using_dtype_policy
from sact_keras.training.decay_epochs import parse_decay_epochs
from sact_keras.training.distribution.batch_norms import synchronize_batch_norms
from sact_keras.training.distribution.distribution import ALONE, Distribution
from sact_keras.training.distribution.train_function import TrainFunction
from sact_keras.training.environment import choose_jit_compile, seed_everything
from sact_keras.training.momentum_sgd import MomentumSGD
from sact_keras.training.options import Options
from sact_keras.training.random_states import kept_random_states
from sact_keras.training.schedule import learning_rate_schedule

MOMENTUM = 0.9

_GATE_LOGITS = r"/gates/[^/]+/logits/"
"""Path of a variable of a gate's last layer."""


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
        variant=options.variant,
        **options.method_arguments,
    )


def build_for_training(
    options: Options,
    dataset: ImageDataset,
    distribution: Distribution = ALONE,
) -> keras.Model:
    """Builds and compiles the model of resolved options, with weights of their seed.

    Args:
        options: Resolved options.
        dataset: What it is to be trained on.
        distribution: The devices that it is to be trained on.
    """
    jit_compile = choose_jit_compile(options.jit_compile, distribution.num_replicas)
    seed_everything(options.seed)
    with distribution.scope(), using_dtype_policy(options.precision):
        model = build_network(options, dataset.num_classes)
        model.compile(
            optimizer=_optimizer(options, dataset),
            loss=SparseCategoricalCrossentropy(options.recipe.label_smoothing),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            jit_compile=jit_compile,
        )
        model.optimizer.build(model.trainable_variables)
        if distribution.strategy is not None:
            _build_metrics(model, dataset.image_size)
    if options.sync_batch_norm:
        synchronize_batch_norms(model)
    if distribution.strategy is not None or options.accumulate_steps > 1:
        # What `fit` calls for each step, unless it finds none and makes its own.
        model.train_function = TrainFunction(
            model, distribution, options.accumulate_steps
        )
    return model


def _build_metrics(model: keras.Model, image_size: tuple[int, int]) -> None:
    """Makes the variables of a model's metrics.

    Under a strategy `fit` would do so from its data, of which it is given none (see
    `TrainFunction.take`).
    """
    image, label = np.zeros((1, *image_size, 3), "float32"), np.zeros(1, "int32")
    with kept_random_states(model):
        outputs = model(image, training=False)
    model.compute_loss(image, label, outputs, training=False)
    model.compute_metrics(image, label, outputs)
    model.reset_metrics()


def _optimizer(options: Options, dataset: ImageDataset) -> keras.optimizers.Optimizer:
    decay_epochs = options.decay_epochs
    schedule = learning_rate_schedule(
        options.recipe,
        options.learning_rate,
        options.max_number_of_steps,
        dataset.num_examples["train"] / options.batch_size,
        None if decay_epochs is None else parse_decay_epochs(decay_epochs),
    )
    if options.recipe.optimizer == "adam":
        # As in PyTorch; Keras' own epsilon is ten times as large.
        return keras.optimizers.Adam(schedule, epsilon=1e-8)
    # Each network is trained as its original is: in TensorFlow, where layers decay
    # their kernels, or in PyTorch, where the optimizer decays all.
    if options.weight_decay is None:
        return keras.optimizers.SGD(schedule, momentum=MOMENTUM)
    factor = options.gate_learning_rate_factor
    return MomentumSGD(
        schedule,
        momentum=MOMENTUM,
        weight_decay=options.weight_decay,
        learning_rate_factors=None if factor is None else {_GATE_LOGITS: factor},
    )
