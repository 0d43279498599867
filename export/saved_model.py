"""Exports a checkpoint's network as a SavedModel: `python -m export.saved_model`."""

import dataclasses
import logging
import sys
from pathlib import Path

from export.command_line import (
    NETWORK_FLAGS,
    Exporter,
    ExporterOptions,
    require_checkpoint,
)
from sact_keras.training.flag_groups.flag_group import FlagGroup
from sact_keras.training.usage_error import UsageError, refuse

logger = logging.getLogger(__name__)

USAGE = """\
Exports a checkpoint's network as a SavedModel that TensorFlow Serving loads as it is.

  python -m export.saved_model --checkpoint_dir=runs/cifar10_sact_5_tau0.01 \\
      --export_dir=exported/sact

It prints the version's directory. What is exported prepares images itself, takes pixels
(serving_default) or files (serve_bytes), and says what each image cost.
"""


@dataclasses.dataclass(frozen=True)
class SavedModelOptions(ExporterOptions):
    """The options of this program."""

    export_dir: str | None = None
    version: int | None = None
    execution: str = "compact"
    overwrite: bool = False
    top_k: int = 5
    labels_path: str | None = None
    ponder_image_size: int = 320
    warmup: bool = False
    serving_config: bool = False
    model_name: str | None = None


def define_saved_model(group: FlagGroup) -> None:
    """Defines the flags of the SavedModel."""
    group.text(
        "export_dir", "Directory of the versions; made where there is none. Required."
    )
    group.integer("version", "The version's number. Unset: the highest there, plus 1.")
    group.choice(
        "execution",
        ("compact", "masked"),
        "compact computes only what the masks keep; masked computes everything and "
        "multiplies by the masks, in a graph of fewer operations.",
    )
    group.switch("overwrite", "Replace the version if it is there.")
    group.integer("top_k", "How many of the likeliest classes are returned.")
    group.text(
        "labels_path",
        "Text of a class on each line, in their order. Unset: the names of the data "
        "set's classes, of a folder of images those of its folders.",
    )
    group.integer(
        "image_size",
        "ImageNet and folder: side in pixels that files are cropped and resized to. "
        "Unset: the run's, else 224 and 32.",
    )
    group.integer(
        "ponder_image_size",
        "Long side in pixels at which ponder_map_bytes runs images that are larger.",
    )
    group.switch(
        "warmup",
        "Write the requests that TensorFlow Serving warms a version up with (needs the "
        "extra [serving]).",
    )
    group.switch(
        "serving_config",
        "Write models.config, batching.config and docker-compose.yml beside the "
        "versions.",
    )
    group.text(
        "model_name",
        "What --serving_config calls the model. Unset: the name of --export_dir.",
    )


def check(options: SavedModelOptions) -> None:
    """Checks the flags of the SavedModel.

    Raises:
        UsageError: If one is missing or out of range.
    """
    require_checkpoint(options)
    if not options.export_dir:
        raise UsageError(
            "--export_dir must say where versions are written. Received: none"
        )
    for name in ("version", "top_k", "ponder_image_size"):
        value = getattr(options, name)
        if value is not None and value < 1:
            refuse(name, "at least 1", value)
    if options.model_name is not None and not options.serving_config:
        raise UsageError(
            "--model_name has a meaning with --serving_config alone. "
            f"Received: --model_name={options.model_name}"
        )


def run(options: SavedModelOptions) -> None:
    """Exports; prints the version's directory."""
    from export.checkpoint_network import load_checkpoint_network
    from sact_keras.serving.evaluation_record import find_evaluation
    from sact_keras.serving.labels import read_labels
    from sact_keras.serving.saved_model import export_saved_model
    from sact_keras.serving.version_directory import check_version
    from sact_keras.training.writable import check_writable

    # It would name the temporary directory.
    logging.getLogger("tensorflow").setLevel(logging.WARNING)
    # Before the weights are read, which may take long.
    check_version(options.export_dir, options.version, overwrite=options.overwrite)
    check_writable(Path(options.export_dir), "--export_dir")
    network = load_checkpoint_network(options)
    labels = network.class_names
    if options.labels_path is not None:
        labels = read_labels(options.labels_path, network.model.num_classes)
    path = export_saved_model(
        network.model,
        options.export_dir,
        options.version,
        execution=options.execution,
        dataset=network.dataset,
        preprocessing=network.preprocessing,
        image_size=network.image_size,
        labels=labels,
        top_k=options.top_k,
        ponder_image_size=options.ponder_image_size,
        warmup=options.warmup,
        overwrite=options.overwrite,
        card={
            "checkpoint": network.path,
            "step": network.step,
            "flags": network.flags,
            "evaluation": find_evaluation(
                network.directory, network.step, checkpoint=network.path
            ),
        },
    )
    if options.serving_config:
        _write_configuration(options)
    print(path, flush=True)


def _write_configuration(options: SavedModelOptions) -> None:
    from sact_keras.serving.serving_configuration import write_serving_configuration

    name = options.model_name or Path(options.export_dir).absolute().name
    try:
        paths = write_serving_configuration(options.export_dir, name)
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    for path in paths:
        logger.info("Wrote %s", path)


SAVED_MODEL = Exporter(
    name="export.saved_model",
    usage=USAGE,
    flags={**NETWORK_FLAGS, "The SavedModel": define_saved_model},
    options_class=SavedModelOptions,
    check=check,
    run=run,
)

if __name__ == "__main__":
    sys.exit(SAVED_MODEL(sys.argv))
