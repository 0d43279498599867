"""Peak memory of evaluating a network.

    python -m benchmarks.evaluation_memory
    python -m benchmarks.evaluation_memory --predict

Evaluates random images with random weights in a process of its own, as the driver
does (with `--predict` as `model.predict` does, whole batches at once), and prints the
largest resident set that the process ever had.
"""

import argparse
import resource
import time

from benchmarks.command_line import make_parser

GIB = 2**30


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser("evaluation_memory", __doc__)
    parser.add_argument("--dataset", default="imagenet")
    parser.add_argument("--model_type", default="sact")
    parser.add_argument("--model", default=None)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--num_batches", type=int, default=3)
    parser.add_argument("--image_size", type=int, default=224)
    parser.add_argument("--predict", action="store_true")
    return parser.parse_args()


def peak_memory() -> float:
    """The process's largest resident set so far, in GiB."""
    # Linux counts it in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def main() -> None:
    """Evaluates, and prints what it took."""
    arguments = parse_arguments()
    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    import numpy as np

    import sact_keras
    from sact_keras.training.environment import choose_jit_compile
    from sact_keras.training.evaluator import Evaluator

    imported = peak_memory()
    model = sact_keras.build_model(
        arguments.model_type, dataset=arguments.dataset, model=arguments.model
    )
    built = peak_memory()
    evaluator = Evaluator(
        model, arguments.batch_size, jit_compile=choose_jit_compile(), recall_at=5
    )
    side, count = arguments.image_size, arguments.batch_size
    rng = np.random.default_rng(0)

    def random_batch() -> tuple[np.ndarray, np.ndarray]:
        images = rng.normal(size=(count, side, side, 3)).astype("float32")
        return images, rng.integers(model.num_classes, size=count)

    begin = time.perf_counter()
    if arguments.predict:
        for _ in range(arguments.num_batches):
            model.predict(random_batch()[0], batch_size=count, verbose=0)
    else:
        evaluator(random_batch() for _ in range(arguments.num_batches))
    seconds = time.perf_counter() - begin
    images = arguments.num_batches * count
    print(
        f"{model.name}, batch {count} at {side}x{side}: peak {peak_memory():.2f} GiB "
        f"({imported:.2f} imported, {built:.2f} built); {images / seconds:.1f} "
        "images/s, tracing included"
    )


if __name__ == "__main__":
    main()
