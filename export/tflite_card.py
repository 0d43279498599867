"""What is written beside a TensorFlow Lite file."""

import gzip
import hashlib
from typing import Any

from export.checkpoint_network import CheckpointNetwork
from export.tflite import TFLiteOptions
from export.tflite_comparison import TFLiteComparison
from sact_keras.models import AdaptiveResNet
from sact_keras.serving.evaluation_record import find_evaluation
from sact_keras.serving.model_card import make_model_card

_BYTES_OF_FLOAT = 4


def measure_sizes(model: AdaptiveResNet, content: bytes) -> dict[str, int]:
    """Bytes of a network's weights, of its file, and of the file compressed."""
    return {
        "Size/float32 weights": _BYTES_OF_FLOAT * model.count_params(),
        "Size/tflite": len(content),
        "Size/tflite, gzip": len(gzip.compress(content, mtime=0)),
    }


def make_tflite_card(
    network: CheckpointNetwork,
    options: TFLiteOptions,
    found: TFLiteComparison,
    content: bytes,
) -> dict[str, Any]:
    """Says what a file is, what it was made of, what it takes and returns.

    It is a SavedModel's card (`make_model_card`) but for the signatures and the compute
    budget, with the entry "tflite".

    Args:
        network: What was converted.
        options: The resolved options.
        found: How the file compares with the network.
        content: The file's.

    Returns:
        A dictionary that JSON can hold.
    """
    card = make_model_card(
        network.model,
        dataset=network.dataset,
        preprocessing=network.preprocessing,
        image_size=network.image_size,
        execution=options.execution,
        signatures={},
        labels=network.class_names,
        checkpoint=network.path,
        step=network.step,
        flags=network.flags,
        evaluation=find_evaluation(
            network.directory, network.step, checkpoint=network.path
        ),
    )
    del card["signatures"], card["compute_budget"]
    card["tflite"] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "quantization": options.quantization,
        "calibration": _describe_calibration(options),
        "inputs": {
            "images": {
                "dtype": "uint8",
                "shape": [options.batch_size, *network.image_size, 3],
                "meaning": "RGB in 0..255, cropped and resized as in the evaluation; "
                "normalized inside",
            }
        },
        "outputs": _describe_outputs(network.model, options.batch_size),
        "comparison": {
            "dataset": network.dataset,
            "split": options.split_name,
            "num_examples": found.num_examples,
            **found.values,
        },
        "bytes": measure_sizes(network.model, content),
    }
    return card


def _describe_calibration(options: TFLiteOptions) -> dict[str, Any] | None:
    if options.quantization != "int8":
        return None
    return {
        "split": options.calibration_split,
        "num_examples": options.calibration_examples,
        "seed": options.seed,
    }


def _describe_outputs(model: AdaptiveResNet, batch_size: int) -> dict[str, Any]:
    probabilities = {
        "dtype": "float32",
        "shape": [batch_size, model.num_classes],
        "meaning": "of the classes",
    }
    if model.model_type == "vanilla":
        return {"probabilities": probabilities}
    return {
        "probabilities": probabilities,
        "flops": {
            "dtype": "int64",
            "shape": [batch_size],
            "meaning": "2 x multiply-accumulates that each image needed; the file "
            "itself computes all",
        },
        "num_units": {
            "dtype": "float32",
            "shape": [batch_size],
            "meaning": "residual units that each image needed, the mean over its "
            "pixels",
        },
    }
