"""One run of `python -m export.tflite`."""

import json
import sys
from pathlib import Path

from export.checkpoint_network import CheckpointNetwork, load_checkpoint_network
from export.tflite import TFLiteOptions
from export.tflite_calibration import draw_calibration_images
from export.tflite_card import make_tflite_card, measure_sizes
from export.tflite_comparison import compare
from sact_keras.compression.tflite import convert_to_tflite
from sact_keras.compression.tflite_error import TFLiteError
from sact_keras.compression.tflite_graph import check_convertible
from sact_keras.compression.tflite_model import TFLiteModel
from sact_keras.data import ImageDataset
from sact_keras.files.atomic_write import atomic_file, atomic_write
from sact_keras.training.command_line import FAILURE, SUCCESS
from sact_keras.training.driver import open_dataset_of
from sact_keras.training.result_files import format_values
from sact_keras.training.usage_error import UsageError
from sact_keras.training.writable import check_writable

_USUAL_EXAMPLES = 1000


class _DisagreementError(Exception):
    """The file says other classes than the network."""


def export_tflite(options: TFLiteOptions) -> int:
    """Converts a checkpoint's network, compares, and writes the file and its card.

    The file gets its name only once it has run. The card is written behind it, and says
    by a checksum which file it is of.

    Args:
        options: As the command line gives them.

    Returns:
        0, or 1 where the file agrees with the network less than it should; there is
        then no file.

    Raises:
        UsageError: If the flags do not fit the network, or TensorFlow Lite cannot do
            what it does.
        OSError: If a file cannot be written.
        DatasetError: If the data set cannot be read.
    """
    path = Path(options.tflite_path)
    # Before the network is loaded, which takes longer.
    check_writable(path.parent, "--tflite_path")
    network = load_checkpoint_network(options)
    options = network.options
    try:
        check_convertible(network.model)
        dataset, options = _open_dataset(options)
        content = _convert(network, dataset, options)
    except TFLiteError as error:
        raise UsageError(
            f"this network has no TensorFlow Lite file: {error}"
        ) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_file(path) as file:
            file.write(content)
            file.flush()
            file.seek(0)
            # What is on the disk, as whoever is given the file reads it.
            found = compare(network.model, TFLiteModel(file.read()), dataset, options)
            if found.agreement < options.minimum_agreement:
                raise _DisagreementError
    except _DisagreementError:
        print(
            "export.tflite: error: --minimum_agreement must be at most the share of "
            f"the images for which the file says the same class, {found.agreement:.4f}."
            f" Received: --minimum_agreement={options.minimum_agreement:g}.",
            file=sys.stderr,
            flush=True,
        )
        return FAILURE
    card = make_tflite_card(network, options, found, content)
    atomic_write(path.with_suffix(".json"), json.dumps(card, indent=2) + "\n")
    print(format_values({**found.values, **measure_sizes(network.model, content)}))
    print(path, flush=True)
    return SUCCESS


def _open_dataset(options: TFLiteOptions) -> tuple[ImageDataset, TFLiteOptions]:
    dataset, options = open_dataset_of(options.resolve_evaluation())
    if options.num_examples is None:
        size = dataset.num_examples[options.split_name]
        options = options.replace(num_examples=min(size, _USUAL_EXAMPLES))
    return dataset, options


def _convert(
    network: CheckpointNetwork, dataset: ImageDataset, options: TFLiteOptions
) -> bytes:
    calibration_images = None
    if options.quantization == "int8":
        calibration_images = draw_calibration_images(
            dataset,
            options,
            split=options.calibration_split,
            number=options.calibration_examples,
        )
    return convert_to_tflite(
        network.model,
        network.image_size,
        quantization=options.quantization,
        calibration_images=calibration_images,
        preprocessing=network.preprocessing,
        batch_size=options.batch_size,
    )
