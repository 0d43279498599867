"""A model and a data set so small that a test can train them."""

import tensorflow as tf

import sact_keras
from sact_keras.data.in_memory_dataset import InMemoryDataset, LabelledImages
from sact_keras.training.options import Options


class TinyDataset(InMemoryDataset):
    """48 + 24 noisy images whose class is the place of a bright bar."""

    def __init__(self):
        super().__init__("shapes", tuple("0123456789"), (32, 32))

    @property
    def num_examples(self):
        return {"train": 48, "test": 24}

    def _read_split(self, split):
        size = self.num_examples[split]
        labels = tf.range(size) % 10
        noise = tf.random.stateless_uniform(
            (size, 32, 32, 3), seed=(len(split), 0), maxval=60, dtype=tf.int32
        )
        bars = tf.pad(tf.repeat(tf.one_hot(labels, 10), 3, axis=1), [[0, 0], [1, 1]])
        images = noise + 150 * tf.cast(bars, tf.int32)[:, None, :, None]
        return LabelledImages(tf.cast(images, tf.uint8), labels)


def tiny_options(directory, **changes):
    """Resolved options of a run in `directory`."""
    defaults = {
        "dataset": "shapes",
        "model_type": "sact",
        "model": "1",
        "batch_size": 8,
        "eval_batch_size": 16,
        "max_number_of_steps": 6,
        "train_log_dir": str(directory),
        "jit_compile": "false",
    }
    options = Options(**{**defaults, **changes})
    return options.resolve_model().resolve_schedule().resolve_evaluation()


def tiny_model(model_type="sact", **arguments):
    return sact_keras.build_model(
        model_type, **{"model": "1_2_1", "base_channels": 4, **arguments}
    )
