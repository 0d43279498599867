"""Checks that a training can be shared among its devices."""

from sact_keras.data import ImageDataset
from sact_keras.training.distribution.agreement import check_agreement
from sact_keras.training.distribution.distribution import Distribution
from sact_keras.training.options import Options
from sact_keras.training.run_config import RESULT_FLAGS
from sact_keras.training.usage_error import UsageError


def check_shares(
    options: Options, dataset: ImageDataset, distribution: Distribution
) -> None:
    """Checks that a batch divides among the devices, and that all train the same.

    Args:
        options: Resolved options.
        dataset: What this process trains on.
        distribution: The devices.

    Raises:
        UsageError: If the batch does not divide, or another process was started with
            other flags or data.
    """
    parts = distribution.num_replicas * options.accumulate_steps
    if options.batch_size % parts:
        raise UsageError(
            f"--batch_size must be a multiple of {parts}, the "
            f"{distribution.num_replicas} devices times the --accumulate_steps of "
            f"{options.accumulate_steps}: all get equal parts. Received: "
            f"--batch_size={options.batch_size}"
        )
    lines = [f"--{name}={getattr(options, name)}" for name in RESULT_FLAGS]
    lines.append(f"{dataset.num_examples['train']} training images")
    check_agreement(distribution, "\n".join(lines))
