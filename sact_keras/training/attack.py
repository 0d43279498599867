"""Evaluates a checkpoint on images and on an attack on them (`--mode=attack`)."""

import functools
import logging

from sact_keras.data import ImageDataset
from sact_keras.training.attack_evaluator import AttackEvaluator
from sact_keras.training.attack_report import AttackReport
from sact_keras.training.checkpoint_network import load_network
from sact_keras.training.dataset_evaluation import evaluation_batches, num_evaluated
from sact_keras.training.environment import choose_jit_compile
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
    model, path, step = load_network(options, dataset.num_classes)
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
