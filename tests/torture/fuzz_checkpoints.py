"""Cases of a fuzz: checkpoints of every kind, through all that reads them.

A checkpoint is refused, by an error that names it, and the model is then as it was; or
the model has the weights that were saved. Only where a format has no checksums of its
numbers, or where who altered it made them right, others may be read unseen: finite
numbers of the right shapes.
"""

import dataclasses
import importlib.util
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from archive_mutations import evil_series, mutate_archive, mutate_json
from byte_mutations import mutate
from checkpoint_kinds import KINDS, TORCH_KINDS, CheckpointKind
from hdf5_mutations import mutate_hdf5
from pytorch_models import build
from tensorflow_mutations import mutate_tensorflow

import sact_keras
from sact_keras.checkpoints import (
    CheckpointMismatchError,
    DamagedFileError,
    checkpoint_model_config,
    load_model,
)
from sact_keras.checkpoints.class_count import checkpoint_num_classes
from sact_keras.checkpoints.saved_checkpoint import fingerprint

REFUSALS = (CheckpointMismatchError, DamagedFileError, FileNotFoundError)


@dataclasses.dataclass
class _Case:
    """A checkpoint that was altered.

    Attributes:
        kind: what was altered, and how.
        name: the kind of checkpoint.
        directory: what lies around it.
        path: what it is loaded by.
        checked: whether its checksums tell that it was altered.
    """

    kind: str
    name: str
    directory: Path
    path: Path
    checked: bool


class Cases:
    """See `fuzz_process`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        has_torch = importlib.util.find_spec("torch") is not None
        self._kinds = KINDS | (TORCH_KINDS if has_torch else {})
        self._models: dict[str, keras.Model] = {}
        self._paths: dict[str, Path] = {}
        # Of each kind, the weights that may be read of it.
        self._saved: dict[str, list[list[np.ndarray]]] = {}
        self._initial: dict[str, list[np.ndarray]] = {}
        for number, (name, kind) in enumerate(self._kinds.items()):
            self._prepare(name, kind, directory / str(number))

    def _prepare(self, name: str, kind: CheckpointKind, directory: Path) -> None:
        directory.mkdir(parents=True)
        source, model = (build(**kind.network) for _ in range(2))
        random = np.random.default_rng(0)
        source.set_weights([random.random(w.shape) for w in source.get_weights()])
        path = kind.write(source, directory)
        self._paths[name] = path.relative_to(self._directory)
        self._models[name] = model
        self._initial[name] = model.get_weights()
        sact_keras.load_checkpoint(model, path)
        self._saved[name] = [model.get_weights()]
        if name == "run":
            older = directory / "checkpoints" / "step-00000003"
            sact_keras.load_checkpoint(model, older)
            self._saved[name].append(model.get_weights())
        model.set_weights(self._initial[name])

    def make(self, random: np.random.Generator, directory: Path) -> _Case:
        name = str(random.choice(list(self._kinds)))
        kind, path = self._kinds[name], self._paths[name]
        folder = directory / path.parts[0]
        shutil.copytree(self._directory / path.parts[0], folder)
        case = _Case("", name, directory, directory / path, checked=False)
        if random.random() < 0.5:
            files = sorted(file for file in folder.rglob("*") if file.is_file())
            file = files[random.integers(len(files))]
            change, content = mutate(file.read_bytes(), random)
            file.write_bytes(content)
            case.kind = f"{name}, {file.name}: {change}"
            case.checked = kind.holds_checksums
        else:
            alter = _STRUCTURAL[kind.content]
            case.kind = f"{name}, {alter(case, random)}"
        return case

    def check(self, case: _Case) -> tuple[str, str]:
        model = self._models[case.name]
        model.set_weights(self._initial[case.name])
        for ask in (checkpoint_model_config, checkpoint_num_classes):
            _refuses(case, lambda ask=ask: ask(case.path))
        if case.path.suffix == ".keras":
            _refuses(case, lambda: load_model(case.path))
        refused = _refuses(case, lambda: sact_keras.load_checkpoint(model, case.path))
        assert not _witness(case.directory).exists(), "a program was run"
        weights = model.get_weights()
        if refused is not None:
            assert _same(weights, self._initial[case.name]), "the model has changed"
            return "refused", refused
        if any(_same(weights, saved) for saved in self._saved[case.name]):
            return "read", ""
        assert not case.checked, "checksums did not tell"
        assert all(np.isfinite(weight).all() for weight in weights)
        return "read otherwise", ""


def _refuses(case: _Case, act: Callable[[], object]) -> str | None:
    """What is said against a checkpoint; None if nothing is."""
    try:
        act()
    except REFUSALS as error:
        said = str(error)
        assert str(case.directory) in said, f"no path in: {said}"
        return said
    return None


def _same(weights: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(map(np.array_equal, weights, others))


def _witness(directory: Path) -> Path:
    return directory / "witness"


def _alter_keras(case: _Case, random: np.random.Generator) -> str:
    return mutate_hdf5(case.path, random)


def _alter_archive(case: _Case, random: np.random.Generator) -> str:
    path = case.path
    if path.suffix == ".keras" and random.random() < 0.5:
        return _alter_weights_within(path, random)
    name, content = mutate_archive(path.read_bytes(), random, _witness(case.directory))
    path.write_bytes(content)
    return name


def _alter_weights_within(path: Path, random: np.random.Generator) -> str:
    inner = path.with_name("inner.h5")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    inner.write_bytes(members["model.weights.h5"])
    name = mutate_hdf5(inner, random)
    members["model.weights.h5"] = inner.read_bytes()
    inner.unlink()
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return name


def _alter_pickles(case: _Case, random: np.random.Generator) -> str:
    path = case.path
    if random.random() < 0.5:
        path.write_bytes(evil_series(random, _witness(case.directory)))
        return "pickles: program"
    content = path.read_bytes()
    # The pickles, not the numbers behind them.
    length = min(4000, len(content) // 2)
    name, start = mutate(content[:length], random)
    path.write_bytes(start + content[length:])
    return f"pickles: {name}"


def _alter_tensorflow(case: _Case, random: np.random.Generator) -> str:
    directory = case.path if case.path.is_dir() else case.path.parent
    return mutate_tensorflow(directory, random)


def _alter_run(case: _Case, random: np.random.Generator) -> str:
    newest = case.directory / next(case.directory.rglob("step-00000007"))
    index, weights = newest / "checkpoint.json", newest / "model.weights.h5"
    if random.random() < 0.5:
        index.write_bytes(mutate_json(index.read_bytes(), random))
        return "index: value"
    name = mutate_hdf5(weights, random)
    if random.random() < 0.5:
        content = json.loads(index.read_text())
        content["files"] = {weights.name: fingerprint(weights)}
        index.write_text(json.dumps(content))
        return f"{name}, checksum as well"
    return name


_STRUCTURAL = {
    "Keras": _alter_keras,
    "archive": _alter_archive,
    "pickles": _alter_pickles,
    "TensorFlow": _alter_tensorflow,
    "run": _alter_run,
}
