"""Evaluates a checkpoint on images and on an attack on them (`--mode=attack`)."""

import functools
import logging
from pathlib import Path

import keras

from sact_keras.data import ImageDataset
from sact_keras.training.attack_evaluator import AttackEvaluator
from sact_keras.training.attack_report import AttackReport
from sact_keras.training.build import build_network
from sact_keras.training.dataset_evaluation import evaluation_batches, num_evaluated
from sact_keras.training.environment import choose_jit_compile
from sact_keras.training.load_weights import load_weights
from sact_keras.training.locate_checkpoint import locate_checkpoint
from sact_keras.training.options import Options

logger = logging.getLogger(__name__)


def attack_checkpoint(options: Options, dataset: ImageDataset) -> None:
    """Attacks the checkpoint that `checkpoint_dir` holds, and reports on it.

    Args:
        options: Resolved options.
        dataset: Whose images are attacked.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        CheckpointMismatchError: If it is of another architecture.
        DatasetError: If bad records were skipped and no image is left.
    """
    path, step = locate_checkpoint(Path(options.checkpoint_dir))
    # What gates sample is a function of the seed.
    keras.utils.set_random_seed(options.seed)
    model = build_network(options, dataset.num_classes)
    load_weights(model, path, policy_path=options.policy_path)
    logger.info("Attacking %s", path)
    evaluator = AttackEvaluator(
        model,
        functools.partial(dataset.normalize, preprocessing=options.preprocessing),
        options.eval_batch_size,
        epsilon=options.epsilon,
        attack=options.attack,
        jpeg_quality=options.jpeg_quality,
        jit_compile=choose_jit_compile(options.jit_compile),
    )
    found = evaluator(
        evaluation_batches(options, dataset, normalized=False),
        num_evaluated(options, dataset),
    )
    AttackReport(options, dataset)(found, step, path)
