"""Trains methods one after the other, on the devices of one process or of several.

    python train_methods.py DIRECTORY [--replicas=N] [--seed=N] METHOD...

TF_CONFIG says whether there are several processes. The noise of decisions is the same
number everywhere, so that nothing but rounding may tell one device from many; batches
are of random images, whose features lie near no ReLU's kink for all.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tiny_training import tiny_model, tiny_options

from sact_keras.data.in_memory_dataset import InMemoryDataset, LabelledImages
from sact_keras.training.distribution.check_shares import check_shares
from sact_keras.training.distribution.open_distribution import open_distribution
from sact_keras.training.follow import follow
from sact_keras.training.train import train

NUM_STEPS = 4
BATCH_SIZE = 24


class NoisyDataset(InMemoryDataset):
    """72 + 8 images of noise."""

    def __init__(self, seed):
        super().__init__("shapes", tuple("0123456789"), (32, 32))
        self.seed = seed

    @property
    def num_examples(self):
        return {"train": 72, "test": 8}

    def _read_split(self, split):
        size = self.num_examples[split]
        generator = np.random.default_rng(self.seed)
        images = generator.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        labels = generator.integers(0, 10, size, dtype=np.int32)
        return LabelledImages(tf.constant(images), tf.constant(labels))


def options_of(method, directory, seed, replicas, distribution):
    """Options under which the decisions of a method learn something in a few steps."""
    more = {
        "accumulated": {"model_type": "aig", "accumulate_steps": 2},
        "float16": {"model_type": "sact", "precision": "mixed_float16"},
        "pruned": {
            **{"model_type": "sact", "tau": 0.1, "prune_final_sparsity": 0.75},
            **{"prune_begin_step": 1, "prune_end_step": 3, "prune_frequency": 1},
        },
        "act": {"tau": 0.1},
        "sact": {"tau": 0.1},
        "aig": {"target_rates": "t,0.3,0.5,t"},
        "dynconv": {"budget": 0.5},
        "curriculum": {"model_type": "blockdrop", "stage": "curriculum"},
        "finetune": {"model_type": "blockdrop", "stage": "finetune"},
    }.get(method, {})
    if "stage" in more:
        more["finetune_path"] = str(directory / "start.weights.h5")
    return tiny_options(
        directory / method,
        **{
            "model_type": method,
            "model": "1_2_1",
            "base_channels": 4,
            "batch_size": BATCH_SIZE,
            "max_number_of_steps": NUM_STEPS,
            # Small: what rounding has done is not to grow.
            "learning_rate": 0.001 if "stage" in more else 0.01,
            "eval_interval_steps": 0,
            "seed": seed,
            "num_replicas": replicas,
            "distribution": distribution,
            "sync_batch_norm": True,
            **more,
        },
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--replicas", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--distribution", default="auto")
    parser.add_argument("methods", nargs="+")
    arguments = parser.parse_args()
    how = (arguments.seed, arguments.replicas, arguments.distribution)
    directory = arguments.directory
    distribution = open_distribution(options_of("vanilla", directory, *how))
    keras.random.uniform = lambda shape, seed=None: keras.ops.full(shape, 0.3)
    dataset = NoisyDataset(arguments.seed)
    if distribution.is_chief:
        directory.mkdir(exist_ok=True)
        keras.utils.set_random_seed(arguments.seed)
        tiny_model("blockdrop").save_weights(directory / "start.weights.h5")
    for method in arguments.methods:
        options = options_of(method, directory, *how)
        check_shares(options, dataset, distribution)
        if distribution.is_chief:
            train(options, dataset, distribution)
        else:
            follow(options, dataset, distribution)


if __name__ == "__main__":
    main()
