"""An exported SavedModel beside the compact network in Python that it was made of.

    python -m benchmarks.serving_speed --cases=sact,aig,dynconv --batch_sizes=8,1

Run it from the project's root, on a machine that does nothing else. Networks of
random weights, whose decisions vary, are exported into a temporary directory. The
SavedModel's serving_default, which takes pixels, and `sact_keras.compact(model)`, with
the pixels normalized in a `tf.function` before it, take turns in one process. A
process of its own that knows TensorFlow alone says how long loading takes, and the
first call. The size is that of the whole directory, beside the bytes of the weights.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.command_line import (
    add_counts,
    choices_of,
    list_of,
    make_parser,
    new_file,
    positive,
)
from benchmarks.compact_against_pytorch import CASES, Case
from benchmarks.machine import describe_machine
from sact_keras.files.atomic_write import atomic_write

DECIDING = {"/halting/": 1.0, "/gates/": 3.0, "/maskers/": 0.5}
"""Part of the path of what decides -> the deviation of its random weights."""

# Run by a process that knows nothing of this package.
LOAD = """
import json, resource, sys, time
import tensorflow as tf

directory, *shape = sys.argv[1:]
images = tf.zeros([int(side) for side in shape])
begin = time.perf_counter()
signatures = tf.saved_model.load(directory).signatures
loaded = time.perf_counter()
first = signatures["serving_default"](images=images)["classes"].numpy()
called = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([loaded - begin, called - loaded, peak]))
"""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; ends the program with exit code 2 where it is wrong."""
    parser = make_parser("serving_speed", __doc__)
    parser.add_argument(
        "--cases",
        type=choices_of(*CASES),
        default=list(CASES),
        help=f"comma-separated: {', '.join(CASES)} (default: all)",
    )
    parser.add_argument(
        "--batch_sizes",
        type=list_of(positive),
        default=[8, 1],
        help="images at a time, comma-separated (default: 8,1)",
    )
    add_counts(
        parser,
        rounds=(7, "turns of each"),
        loads=(3, "processes that load a SavedModel, one after the other"),
    )
    parser.add_argument("--json", type=new_file, help="file to write the figures to")
    return parser.parse_args(arguments)


def build(case: Case) -> Any:
    """A network of random weights, whose decisions vary."""
    import keras
    import numpy as np

    import sact_keras

    keras.utils.set_random_seed(0)
    model = sact_keras.build_model(
        case.model_type,
        dataset=case.dataset,
        model=case.model,
        base_channels=case.base_channels,
    )
    rng = np.random.default_rng(0)
    for variable in model.weights:
        for part, deviation in DECIDING.items():
            if part in variable.path and variable.path.endswith(("kernel", "bias")):
                variable.assign(rng.normal(0, deviation, variable.shape))
    return model


def in_python(model: Any, case: Case) -> Callable[[Any], dict[str, Any]]:
    """What serving_default does with pixels, through the compact network in Python."""
    import tensorflow as tf

    import sact_keras
    from sact_keras.data.photograph_preprocessing import get_photograph_preprocessing
    from sact_keras.data.preprocessing import get_preprocessing
    from sact_keras.models.presets import default_preprocessing

    name = default_preprocessing(case.dataset, model.variant, case.model)
    is_photograph = case.dataset == "imagenet"
    get = get_photograph_preprocessing if is_photograph else get_preprocessing
    normalize = tf.function(get(name).normalize, autograph=False)
    fast = sact_keras.compact(model)
    return lambda pixels: fast(normalize(pixels))


