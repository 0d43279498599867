"""What an evaluation has found about a checkpoint, as it lies beside its run."""

import json
import logging
import os
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

_ACCURACY = "eval/Accuracy"
_FLOPS = {"mean_flops": "Total Flops/mean", "std_flops": "Total Flops/std"}
_ABOUT = ("dataset", "split", "num_examples", "step")


def find_evaluation(
    run_directory: str | os.PathLike[str],
    step: int | None = None,
    eval_dir: str | os.PathLike[str] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> dict[str, Any] | None:
    """Finds the accuracy of a checkpoint that its run's evaluation has written.

    Args:
        run_directory: The run's directory, as `--train_log_dir` names it, or the folder
            that a checkpoint of no run lies in.
        step: Training steps of the checkpoint; None where it does not say. What was
            found at another step is not its accuracy.
        eval_dir: Where the results are; None for `eval` in the run's directory.
        checkpoint: The checkpoint, which has its evaluation in itself where it was
            shipped (`metrics.json`); None where it is not known.

    Returns:
        accuracy (a fraction of 1), mean_flops and std_flops (2 x multiply-accumulates
        of an image), dataset, split, num_examples, step, and file, which says the rest.
        None if there is no such evaluation. A file that cannot be read is passed over,
        with a warning.

    Example:
        >>> find_evaluation("no/such/run") is None
        True
    """
    directory = Path(run_directory) / "eval" if eval_dir is None else Path(eval_dir)
    names = ["eval.json"] if step is None else [f"eval-{step:08d}.json", "eval.json"]
    paths = [directory / name for name in names]
    if checkpoint is not None:
        paths.append(Path(checkpoint) / "metrics.json")
    for path in paths:
        if not path.is_file():
            continue
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["step"] == step:
                return _summarize(content, path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s is no evaluation of ours: %r", path, error)
    return None


def _summarize(content: dict[str, Any], path: Path) -> dict[str, Any]:
    values = content["values"]
    return {
        "accuracy": values[_ACCURACY],
        **{name: values.get(source) for name, source in _FLOPS.items()},
        **{name: content.get(name) for name in _ABOUT},
        "file": str(path),
    }
