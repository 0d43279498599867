"""The network whose ponder maps are drawn: a checkpoint's, or a SavedModel's."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import sact_keras
from export.checkpoint_network import load_checkpoint_network
from export.ponder_map_options import PonderMapOptions
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.data.photograph_preprocessing import get_photograph_preprocessing
from sact_keras.data.preprocessing import get_preprocessing
from sact_keras.serving.model_card import CARD_FILE
from sact_keras.training.usage_error import UsageError
from sact_keras.visualization.heatmap import maximum_ponder_cost
from sact_keras.visualization.ponder_map_computation import Maps, ponder_maps


@dataclasses.dataclass(frozen=True)
class MappedNetwork:
    """A network that runs on pixels, and what is known about it.

    Attributes:
        model: What `ponder_maps` takes.
        takes_pixels: Whether the model normalizes its images by itself.
        normalize: From pixels in [0, 255] to the network's input.
        num_units: Units of each block.
        options: Options of the command line, with those of the network and of its data
            set filled in.
        directory: Where results belong if `--output_dir` does not say; None where it
            must.
        description: What it is, for people: name -> text.
        class_names: One for each class, where they are known.
        dense_flops: From (height, width) to what an image costs with every unit run;
            None where that is not known.
    """

    model: Any
    takes_pixels: bool
    normalize: Callable[[tf.Tensor], tf.Tensor]
    num_units: tuple[int, ...]
    options: PonderMapOptions
    directory: Path | None
    description: dict[str, str]
    class_names: tuple[str, ...] | None
    dense_flops: Callable[[tuple[int, int]], int | None]

    def run(self, pixels: np.ndarray) -> Maps:
        """Runs the network on pixels, [N, H, W, 3] in [0, 255].

        Returns:
            What `ponder_maps` returns; its images are what the network has seen.
        """
        images = self.normalize(pixels).numpy()
        maps = ponder_maps(
            self.model, pixels if self.takes_pixels else images, batch_size=len(pixels)
        )
        return {**maps, "images": images}

    @property
    def has_remainders(self) -> bool:
        """Whether there is a ponder cost that is more than executed units."""
        return self.options.model_type in ("act", "sact")

    @property
    def maximum(self) -> int:
        """The largest value that a ponder cost map can take."""
        if self.has_remainders:
            return maximum_ponder_cost(self.num_units)
        return sum(self.num_units)


def load_mapped_network(options: PonderMapOptions) -> MappedNetwork:
    """Loads what the command line names.

    Args:
        options: As the command line gives them.

    Raises:
        FileNotFoundError: If there is nothing of that kind.
        DamagedFileError: If it cannot be read, or is a SavedModel of another program.
        UsageError: If the flags do not say what a checkpoint is of.
        CheckpointMismatchError: If the checkpoint is of another network.
    """
    options = options.of_network
    if options.saved_model is not None:
        return _of_saved_model(Path(options.saved_model), options)
    loaded = load_checkpoint_network(options)
    model = loaded.model
    compacted = options.execution == "compact"
    return MappedNetwork(
        model=sact_keras.compact(model) if compacted else model,
        takes_pixels=False,
        normalize=_normalization(model.family, loaded.preprocessing),
        num_units=model.num_units,
        options=loaded.options,
        directory=loaded.directory,
        description=_describe(loaded.options, str(loaded.path)),
        class_names=loaded.class_names,
        dense_flops=lambda size: int(sact_keras.count_flops(model, size)["total"]),
    )


def _of_saved_model(path: Path, options: PonderMapOptions) -> MappedNetwork:
    path = _latest_version(path)
    card = _read_card(path)
    data, architecture = card["data"], card["architecture"]
    dataset = options.dataset or data["dataset"]
    if dataset is None and options.maps_split:
        raise UsageError(
            "--dataset must be given for a SavedModel that does not say what its "
            f"network was trained on. Received: {path}"
        )
    preprocessing, has_sizes = data["preprocessing"], dataset in ("imagenet", "folder")
    options = options.replace(
        dataset=dataset,
        preprocessing=preprocessing,
        model_type=card["method"]["model_type"],
        model=architecture["model"],
        variant=architecture["variant"],
        image_size=data["image_size"][0] if has_sizes else None,
    )
    size, flops = tuple(data["image_size"]), card["cost"]["flops_with_every_unit_run"]
    names = data["classes"]
    return MappedNetwork(
        model=_load(path),
        takes_pixels=True,
        normalize=_normalization(architecture["family"], preprocessing),
        num_units=tuple(architecture["num_units"]),
        options=options,
        directory=None,
        description=_describe(options, str(path)),
        class_names=None if names is None else tuple(names),
        dense_flops=lambda asked: flops if tuple(asked) == size else None,
    )


def _latest_version(path: Path) -> Path:
    """A SavedModel itself, or the highest version below it."""
    if (path / "saved_model.pb").exists():
        return path
    versions = [
        version
        for version in (path.iterdir() if path.is_dir() else ())
        if version.name.isdecimal() and (version / "saved_model.pb").exists()
    ]
    if not versions:
        raise FileNotFoundError(
            f"no SavedModel at {path}: there is no saved_model.pb, and no version with "
            "one"
        )
    return max(versions, key=lambda version: int(version.name))


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads((path / CARD_FILE).read_text(encoding="utf-8"))
        _ = card["data"]["preprocessing"], card["architecture"]["num_units"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(
            f"{path} must be a SavedModel of python -m export.saved_model, with its "
            f"{CARD_FILE}. Received: {type(error).__name__}: {error}"
        ) from error
    return card


def _load(path: Path) -> Any:
    try:
        return tf.saved_model.load(str(path))
    except (OSError, tf.errors.OpError) as error:
        raise DamagedFileError(
            f"{path} must be a SavedModel. Received: {error}"
        ) from error


def _normalization(family: str, name: str) -> Callable[[tf.Tensor], tf.Tensor]:
    if family == "imagenet":
        return get_photograph_preprocessing(name).normalize
    return get_preprocessing(name).normalize


def _describe(options: PonderMapOptions, source: str) -> dict[str, str]:
    return {
        "method": options.model_type,
        "model": options.model,
        "trained on": options.dataset or "unknown",
        "weights": source,
    }
