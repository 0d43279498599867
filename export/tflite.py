"""Exports a checkpoint's network to TensorFlow Lite: `python -m export.tflite`."""

import dataclasses
import sys

from export.command_line import (
    NETWORK_FLAGS,
    Exporter,
    ExporterOptions,
    require_checkpoint,
)
from sact_keras.compression.quantizations import QUANTIZATIONS
from sact_keras.training.flag_groups.flag_group import FlagGroup
from sact_keras.training.usage_error import UsageError, refuse

USAGE = """\
Exports a checkpoint's network as a TensorFlow Lite file (LiteRT), and compares the two.

  python -m export.tflite --checkpoint_dir=runs/cifar10_vanilla_2 \\
      --tflite_path=exports/vanilla_2_int8.tflite --quantization=int8

It prints accuracy and size before and after, and writes the file, which takes 8-bit
pixels and prepares them itself, and a card beside it, vanilla_2_int8.json.
"""


@dataclasses.dataclass(frozen=True)
class TFLiteOptions(ExporterOptions):
    """The options of this program."""

    tflite_path: str | None = None
    quantization: str = "none"
    execution: str = "masked"
    batch_size: int = 1
    calibration_examples: int = 300
    calibration_split: str = "train"
    minimum_agreement: float = 0.0


def define_file(group: FlagGroup) -> None:
    """Defines the flags of the file."""
    group.text(
        "tflite_path",
        "The file that is written, *.tflite; its directory is made if need be. What is "
        "known of it is written beside it, as .json. Required.",
    )
    group.choice(
        "quantization",
        QUANTIZATIONS,
        "What becomes of the weights: float32, float16, 8 bits with features quantized "
        "as they come (dynamic), or integer arithmetic, calibrated on images (int8).",
    )
    group.choice(
        "execution",
        ("masked", "compact"),
        "masked computes everything and multiplies by the masks. compact has shapes "
        "that depend on the image, which TensorFlow Lite has not: it is refused.",
    )
    group.integer("batch_size", "Images that one call of the file takes.")
    group.integer(
        "image_size",
        "ImageNet and folder: side in pixels of the file's images. Unset: the run's, "
        "else 224 and 32.",
    )


def define_calibration(group: FlagGroup) -> None:
    """Defines the flags of the calibration."""
    group.integer(
        "calibration_examples",
        "int8: images that say how large features become, drawn from the first of the "
        "split.",
    )
    group.choice(
        "calibration_split",
        ("train", "test", "validation"),
        "int8: the split that they are of.",
    )
    group.integer("seed", "int8: seed of their choice.")


def define_comparison(group: FlagGroup) -> None:
    """Defines the flags of the comparison."""
    group.choice(
        "split_name",
        ("train", "test", "validation"),
        "Split on which the network and the file are compared. Unset: test, for "
        "imagenet, and a folder without test, validation.",
    )
    group.integer(
        "num_examples",
        "Compare them on the first so many images. Unset: 1000, or all if there are "
        "fewer.",
    )
    group.integer(
        "eval_batch_size",
        "Images that the network is run on at a time. Unset: 100, for imagenet 32.",
    )
    group.number(
        "minimum_agreement",
        "Write nothing, and end with exit code 1, unless the likeliest class is the "
        "same for at least this share of the images, in [0, 1].",
    )
    group.switch("skip_bad_records", "imagenet and folder: leave bad records out.")


def check(options: TFLiteOptions) -> None:
    """Checks the flags of the file.

    Raises:
        UsageError: If one is missing, out of range or asks for what cannot be.
    """
    require_checkpoint(options)
    if not options.tflite_path or not options.tflite_path.endswith(".tflite"):
        raise UsageError(
            "--tflite_path must name the file that is written, *.tflite. "
            f"Received: {options.tflite_path or 'none'}"
        )
    if options.execution == "compact":
        raise UsageError(
            "--execution must be masked: the shapes of compact execution depend on "
            "what the masks keep, which TensorFlow Lite has no means for; "
            "export.saved_model exports it. Received: --execution=compact"
        )
    if options.calibration_examples < 1:
        refuse("calibration_examples", "at least 1", options.calibration_examples)
    if not 0 <= options.minimum_agreement <= 1:
        refuse("minimum_agreement", "in [0, 1]", options.minimum_agreement)
    if options.gate_eval == "sample":
        raise UsageError(
            "--gate_eval must be deterministic or expected: TensorFlow Lite cannot "
            "draw the noise of the gates. Received: --gate_eval=sample"
        )
    for name in ("calibration_examples", "calibration_split"):
        if name in options.explicit and options.quantization != "int8":
            raise UsageError(
                f"--{name} has a meaning with --quantization=int8 alone. Received: "
                f"--quantization={options.quantization}"
            )


def run(options: TFLiteOptions) -> int:
    """Exports; prints what was found, and the file."""
    from export.tflite_export import export_tflite

    return export_tflite(options)


TFLITE = Exporter(
    name="export.tflite",
    usage=USAGE,
    flags={
        **NETWORK_FLAGS,
        "The file": define_file,
        "The calibration": define_calibration,
        "The comparison": define_comparison,
    },
    options_class=TFLiteOptions,
    check=check,
    run=run,
)

if __name__ == "__main__":
    sys.exit(TFLITE(sys.argv))
