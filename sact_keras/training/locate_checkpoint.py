"""The checkpoint that a path stands for, and its step."""

import re
from pathlib import Path

from sact_keras.checkpoints.sact import find_tensorflow_checkpoint
from sact_keras.checkpoints.store import find_checkpoint


def locate_checkpoint(path: Path) -> tuple[Path, int | None]:
    """Finds the checkpoint that a path stands for, and the step that it says it is of.

    Args:
        path: A run's directory, which stands for its latest checkpoint, or anything
            that `sact_keras.load_checkpoint` reads.

    Returns:
        The checkpoint's path, and its step; None where it does not say.

    Raises:
        FileNotFoundError: If `path` is a directory without a checkpoint.
        DamagedFileError: If it is one checkpoint, and damaged.
    """
    name = find_tensorflow_checkpoint(path)
    if name is None and path.is_dir():
        checkpoint = find_checkpoint(path)
        return checkpoint.path, checkpoint.step
    # TensorFlow 1 ends a checkpoint's name with the step: model.ckpt-1234.
    step = re.search(r"-(\d+)$", name or "")
    return path, int(step[1]) if step else None
