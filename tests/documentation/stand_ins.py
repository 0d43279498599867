"""Small stand-ins for the runs, checkpoints and exports that documentation reads."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from imagenet_on_disk import photograph
from PIL import Image
from slim_checkpoint import write_slim_checkpoint

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.models.presets import DATASETS, MODEL_TYPES, STAGES
from sact_keras.training.build import build_network
from sact_keras.training.options import Options
from sact_keras.training.run_config import RunConfig

_RUN_NAME = re.compile(
    r"(?P<dataset>[a-z\d]+)_(?P<model_type>[a-z]+)_(?P<model>\d+)(?:_|$)"
)
_TORCH_SUFFIXES = (".pth", ".tar", ".t7")


def options_of_name(path: Path) -> Options:
    """What a run, or a checkpoint, of such a name is of."""
    named = _RUN_NAME.match(path.name)
    if named and named["dataset"] in DATASETS and named["model_type"] in MODEL_TYPES:
        found = named.groupdict()
    else:
        types = [name for name in MODEL_TYPES if name in str(path)]
        # Of 'sact' and 'act' the longer one is meant.
        found = {"model_type": max(types, key=len, default="sact"), "model": "1"}
    if found["model_type"] == "blockdrop":
        stages = [stage for stage in STAGES if stage in path.name]
        found["stage"] = stages[0] if stages else STAGES[-1]
    return Options(**{"dataset": "cifar10", **found})


def options_of_start(options: Options) -> Options:
    """What a training starts from, by the options of the training."""
    if options.stage is not None:
        before = STAGES[max(STAGES.index(options.stage) - 1, 0)]
        return _network_of(options, model_type="blockdrop", stage=before)
    if options.takes_decisions:
        return _network_of(options, model_type=options.model_type)
    return _network_of(options, model_type="vanilla")


def write_checkpoint(path: Path, options: Options) -> None:
    """Writes fresh weights as what the path's name says: PyTorch's, SACT's, or a run.

    Args:
        path: Where; nothing is there.
        options: Of the network.
    """
    options = options.resolve_model()
    model = build_network(options)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in _TORCH_SUFFIXES:
        _write_torch(path, model)
    elif path.parent.name == "models":
        _write_slim(path, model)
    else:
        _write_run(path, model, options)


def write_saved_model(version_dir: Path) -> None:
    """Exports a small network as a version's directory."""
    import sact_keras

    model = build_network(options_of_name(version_dir.parent).resolve_model())
    sact_keras.export_saved_model(
        model, version_dir.parent, int(version_dir.name), dataset="cifar10"
    )


def write_photographs(directory: Path) -> None:
    """Three pictures that are called photographs."""
    directory.mkdir(parents=True)
    for seed, name in enumerate(("cat", "dog", "lighthouse")):
        image = Image.fromarray(photograph(40, 56, seed))
        image.save(directory / f"{name}.jpg")


def _network_of(options: Options, **changes: str) -> Options:
    same = {
        name: getattr(options, name)
        for name in ("dataset", "model", "variant", "base_channels", "image_size")
    }
    return Options(**{"dataset": "cifar10", **same, **changes})


def _write_run(path: Path, model: keras.Model, options: Options) -> None:
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9))
    model.optimizer.build(model.trainable_variables)
    options = options.replace(max_number_of_steps=2, argv=("main.py",))
    options = options.resolve_schedule().resolve_evaluation()
    path.mkdir(parents=True)
    RunConfig.of(options).write(path)
    CheckpointStore(path / "checkpoints").save(model, 2, {"accuracy": 0.5})
    evaluation = {"step": 2, "split": "test", "eval/Accuracy": 0.5}
    evaluation |= {f"{name}/num_units_mean": 1.0 for name in model.block_names}
    (path / "metrics.jsonl").write_text(json.dumps(evaluation) + "\n")


def _write_slim(path: Path, model: keras.Model) -> None:
    from sact_keras.checkpoints.sact_names import named_variables

    arrays = {
        name: np.reshape(stored.variable, stored.shape)
        for name, stored in named_variables(model)
    }
    write_slim_checkpoint(path, arrays)


def _write_torch(path: Path, model: keras.Model) -> None:
    pytest.importorskip("torch", reason="needs PyTorch, of the extra [import]")
    from checkpoints.blockdrop_checkpoint import write_blockdrop
    from checkpoints.pytorch_models import random_state, write_state

    write = write_blockdrop if model.policy is not None else write_state
    write(path, random_state(model))
