"""Exports a network as a SavedModel that serves."""

import json
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from sact_keras.files.atomic_write import atomic_write
from sact_keras.files.errors_named import errors_named
from sact_keras.models import AdaptiveResNet
from sact_keras.models.presets import (
    DATASETS,
    Architecture,
    default_preprocessing,
    name_architecture,
)
from sact_keras.models.tensorflow_only import require_tensorflow
from sact_keras.serving.image_preparation import ImagePreparation
from sact_keras.serving.labels import LABELS_FILE, default_labels, labels_text
from sact_keras.serving.model_card import CARD_FILE, make_model_card
from sact_keras.serving.served_network import ServedNetwork
from sact_keras.serving.serving_api import import_serving_api
from sact_keras.serving.serving_module import PONDER_IMAGE_SIZE, ServingModule
from sact_keras.serving.signature_description import input_specs
from sact_keras.serving.version_directory import next_version, version_directory
from sact_keras.serving.warmup import make_warmup_requests, write_warmup

logger = logging.getLogger(__name__)


def export_saved_model(
    model: AdaptiveResNet,
    export_dir: str | os.PathLike[str],
    version: int | None = None,
    *,
    execution: str = "compact",
    dataset: str | None = None,
    preprocessing: str | None = None,
    image_size: tuple[int, int] | int | None = None,
    labels: Sequence[str] | None = None,
    top_k: int = 5,
    ponder_image_size: int = PONDER_IMAGE_SIZE,
    warmup: bool = False,
    overwrite: bool = False,
    card: Mapping[str, Any] | None = None,
) -> str:
    """Writes a version directory that TensorFlow Serving loads as it is.

    The preparation of the images is inside, and nothing of this package is needed to
    run it. Its signatures are those of `ServingModule`. Beside the SavedModel there are
    `assets/labels.txt`, a class on each line, and `model_card.json`.

    The version appears under its number only when it is whole.

    Args:
        model: A network of `build_model`, built; with its weights as they are.
        export_dir: The directory that holds the versions.
        version: At least 1; None for the highest that is there, plus 1.
        execution: "compact" computes only what the masks keep; "masked" computes
            everything and multiplies by the masks, in a graph with fewer operations.
        dataset: What the network was trained on, a key of `DATASETS`: names its
            classes, and says how files are prepared. None if that is not known.
        preprocessing: Whose preparation of the images, as `--preprocessing` has it;
            None for that of the network's original.
        image_size: Height and width in pixels, or the side, that files are brought to;
            None for the data set's.
        labels: Names of the classes; None for those of the data set, or their numbers
            where it is not known.
        top_k: How many of the likeliest classes are returned.
        ponder_image_size: Long side, in pixels, at which overlays of larger images are
            computed.
        warmup: Whether to write requests that TensorFlow Serving warms up with. Needs
            `tensorflow-serving-api`, which the extra `[serving]` installs.
        overwrite: Whether the version is replaced if it is there.
        card: Further arguments of `make_model_card`: checkpoint, step, flags,
            evaluation.

    Returns:
        The path of the version's directory.

    Raises:
        FileExistsError: If the version is there and is not to be overwritten.
        MissingExtraError: If `tensorflow-serving-api` is wanted and missing.
        TypeError: If the model is of another kind.
        ValueError: If an argument is out of range, or there are not as many labels as
            classes.
        RuntimeError: If Keras runs on another backend than TensorFlow.
        OSError: If it cannot be written.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("aig", model="1", base_channels=4)
        >>> path = export_saved_model(model, "exported", dataset="cifar10")
        >>> path, sorted(os.listdir(path))[:3]
        ('exported/1', ['assets', 'fingerprint.pb', 'model_card.json'])
        >>> serve = tf.saved_model.load(path).signatures["serving_default"]
        >>> serve(images=tf.zeros((2, 32, 32, 3)))["probabilities"].shape
        TensorShape([2, 10])
    """
    _check_model(model)
    if warmup:
        import_serving_api("a file of warm-up requests")  # Before any work.
    dataset_name = dataset or _usual_dataset(model)
    if dataset_name not in DATASETS:
        raise ValueError(
            f"dataset must be one of {', '.join(DATASETS)}. "
            f"Received: dataset={dataset!r}"
        )
    preprocessing = preprocessing or _usual_preprocessing(model, dataset_name)
    size = _size(image_size, dataset_name)
    preparation = ImagePreparation(
        model.family, preprocessing, size, upright=dataset == "folder"
    )
    labels = _labels(labels, dataset, model.num_classes)
    version = next_version(export_dir) if version is None else version
    final = Path(export_dir) / str(version)
    with (
        version_directory(export_dir, version, overwrite=overwrite) as directory,
        tempfile.TemporaryDirectory(dir=directory) as assets,
    ):
        module = ServingModule(
            ServedNetwork(model, execution),
            preparation,
            num_units=model.num_units,
            num_classes=model.num_classes,
            top_k=top_k,
            ponder_image_size=ponder_image_size,
            labels_path=_write_labels(
                labels or [str(number) for number in range(model.num_classes)],
                Path(assets),
            ),
        )
        logger.info("Making the graphs of the signatures")
        signatures = module.signatures()
        logger.info("Writing the SavedModel")
        with errors_named(final, tf.errors.OpError):
            tf.saved_model.save(module, str(directory), signatures=signatures)
        content = make_model_card(
            model,
            dataset=dataset,
            preprocessing=preprocessing,
            image_size=size,
            execution=execution,
            signatures=signatures,
            labels=labels,
            **(card or {}),
        )
        atomic_write(directory / CARD_FILE, json.dumps(content, indent=2) + "\n")
        if warmup:
            inputs = {name: input_specs(signatures[name]) for name in signatures}
            write_warmup(directory, make_warmup_requests(inputs, size))
    return str(final)


def _check_model(model: Any) -> None:
    require_tensorflow("export_saved_model")
    if not isinstance(model, AdaptiveResNet):
        raise TypeError(
            "model must be a network of sact_keras.build_model. "
            f"Received: {type(model).__name__}"
        )


def _usual_dataset(model: AdaptiveResNet) -> str:
    """A data set that has the network's size and preparation of the images."""
    if model.family == "imagenet":
        return "imagenet"
    return "cifar10" if model.num_classes == 10 else "cifar100"


def _usual_preprocessing(model: AdaptiveResNet, dataset: str) -> str:
    architecture = Architecture(model.num_units, model.unit)
    name = name_architecture(architecture, model.family, model.variant)
    return default_preprocessing(dataset, model.variant, name)


def _size(image_size: tuple[int, int] | int | None, dataset: str) -> tuple[int, int]:
    if image_size is None:
        return DATASETS[dataset].image_size
    return (image_size,) * 2 if isinstance(image_size, int) else tuple(image_size)


def _labels(
    labels: Sequence[str] | None, dataset: str | None, num_classes: int
) -> Sequence[str] | None:
    if labels is None:
        return None if dataset is None else default_labels(dataset, num_classes)
    if len(labels) != num_classes:
        raise ValueError(
            f"labels must be the names of the model's {num_classes} classes. "
            f"Received: {len(labels)} names"
        )
    return labels


def _write_labels(labels: Sequence[str], directory: Path) -> Path:
    path = directory / LABELS_FILE
    path.write_text(labels_text(labels), encoding="utf-8")
    return path
