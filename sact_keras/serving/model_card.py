"""What an exported model is: the content of `model_card.json`."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sact_keras import provenance
from sact_keras.accounting.flops import count_flops
from sact_keras.compression.weight_sizes import describe_weights
from sact_keras.models import AdaptiveResNet
from sact_keras.models.presets import Architecture, name_architecture
from sact_keras.serving.method_descriptions import (
    METHOD_DESCRIPTIONS,
    MethodDescription,
)
from sact_keras.serving.signature_description import describe_signature

CARD_FILE = "model_card.json"
"""The name that it bears in a version's directory."""

_BUDGET = (
    "One number b for each image, from 0 to infinity, that multiplies the odds in "
    "favour of running at each decision's threshold: 1 decides as trained, less "
    "computes less, more computes more; 0 runs as little as there is, infinity as much."
)
_FLOPS = "2 x multiply-accumulates of convolutions and linear maps, for one image"


def make_model_card(
    model: AdaptiveResNet,
    *,
    dataset: str | None,
    preprocessing: str | None,
    image_size: tuple[int, int],
    execution: str,
    signatures: Mapping[str, Any],
    labels: Sequence[str] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    step: int | None = None,
    flags: Mapping[str, Any] | None = None,
    evaluation: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Says what an exported model is, what it was made of, and how it is asked.

    Args:
        model: The network that is exported.
        dataset: The data set that it was trained on; None if that is not known.
        preprocessing: Whose preparation of the images is inside.
        image_size: (height, width) in pixels that files are brought to.
        execution: "compact" or "masked".
        signatures: Name -> its `ConcreteFunction`, for `describe_signature`.
        labels: Names of the classes, where they are known.
        checkpoint: Where the weights are from; None for a model that was made here.
        step: Training steps of the checkpoint, where it says.
        flags: The flags of the run that the weights are from, or of the export.
        evaluation: What `find_evaluation` returns; None for no evaluation.

    Returns:
        A dictionary that JSON can hold. What is not known is None.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("sact", model="1_2_1", base_channels=4)
        >>> card = make_model_card(
        ...     model,
        ...     dataset="cifar10",
        ...     preprocessing="sact",
        ...     image_size=(32, 32),
        ...     execution="compact",
        ...     signatures={},
        ... )
        >>> card["architecture"]["model"], card["evaluation"] is None
        ('1_2_1', True)
    """
    # A method that somebody entered in METHODS may be described nowhere.
    method = METHOD_DESCRIPTIONS.get(model.model_type, MethodDescription())
    return {
        "name": model.name,
        "method": {
            "model_type": model.model_type,
            "arguments": dict(model.arguments),
            "summary": method.summary,
            "paper": method.paper,
            "url": method.url,
        },
        "architecture": _describe_architecture(model),
        "data": {
            "dataset": dataset,
            "preprocessing": preprocessing,
            "image_size": [int(side) for side in image_size],
            "num_classes": model.num_classes,
            "classes": None if labels is None else list(labels),
        },
        "evaluation": None if evaluation is None else dict(evaluation),
        "cost": _describe_cost(model, image_size, evaluation),
        "compression": describe_weights(model),
        "execution": execution,
        "signatures": {
            name: describe_signature(signature)
            for name, signature in signatures.items()
        },
        "compute_budget": {"meaning": _BUDGET, "for_this_method": method.budget},
        "checkpoint": None
        if checkpoint is None
        else {"path": os.fspath(checkpoint), "step": step},
        "flags": None if flags is None else dict(flags),
        "versions": provenance.versions(),
        "git_commit": provenance.git_commit(),
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _describe_architecture(model: AdaptiveResNet) -> dict[str, Any]:
    architecture = Architecture(model.num_units, model.unit)
    return {
        "family": model.family,
        "variant": model.variant,
        "model": name_architecture(architecture, model.family, model.variant),
        "num_units": list(model.num_units),
        "unit": model.unit,
        "base_channels": model.base_channels,
        "parameters": model.count_params(),
    }


def _describe_cost(
    model: AdaptiveResNet,
    image_size: tuple[int, int],
    evaluation: Mapping[str, Any] | None,
) -> dict[str, Any]:
    evaluation = evaluation or {}
    return {
        "unit": _FLOPS,
        "flops_with_every_unit_run": count_flops(model, image_size)["total"],
        "mean_flops": evaluation.get("mean_flops"),
        "std_flops": evaluation.get("std_flops"),
    }
