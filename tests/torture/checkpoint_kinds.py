"""A small checkpoint of each kind that `load_checkpoint` takes."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from blockdrop_checkpoint import write_blockdrop
from pytorch_models import AIG, DYNCONV, VANILLA, build, random_state, write_state
from slim_checkpoint import write_slim_checkpoint

from sact_keras.checkpoints.sact_names import named_variables
from sact_keras.checkpoints.squeeze import squeeze_checkpoint
from sact_keras.checkpoints.store import CheckpointStore

_SACT = {"model_type": "sact", "model": "1"}
_BLOCKDROP = {"model_type": "blockdrop", "model": "1"}


@dataclasses.dataclass(frozen=True)
class CheckpointKind:
    """A kind of checkpoints.

    Attributes:
        network: What `build` makes its network from.
        write: Writes one of a model's weights into an empty directory; returns the
            path that it is loaded by.
        content: "Keras", "archive", "pickles", "TensorFlow" or "run": what it is made
            of.
        holds_checksums: Whether it holds any of its numbers.
    """

    network: dict
    write: Callable[[keras.Model, Path], Path]
    content: str
    holds_checksums: bool = True


def _run(model, directory: Path) -> Path:
    """A run of two checkpoints; the older one holds half of each number."""
    trained = build(**_SACT)
    trained.compile(keras.optimizers.SGD(0.1, momentum=0.9))
    store = CheckpointStore(directory / "checkpoints")
    for step, factor in ((3, 0.5), (7, 1.0)):
        trained.set_weights([factor * weight for weight in model.get_weights()])
        store.save(trained, step, {"accuracy": 0.5})
    return directory


def _newest(model, directory: Path) -> Path:
    return _run(model, directory) / "checkpoints" / "step-00000007"


def _keras(name: str):
    def write(model, directory: Path) -> Path:
        path = directory / name
        model.save(path) if name.endswith(".keras") else model.save_weights(path)
        return path

    return write


def _squeezed(name: str):
    def write(model, directory: Path) -> Path:
        source = _keras("source.keras")(model, directory)
        squeeze_checkpoint(build(**_SACT), source, directory / name)
        source.unlink()
        return directory / name

    return write


def _slim(by_directory: bool, **options):
    def write(model, directory: Path) -> Path:
        arrays = {
            name: np.reshape(stored.variable, stored.shape)
            for name, stored in named_variables(model)
        }
        prefix = write_slim_checkpoint(directory, arrays, **options)
        return directory if by_directory else Path(prefix)

    return write


def _torch(name: str, **options):
    def write(model, directory: Path) -> Path:
        state = random_state(model)
        write = write_blockdrop if model.policy is not None else write_state
        return write(directory / name, state, **options)

    return write


KINDS = {
    "run": CheckpointKind(_SACT, _run, "run"),
    "checkpoint of a run": CheckpointKind(_SACT, _newest, "run"),
    "weights": CheckpointKind(_SACT, _keras("a.weights.h5"), "Keras", False),
    "weights with network": CheckpointKind(_SACT, _keras("a.keras"), "archive"),
    "squeezed weights": CheckpointKind(_SACT, _squeezed("b.weights.h5"), "Keras"),
    "squeezed network": CheckpointKind(_SACT, _squeezed("b.keras"), "archive"),
    "TF 2 format": CheckpointKind(_SACT, _slim(True), "TensorFlow"),
    "TF 2 format, shards": CheckpointKind(_SACT, _slim(False, shards=2), "TensorFlow"),
    "TF 1 format": CheckpointKind(_SACT, _slim(False, version=1), "TensorFlow"),
    "TF 1 format, shards": CheckpointKind(
        _SACT, _slim(True, version=1, shards=2), "TensorFlow"
    ),
}
TORCH_KINDS = {
    "aig": CheckpointKind(AIG, _torch("best.pth.tar"), "archive"),
    "dynconv": CheckpointKind(DYNCONV, _torch("best.pth", wrap=False), "archive"),
    "blockdrop": CheckpointKind(_BLOCKDROP, _torch("ckpt_E_1.t7"), "archive"),
    "aig, old": CheckpointKind(AIG, _torch("a.pth", old=True), "pickles", False),
    "blockdrop, old": CheckpointKind(
        _BLOCKDROP, _torch("b.t7", old=True), "pickles", False
    ),
    "vanilla, old": CheckpointKind(
        VANILLA, _torch("c.pth", old=True, wrap=False), "pickles", False
    ),
}
