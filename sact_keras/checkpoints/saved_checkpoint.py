"""One checkpoint on the disk."""

import dataclasses
import hashlib
import json
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sact_keras.checkpoints.damaged_file_error import DamagedFileError

WEIGHTS_FILE = "model.weights.h5"
"""Weights and optimizer state, in Keras' own format: `model.load_weights` reads it."""

INDEX_FILE = "checkpoint.json"
"""What the checkpoint is, and the checksums by which damage is seen."""

FORMAT_VERSION = 2

_CHECKSUM = "sha256"
"""Entry of the index with the checksum of all others; version 1 has none."""


@dataclasses.dataclass(frozen=True)
class SavedCheckpoint:
    """A whole and undamaged checkpoint, as `CheckpointStore` writes it.

    Attributes:
        path: Its directory.
        step: Training steps done when it was saved.
        metrics: What was measured at that step, such as {"accuracy": 0.91}.
        model_config: The model's class and configuration.
        random_states: States of the model's seed generators, which are not weights.
    """

    path: Path
    step: int
    metrics: dict[str, float]
    model_config: dict[str, Any]
    random_states: list[list[int]]

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def weights_path(self) -> Path:
        """The file of the weights."""
        return self.path / WEIGHTS_FILE

    @classmethod
    def open(cls, path: str | Path) -> "SavedCheckpoint":
        """Opens a checkpoint's directory and verifies its files.

        Raises:
            DamagedFileError: If a file is missing, truncated or changed.
            FileNotFoundError: If there is no such directory.
        """
        path = Path(path)
        if not path.is_dir():
            raise FileNotFoundError(f"no checkpoint directory at {path}")
        try:
            index = json.loads((path / INDEX_FILE).read_text(encoding="utf-8"))
            version = index["format_version"]
            files = {
                name: {"bytes": int(entry["bytes"]), "sha256": str(entry["sha256"])}
                for name, entry in index["files"].items()
            }
            checkpoint = cls(
                path=path,
                step=operator.index(index["step"]),
                metrics=index["metrics"],
                model_config=index["model"],
                random_states=index["random_states"],
            )
            is_intact = WEIGHTS_FILE in files and (
                version == 1 or index[_CHECKSUM] == _checksum(index)
            )
        except Exception as error:  # Bytes that are altered may lead anywhere.
            raise DamagedFileError(
                f"checkpoint {path} is damaged: {INDEX_FILE} cannot be read "
                f"({type(error).__name__}: {error})"
            ) from error
        if version not in (1, FORMAT_VERSION):
            raise DamagedFileError(
                f"checkpoint {path} cannot be read: expected format version 1 or "
                f"{FORMAT_VERSION}. Received: {version!r}"
            )
        if not is_intact:
            raise DamagedFileError(
                f"checkpoint {path} is damaged: {INDEX_FILE} is not what was written"
            )
        for name, expected in files.items():
            try:
                found = fingerprint(path / name)
            except (OSError, ValueError) as error:
                raise DamagedFileError(
                    f"checkpoint {path} is damaged: {name} cannot be read ({error})"
                ) from error
            if found != expected:
                raise DamagedFileError(
                    f"checkpoint {path} is damaged: {name} should have "
                    f"{expected['bytes']} bytes with SHA-256 "
                    f"{expected['sha256'][:12]}... Received: {found['bytes']} bytes, "
                    f"{found['sha256'][:12]}..."
                )
        return checkpoint


def encode_index(index: Mapping[str, Any]) -> str:
    """The text of an index, with the checksum of what it says."""
    return json.dumps({**index, _CHECKSUM: _checksum(index)}, indent=1)


def fingerprint(path: Path) -> dict[str, Any]:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _checksum(index: Mapping[str, Any]) -> str:
    rest = {name: entry for name, entry in index.items() if name != _CHECKSUM}
    # As it is once it has been read: tuples are lists then, and all keys are texts.
    read = json.loads(json.dumps(rest))
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()
