"""metrics.jsonl: what was measured, one JSON object a line."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

from sact_keras.files.atomic_write import atomic_write
from sact_keras.files.errors_named import errors_named


class MetricsFile:
    """Appends measurements to a file that survives kills and resumed runs.

    Each line holds "step" (training steps done), "time" (seconds since 1970), "split"
    ("train" or that of an evaluation) and the values by name.

    Args:
        path: The file; created by the first line. Its directory must exist.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     metrics = MetricsFile(Path(directory) / "metrics.jsonl")
        ...     metrics.append(10, "train", {"loss": 2.5})
        ...     metrics.append(20, "train", {"loss": 2.0})
        ...     metrics.rewind(10)
        ...     [(line["step"], line["loss"]) for line in metrics.read()]
        [(10, 2.5)]
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def append(self, step: int, split: str, values: Mapping[str, float]) -> None:
        """Adds a line.

        Raises:
            OSError: If it cannot be written whole. The file is then as it was.
        """
        line = {"step": step, "time": round(time.time(), 3), "split": split, **values}
        left = (json.dumps(line) + "\n").encode()
        with errors_named(self.path), self.path.open("ab", buffering=0) as file:
            end = file.tell()
            try:
                while left:
                    left = left[file.write(left) :]
            except OSError:
                # Behind half a line the next one would be lost, too.
                file.truncate(end)
                raise

    def read(self) -> list[dict]:
        """All whole lines. A last line that a kill has cut short is passed by."""
        if not self.path.exists():
            return []
        lines = []
        for text in self.path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                continue
        return lines

    def has_evaluation(self, step: int) -> bool:
        """Whether an evaluation after `step` steps is among the lines."""
        return any(
            line["step"] == step and "eval/Accuracy" in line for line in self.read()
        )

    def rewind(self, step: int) -> None:
        """Drops what was measured after `step`, which a resumed run measures again."""
        if not self.path.exists():
            return
        kept = [line for line in self.read() if line["step"] <= step]
        atomic_write(self.path, "".join(json.dumps(line) + "\n" for line in kept))
