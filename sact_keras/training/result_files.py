"""Files with results: one for each step, and one that holds the latest."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sact_keras.data import ImageDataset
from sact_keras.files.atomic_write import atomic_write
from sact_keras.training.options import Options


def write_result(
    directory: Path, name: str, *, step: int | None, content: str | bytes, suffix: str
) -> Path:
    """Writes a result under its step and as the latest one.

    Args:
        directory: Where to; created if need be.
        name: What it is a result of.
        step: Training steps of the checkpoint, or None where it does not say.
        content: Text or bytes.
        suffix: ".json", for one.

    Returns:
        `<name>-<step><suffix>`, if there is a step; `<name><suffix>`, which always
        holds the latest result, else.

    Raises:
        OSError: If it cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    latest = directory / f"{name}{suffix}"
    path = latest if step is None else directory / f"{name}-{step:08d}{suffix}"
    for file in {path, latest}:
        atomic_write(file, content)
    return path


def describe_checkpoint(
    path: Path, options: Options, dataset: ImageDataset
) -> dict[str, Any]:
    """What every result says: of which checkpoint it is, and on which images."""
    return {
        "checkpoint": str(path),
        "dataset": options.dataset,
        "split": options.split_name,
        "skipped_records": [str(error) for error in dataset.skipped],
        "model_type": options.model_type,
        "model": options.model,
        "variant": options.variant,
        **options.method_arguments,
        "preprocessing": options.preprocessing,
    }


def format_values(values: Mapping[str, float]) -> str:
    """Named numbers in the original's format, a line each.

    Eight significant digits; FLOPs whole rather than with an exponent.

    Example:
        >>> print(format_values({"eval/Accuracy": 0.5, "Total Flops/mean": 8.2e7}))
        eval/Accuracy[0.5]
        Total Flops/mean[82000000]
    """
    return "\n".join(
        f"{name}[{value:.0f}]" if abs(value) >= 1e7 else f"{name}[{value:.8g}]"
        for name, value in values.items()
    )


def format_json(content: Mapping[str, Any]) -> str:
    """A dictionary as JSON that people can read too.

    Each entry of a dictionary has a line, and so has each row of a table; dictionaries
    in a list are laid out like others, other lists stand in one line.

    Example:
        >>> print(format_json({"step": 3, "rates": [[0.5, 1.0], [0.0, None]]}), end="")
        {
          "step": 3,
          "rates": [
            [0.5, 1.0],
            [0.0, null]
          ]
        }
    """
    return _format(content, "") + "\n"


def _format(value: Any, indent: str) -> str:
    inner = indent + "  "
    if value and isinstance(value, Mapping):
        lines = [f"{json.dumps(k)}: {_format(v, inner)}" for k, v in value.items()]
        opening, closing = "{}"
    elif value and isinstance(value, list) and isinstance(value[0], list):
        lines = [json.dumps(row) for row in value]
        opening, closing = "[]"
    elif value and isinstance(value, list) and isinstance(value[0], Mapping):
        lines = [_format(entry, inner) for entry in value]
        opening, closing = "[]"
    else:
        return json.dumps(value)
    body = ",\n".join(inner + line for line in lines)
    return f"{opening}\n{body}\n{indent}{closing}"
