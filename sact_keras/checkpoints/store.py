"""The checkpoints of a training run."""

import importlib.metadata
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import keras

from sact_keras.checkpoints.companion import Companion
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.encoding import encode_model
from sact_keras.checkpoints.native import load_native
from sact_keras.checkpoints.saved_checkpoint import (
    FORMAT_VERSION,
    INDEX_FILE,
    WEIGHTS_FILE,
    SavedCheckpoint,
    encode_index,
    fingerprint,
)
from sact_keras.checkpoints.training_state import (
    random_states,
    refuse_non_finite,
    restore_training_state,
)
from sact_keras.files.atomic_write import atomic_directory, atomic_write
from sact_keras.files.temporary import TEMPORARY_PREFIX

logger = logging.getLogger(__name__)

BEST_NAME = "best"
"""Name of the link to the best checkpoint."""

_STEP_NAME = re.compile(r"step-(\d{8,})")
_VERSIONED = ("keras", "tensorflow", "numpy", "h5py")


class CheckpointStore:
    """Keeps the checkpoints of one run: the latest few, and the best.

    A checkpoint is a directory `step-00001234` with the weights and the optimizer's
    state (`model.weights.h5`), a file for each companion, and an index
    (`checkpoint.json`: step, metrics, model, states of the seed generators, versions,
    checksums). It is written under a temporary name, synced and renamed, so that a run
    killed at any moment leaves whole checkpoints only. `best` is a link to the best.

    Args:
        directory: Where the checkpoints are; created when the first is saved.
        keep: How many of the latest are kept, at least 1. The best is kept besides.
        companions: What is saved and restored along with the model.

    Example:
        >>> import tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1), "mse")
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     store = CheckpointStore(directory)
        ...     path = store.save(model, step=5).path
        ...     path.name, store.restore(model, store.latest())
        ('step-00000005', 5)
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        keep: int = 3,
        companions: Sequence[Companion] = (),
    ) -> None:
        if keep < 1:
            raise ValueError(f"keep must be at least 1. Received: keep={keep}")
        self.directory = Path(directory)
        self.keep = keep
        self.companions = companions

    def save(
        self,
        model: keras.Model,
        step: int,
        metrics: Mapping[str, float] | None = None,
    ) -> SavedCheckpoint:
        """Saves a compiled model, and removes what is no longer to be kept.

        Args:
            model: A built and compiled model.
            step: Training steps done, from 0.
            metrics: What was measured at this step.

        Returns:
            The checkpoint. Where an undamaged one of this step exists and `metrics`
            has nothing to add, that one.

        Raises:
            NonFiniteWeightsError: If a weight or the optimizer's state is not finite.
                Nothing is written then.
            OSError: If the directory cannot be written.
        """
        refuse_non_finite(model, step)
        path = self.directory / f"step-{step:08d}"
        metrics = dict(metrics or {})
        if path.exists():
            try:
                existing = SavedCheckpoint.open(path)
            except DamagedFileError as error:
                logger.warning("%s; it is written anew", error)
            else:
                if metrics.items() <= existing.metrics.items():
                    return existing
                metrics = existing.metrics | metrics
        self.directory.mkdir(parents=True, exist_ok=True)
        with atomic_directory(path) as temporary:
            contents = {WEIGHTS_FILE: encode_model(model, WEIGHTS_FILE)}
            for companion in self.companions:
                contents[companion.file_name] = companion.encode()
            for name, content in contents.items():
                (temporary / name).write_bytes(content)
            index = {
                "format_version": FORMAT_VERSION,
                "step": step,
                "metrics": metrics,
                "model": keras.saving.serialize_keras_object(model),
                "random_states": random_states(model),
                "versions": {
                    name: importlib.metadata.version(name) for name in _VERSIONED
                },
                "files": {name: fingerprint(temporary / name) for name in contents},
            }
            atomic_write(temporary / INDEX_FILE, encode_index(index))
            if path.exists():
                self._remove(path)
        self._prune()
        return SavedCheckpoint(
            path, step, metrics, index["model"], index["random_states"]
        )

    def restore(self, model: keras.Model, checkpoint: SavedCheckpoint) -> int:
        """Puts a model, its optimizer, seed generators and companions where they were.

        Args:
            model: A built and compiled model like the one that was saved.
            checkpoint: What to restore.

        Returns:
            The checkpoint's step.

        Raises:
            CheckpointMismatchError: If the model has other variables. It is then as
                it was.
            DamagedFileError: If the optimizer, the seed generators or the companions
                are others.
        """
        load_native(model, checkpoint.weights_path)
        restore_training_state(model, checkpoint)
        for companion in self.companions:
            path = checkpoint.path / companion.file_name
            try:
                companion.decode(path.read_bytes())
            except (FileNotFoundError, ValueError) as error:
                raise DamagedFileError(
                    f"checkpoint {checkpoint.path} must hold {path.name} of the same "
                    f"model. Received: {error}"
                ) from error
        return checkpoint.step

    def latest(self) -> SavedCheckpoint | None:
        """The latest undamaged checkpoint; damaged ones are reported and passed by."""
        for path in reversed(list(self._paths())):
            try:
                return SavedCheckpoint.open(path)
            except DamagedFileError as error:
                logger.warning("%s; the one before it is used", error)
            except FileNotFoundError:
                # A training that goes on beside us has just removed it.
                continue
        return None

    def best(self) -> SavedCheckpoint | None:
        """The checkpoint that was last marked as the best, if it is undamaged."""
        link = self.directory / BEST_NAME
        if not link.exists():
            return None
        try:
            return SavedCheckpoint.open(link.resolve())
        except DamagedFileError as error:
            logger.warning("%s; there is no best one", error)
            return None

    def mark_best(self, checkpoint: SavedCheckpoint) -> None:
        """Makes `best` point to a checkpoint of this store."""
        temporary = self.directory / f"{TEMPORARY_PREFIX}{BEST_NAME}-{os.getpid()}"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(checkpoint.path.name)
        temporary.replace(self.directory / BEST_NAME)
        self._prune()

    def clean(self) -> None:
        """Removes what killed runs left unfinished. Only the training may call it."""
        for path in self.directory.glob(f"{TEMPORARY_PREFIX}*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def set_aside_after(self, step: int) -> None:
        """Renames the checkpoints after `step` to `damaged-...`.

        For a training that goes on from `step` because those are damaged: they must
        not count among the latest.
        """
        for path in list(self._paths()):
            if int(path.name.removeprefix("step-")) > step:
                aside = path.with_name(f"damaged-{path.name}")
                shutil.rmtree(aside, ignore_errors=True)
                path.rename(aside)

    def _paths(self) -> Iterator[Path]:
        """The checkpoints' directories, by step."""
        if not self.directory.is_dir():
            return
        steps = {
            int(match[1]): path
            for path in self.directory.iterdir()
            if (match := _STEP_NAME.fullmatch(path.name)) and path.is_dir()
        }
        for step in sorted(steps):
            yield steps[step]

    def _prune(self) -> None:
        best = (self.directory / BEST_NAME).resolve()
        for path in list(self._paths())[: -self.keep]:
            if path.resolve() != best:
                self._remove(path)

    def _remove(self, path: Path) -> None:
        # Under its own name a half-removed directory would look like a checkpoint.
        doomed = path.with_name(f"{TEMPORARY_PREFIX}{path.name}-{os.getpid()}")
        path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def find_checkpoint(directory: str | os.PathLike) -> SavedCheckpoint:
    """Finds the checkpoint that a directory stands for.

    Args:
        directory: A run's directory or its `checkpoints` folder, which stand for the
            latest checkpoint; or one checkpoint.

    Returns:
        The checkpoint, verified to be undamaged.

    Raises:
        FileNotFoundError: If there is none; says what was looked for.
        DamagedFileError: If `directory` is one checkpoint, and damaged.
    """
    directory = Path(directory)
    if (directory / INDEX_FILE).exists():
        return SavedCheckpoint.open(directory.resolve())
    places = (directory / "checkpoints", directory)
    for place in places:
        checkpoint = CheckpointStore(place).latest()
        if checkpoint is not None:
            return checkpoint
    raise FileNotFoundError(
        f"no checkpoint in {directory}: it holds neither step-<number>/{INDEX_FILE}, "
        f"itself or in its folder {places[0].name}, nor the file 'checkpoint' that "
        "names a TensorFlow checkpoint"
    )
