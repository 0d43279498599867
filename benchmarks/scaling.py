"""How trainings would scale, on paper: what replicas exchange, and what that takes.

    python -m benchmarks.scaling --json=scaling.json --picture=scaling.png
    python -m benchmarks.scaling --networks=imagenet:50 --model_types=sact \
        --measured=32:41.2,128:148

What is exchanged in a step is counted: each network makes a training step, and every
all-reduce that replicas would make is noted. What a step takes on one replica is
assumed, from FLOPs, unless steps of different batches have been measured. What an
all-reduce takes follows from the bandwidth and latency of what joins the replicas,
which are given.
"""

import argparse
import dataclasses
import json
import os
from collections.abc import Sequence
from typing import Any

from benchmarks.command_line import (
    add_counts,
    choices_of,
    list_of,
    make_parser,
    new_file,
    number_between,
    positive,
)
from benchmarks.interconnect import ALGORITHMS, Interconnect, Link
from benchmarks.scaling_projection import StepTime
from sact_keras.files.atomic_write import atomic_write
from sact_keras.models.presets import DATASETS, MODEL_TYPES

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Forwards, and backwards for the features and for the weights.
_PASSES = 3
# Nothing that is exchanged depends on the size of the images.
_SMALL_SIDE = 64


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; ends the program with exit code 2 where it is wrong."""
    parser = make_parser("scaling", __doc__)
    parser.add_argument(
        "--model_types",
        type=choices_of(*MODEL_TYPES),
        default=list(MODEL_TYPES),
        help="comma-separated (default: all)",
    )
    parser.add_argument(
        "--networks",
        type=list_of(_network),
        default=[_network(text) for text in ("cifar10:5", "cifar10:18", "imagenet:50")],
        help="comma-separated, data set and model (default: cifar10:5, cifar10:18, "
        "imagenet:50)",
    )
    parser.add_argument(
        "--replicas",
        type=list_of(positive),
        default=[8, 64, 512],
        help="comma-separated numbers of them (default: 8,64,512)",
    )
    add_counts(
        parser,
        batch_size=(1024, "images a step, where the batch is held fixed"),
        replica_batch_size=(128, "images a replica and step, where the batch grows"),
        replicas_per_machine=(8, "replicas that a machine has"),
    )
    for name, (default, text) in {
        "near_gb_per_s": (300, "between replicas of one machine, each way"),
        "far_gb_per_s": (25, "between machines, each way"),
        "near_us": (10, "latency between replicas of one machine"),
        "far_us": (30, "latency between machines"),
        "tflops": (20, "assumed: what a replica sustains in convolutions"),
        "layer_us": (60, "assumed: what a layer with weights takes at any batch"),
    }.items():
        parser.add_argument(
            f"--{name}",
            type=number_between(1e-3, 1e6),
            default=default,
            help=f"{text} (default: {default})",
        )
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="best")
    parser.add_argument(
        "--measured",
        type=list_of(_measured_step),
        help="measured steps of one network in place of what is assumed: two of "
        "different batches, or one, of which no fixed part is known: "
        "IMAGES:MILLISECONDS,IMAGES:MILLISECONDS",
    )
    parser.add_argument("--json", type=new_file, help="file to write the figures to")
    parser.add_argument("--picture", type=new_file, help="PNG to draw")
    found = parser.parse_args(arguments)
    if found.measured is not None:
        if len(found.measured) > 2:
            parser.error("argument --measured: expected one or two steps")
        try:
            StepTime.of_measurements(*found.measured)
        except ValueError as error:
            parser.error(f"argument --measured: {error}")
    return found


def _network(text: str) -> tuple[str, str]:
    dataset, _, model = text.partition(":")
    known = [name for name, preset in DATASETS.items() if preset.num_classes]
    if dataset not in known or not model:
        raise argparse.ArgumentTypeError(
            f"expected a data set ({', '.join(known)}) and a model, such as "
            f"cifar10:5. Received: {text!r}"
        )
    return dataset, model


def _measured_step(text: str) -> tuple[int, float]:
    images, _, milliseconds = text.partition(":")
    return positive(images), number_between(1e-6, 1e9)(milliseconds) / 1e3


def study(
    model_type: str, dataset: str, model: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    """What a network's replicas exchange, and how it scales.

    Returns:
        "name", "model_type", "dataset", "model"; "exchanges" by kind; "flops" of an
        image's forward pass; "step", what it takes on one replica; "norms", see
        `benchmarks.scaling_report.project`.
    """
    import sact_keras
    from benchmarks.scaling_report import project, sum_exchanges
    from benchmarks.step_exchanges import count_exchanges

    network = sact_keras.build_model(model_type, dataset=dataset, model=model)
    image_size = DATASETS[dataset].image_size
    exchanges = count_exchanges(
        network, tuple(min(side, _SMALL_SIDE) for side in image_size)
    )
    flops = sact_keras.count_flops(network, image_size)
    if arguments.measured is not None:
        step = StepTime.of_measurements(*arguments.measured)
    else:
        step = StepTime(
            fixed=len(flops["layers"]) * arguments.layer_us * 1e-6,
            per_image=_PASSES * flops["total"] / (arguments.tflops * 1e12),
        )
    interconnect = Interconnect(
        near=Link(arguments.near_gb_per_s * 1e9, arguments.near_us * 1e-6),
        far=Link(arguments.far_gb_per_s * 1e9, arguments.far_us * 1e-6),
        replicas_per_machine=arguments.replicas_per_machine,
        algorithm=arguments.algorithm,
    )
    return {
        "name": f"`{model_type}`, {dataset} {model}",
        "model_type": model_type,
        "dataset": dataset,
        "model": model,
        "exchanges": sum_exchanges(exchanges),
        "flops": flops["total"],
        "step": {
            "measured": arguments.measured is not None,
            "fixed_ms": 1e3 * step.fixed,
            "ms_per_image": 1e3 * step.per_image,
        },
        "interconnect": dataclasses.asdict(interconnect),
        "norms": project(
            exchanges,
            step,
            interconnect,
            replicas=arguments.replicas,
            batch_size=arguments.batch_size,
            replica_batch_size=arguments.replica_batch_size,
        ),
    }


def main() -> None:
    """Prints two tables; writes the figures and the picture that are asked for."""
    arguments = parse_arguments()
    networks = []
    for dataset, model in arguments.networks:
        for model_type in arguments.model_types:
            networks.append(study(model_type, dataset, model, arguments))
            print(f"counted: {networks[-1]['name']}", flush=True)

    from benchmarks.scaling_picture import draw_scaling
    from benchmarks.scaling_report import format_exchanges, format_projections

    print(f"\n{format_exchanges(networks)}\n\n{format_projections(networks)}")
    report = {
        "arguments": {
            name: value
            for name, value in vars(arguments).items()
            if name not in ("json", "picture")
        },
        "networks": networks,
    }
    if arguments.json:
        atomic_write(arguments.json, json.dumps(report, indent=1))
    if arguments.picture:
        atomic_write(arguments.picture, draw_scaling(report))


if __name__ == "__main__":
    main()
