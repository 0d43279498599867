"""Measures how many training images a second the input pipeline alone delivers.

    python benchmarks/input_pipeline.py --dataset_dir=../shared/data/tfds

One line for each data set that is held in memory and is at hand (the built-in shapes
always are), with the median and the range of several runs. Augmentation and
preprocessing are included, the one-time reading of the files is timed apart. Let
nothing else run meanwhile. ImageNet has a benchmark of its own.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sact_keras import provenance
from sact_keras.data import PREPROCESSING, ImageDataset, open_dataset
from sact_keras.data.cifar_files import find_cifar


def images_per_second(
    dataset: ImageDataset, batch_size: int, steps: int, preprocessing: str
) -> float:
    """Returns the rate over `steps` batches, after as many to warm up."""
    batches = iter(
        dataset.training_batches(batch_size, seed=0, preprocessing=preprocessing)
    )
    for _ in range(steps):
        next(batches)
    # Batches made in advance during the warm-up are far fewer than the steps timed.
    start = time.perf_counter()
    for _ in range(steps):
        next(batches)
    return batch_size * steps / (time.perf_counter() - start)


def main() -> None:
    """Prints a line for each data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset_dir", help="where CIFAR is; default: as main.py")
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=1000, help="timed in each run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--preprocessing", default="sact", choices=PREPROCESSING)
    arguments = parser.parse_args()

    print(f"{os.cpu_count()} CPUs, {provenance.processor()}")
    for name in ("cifar10", "cifar100", "shapes"):
        if name != "shapes" and find_cifar(name, arguments.dataset_dir) is None:
            print(f"{name:8} not at hand")
            continue
        dataset = open_dataset(name, arguments.dataset_dir)
        start = time.perf_counter()
        dataset.training_batches(1, seed=0)  # Reads the training split.
        seconds = time.perf_counter() - start
        rates = [
            images_per_second(
                dataset, arguments.batch_size, arguments.steps, arguments.preprocessing
            )
            for _ in range(arguments.runs)
        ]
        print(
            f"{name:8} {statistics.median(rates):9,.0f} images/s "
            f"({min(rates):,.0f} to {max(rates):,.0f} in {len(rates)} runs), "
            f"{dataset.num_examples['train']:,} examples read in {seconds:.1f} s"
        )


if __name__ == "__main__":
    main()