def measure_speed(
    serve: Callable[..., dict[str, Any]],
    run: Callable[[Any], dict[str, Any]],
    case: Case,
    batch_size: int,
    rounds: int,
) -> dict[str, Any]:
    """Lets the SavedModel and the network in Python take turns on a batch.

    Args:
        serve: The SavedModel's serving_default.
        run: The network, which takes pixels.
        case: The network's case.
        batch_size: Images at a time.
        rounds: Turns of each.

    Raises:
        AssertionError: If they do not return the same.
    """
    import numpy as np
    import tensorflow as tf

    from sact_keras.benchmarking.turns import describe_times, take_turns

    shape = (batch_size, case.side, case.side, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.float32)
    images = tf.constant(pixels)
    served, expected = serve(images=images), run(images)
    np.testing.assert_allclose(
        served["probabilities"], tf.nn.softmax(expected["logits"]), atol=1e-4
    )
    seconds = take_turns(
        {
            "saved_model": lambda: serve(images=images)["probabilities"].numpy(),
            "python": lambda: run(images)["logits"].numpy(),
        },
        rounds,
    )
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "batch_size": batch_size,
        "num_units": float(np.mean(served["num_units"])),
        "ratio": medians["python"] / medians["saved_model"],
        **{
            name: describe_times(values, batch_size) for name, values in seconds.items()
        },
    }


def measure_loading(directory: Path, side: int, number: int) -> dict[str, float]:
    """Loads the SavedModel in processes of their own; returns medians."""
    command = [sys.executable, "-c", LOAD, str(directory), "1", f"{side}", f"{side}"]
    found = []
    for _ in range(number):
        finished = subprocess.run(
            [*command, "3"], check=True, stdout=subprocess.PIPE, text=True
        )
        found.append(json.loads(finished.stdout))
    names = ("load_seconds", "first_call_seconds", "peak_mib")
    return {
        name: statistics.median(values)
        for name, values in zip(names, zip(*found, strict=True), strict=True)
    }


def measure(
    name: str, batch_sizes: Sequence[int], rounds: int, loads: int
) -> dict[str, Any]:
    """Exports a case's network, and measures all that is measured of it."""
    import tensorflow as tf

    import sact_keras

    case = CASES[name]
    model = build(case)
    weights = sum(variable.value.numpy().nbytes for variable in model.weights)
    with tempfile.TemporaryDirectory() as root:
        directory = Path(sact_keras.export_saved_model(model, root))
        files = [path for path in directory.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        loading = measure_loading(directory, case.side, loads)
        loaded = tf.saved_model.load(directory)
        serve, run = loaded.signatures["serving_default"], in_python(model, case)
        speed = [
            measure_speed(serve, run, case, batch_size, rounds)
            for batch_size in batch_sizes
        ]
    return {
        "case": name,
        "model": case.model,
        "side": case.side,
        "weights_bytes": weights,
        "directory_bytes": size,
        "size_ratio": size / weights,
        **loading,
        "speed": speed,
    }


def describe(result: dict[str, Any]) -> str:
    """Lines about a case."""
    lines = [
        f"{result['case']} {result['model']}, {result['side']}x{result['side']}: "
        f"{result['directory_bytes'] / 1e6:.1f} MB, {result['size_ratio']:.3f} of its "
        f"weights; loaded in {result['load_seconds']:.2f} s, first call "
        f"{result['first_call_seconds']:.2f} s, peak {result['peak_mib']:.0f} MiB"
    ]
    for found in result["speed"]:
        times = ", ".join(
            f"{label} {found[name]['milliseconds']:.1f} ms "
            f"({found[name]['least']:.1f} to {found[name]['most']:.1f})"
            for name, label in (("saved_model", "SavedModel"), ("python", "Python"))
        )
        lines.append(
            f"  batch {found['batch_size']}: {times}; ratio {found['ratio']:.2f}, "
            f"{found['num_units']:.1f} units run"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line asks for, and prints what was found."""
    parsed = parse_arguments(arguments)
    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    facts, results = describe_machine(), []
    print(", ".join(f"{name}: {value}" for name, value in facts.items()), flush=True)
    for name in parsed.cases:
        result = measure(name, parsed.batch_sizes, parsed.rounds, parsed.loads)
        print(describe(result), flush=True)
        results.append(result)
    if parsed.json:
        report = {"machine": facts, "results": results}
        atomic_write(parsed.json, json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
