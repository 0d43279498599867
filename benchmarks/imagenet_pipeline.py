"""ImageNet's input pipeline beside the decoding of its JPEGs alone.

    python -m benchmarks.imagenet_pipeline --dataset_dir=../shared/data/slim/imagenet
    python -m benchmarks.imagenet_pipeline --dataset_dir=... --long_side=500

Everything takes turns in each round: all JPEGs decoded whole, from memory, by as many
threads; the batches of evaluation and of training, from records on disk; and, for
comparison, what evaluation would take if it decoded each image whole, and if it
decoded large ones at a reduced scale (which changes the numbers). Run it from the
project's root, on a machine that does nothing else.

With `--long_side=500` the photographs are enlarged first, and given grain, so that they
have about the size in pixels and in bytes of ImageNet's: 500x375 or so, and 6.7 GB for
the 50,000 of the validation split.
"""

import argparse
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Goes through all images; returns their number, and when the last had come: TensorFlow
# may take a fifth of a second to let go of a stream that has ended.
Turn = Callable[[], tuple[int, float]]

_QUALITY = 96
_GRAIN = 20


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dataset_dir", help="default: as main.py")
    parser.add_argument("--split", default="validation")
    parser.add_argument(
        "--num_images", type=int, default=960, help="in a turn; repeated if fewer"
    )
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--image_size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--long_side", type=int, help="enlarge to so many pixels")
    return parser.parse_args(arguments)


def enlarge(encoded: bytes, long_side: int) -> bytes:
    """Returns a JPEG enlarged, with grain as a camera's."""
    image = Image.open(io.BytesIO(encoded)).convert("RGB")
    scale = long_side / max(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    pixels = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.int16)
    grain = np.random.default_rng(0).integers(-_GRAIN, _GRAIN + 1, pixels.shape[:2])
    noisy = np.clip(pixels + grain[..., np.newaxis], 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def write_records(directory: Path, encoded: Sequence[bytes]) -> None:
    """Writes JPEGs as both splits of a data set in TF-Slim's format."""
    import tensorflow as tf

    file = directory / "validation-00000-of-00001"
    with tf.io.TFRecordWriter(str(file)) as writer:
        for image in encoded:
            example = tf.train.Example()
            features = example.features.feature
            features["image/encoded"].bytes_list.value.append(image)
            features["image/class/label"].int64_list.value.append(1)
            writer.write(example.SerializeToString())
    (directory / "train-00000-of-00001").symlink_to(file)


def read_images(dataset_dir: str | None, split: str) -> Iterator[bytes]:
    """Yields a split's encoded images."""
    from sact_keras.data.image_records import read_in_order
    from sact_keras.data.imagenet_features import FEATURES
    from sact_keras.data.imagenet_files import find_imagenet, find_shards
    from sact_keras.data.record_index import index_records

    files = find_imagenet(dataset_dir)
    if files is None:
        raise SystemExit(f"There is no ImageNet in {dataset_dir or 'the usual places'}")
    index = index_records(find_shards(files, split), description="Looking up")
    for _, record in read_in_order(index):
        yield FEATURES[files.format].parse(record)[0].numpy()


def make_turns(
    directory: Path, encoded: Sequence[bytes], arguments: argparse.Namespace
) -> dict[str, Turn]:
    """Returns what takes turns."""
    import tensorflow as tf

    from sact_keras.data import open_dataset
    from sact_keras.data.image_decoding import decode_window

    dataset = open_dataset("imagenet", str(directory), image_size=arguments.image_size)
    in_memory = tf.data.Dataset.from_tensor_slices(list(encoded))
    batch_size = arguments.batch_size

    def on_threads(function: Callable[[tf.Tensor], tf.Tensor]) -> tf.data.Dataset:
        options = tf.data.Options()
        options.experimental_optimization.apply_default_optimizations = False
        mapped = in_memory.map(
            function, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        return mapped.batch(batch_size).prefetch(tf.data.AUTOTUNE).with_options(options)

    def first_value(image: tf.Tensor) -> tf.Tensor:
        return tf.reshape(image, [-1])[0]  # Images of many sizes make no batch.

    def finish(image: tf.Tensor) -> tf.Tensor:
        resized = tf.raw_ops.ResizeBilinear(
            images=tf.cast(image, tf.float32)[tf.newaxis],
            size=[arguments.image_size] * 2,
        )
        return resized[0] * (2 / 255) - 1

    def whole(jpeg: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_jpeg(jpeg, channels=3)
        margin = tf.shape(image)[:2] // 16
        return finish(
            tf.slice(
                image,
                tf.pad(margin, [[0, 1]]),
                tf.shape(image) - tf.pad(2 * margin, [[0, 1]]),
            )
        )

    def scaled(jpeg: tf.Tensor) -> tf.Tensor:
        def middle(shape: tf.Tensor) -> tf.Tensor:
            return tf.concat([shape // 16, shape - 2 * (shape // 16)], axis=0)

        return finish(decode_window(jpeg, middle, min_size=arguments.image_size))

    steps = len(encoded) // batch_size
    streams = {
        "decoding alone": on_threads(
            lambda jpeg: first_value(tf.io.decode_jpeg(jpeg, channels=3))
        ),
        "evaluation": dataset.evaluation_batches(batch_size).map(lambda x, _: x),
        "training": dataset.training_batches(batch_size, seed=0)
        .map(lambda x, _: x)
        .take(steps),
        "evaluation, decoding whole, from memory": on_threads(whole),
        "evaluation, decoding scaled, from memory": on_threads(scaled),
    }

    def turn(stream: tf.data.Dataset) -> Turn:
        def run() -> tuple[int, float]:
            count, end = 0, 0.0
            for batch in stream:
                count += len(batch)
                end = time.perf_counter()
            return count, end

        return run

    return {name: turn(stream) for name, stream in streams.items()}


class Measured(NamedTuple):
    """What one turn took.

    Attributes:
        rate: images a second.
        work: processor time an image, on all cores together, in microseconds. Unlike
            the rate it hardly depends on what else the machine does.
    """

    rate: float
    work: float


def measure(turns: dict[str, Turn], rounds: int) -> dict[str, list[Measured]]:
    """Returns what each turn of each took, after one to warm up."""
    results: dict[str, list[Measured]] = {name: [] for name in turns}
    for turn in turns.values():
        turn()
    for number in range(rounds):
        # Every other round the other way round: what is slow comes after each.
        order = list(turns) if number % 2 == 0 else list(turns)[::-1]
        for name in order:
            start, work = time.perf_counter(), time.process_time()
            count, end = turns[name]()
            work = time.process_time() - work
            results[name].append(Measured(count / (end - start), work / count * 1e6))
    return results


def report(results: dict[str, list[Measured]]) -> str:
    """Returns a line for each: medians, range, and the rate's share of the first's."""
    lines = []
    reference = None
    for name, turns in results.items():
        rates = [turn.rate for turn in turns]
        rate = statistics.median(rates)
        work = statistics.median(turn.work for turn in turns)
        reference = reference or (rate, work)
        lines.append(
            f"{name:41} {rate:6,.0f} images/s ({min(rates):,.0f} to {max(rates):,.0f}),"
            f" {rate / reference[0]:.2f} of decoding alone; {work:5,.0f} us of work an"
            f" image, {reference[1] / work:.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Prints the rates."""
    arguments = parse_arguments()
    encoded = list(read_images(arguments.dataset_dir, arguments.split))
    if arguments.long_side is not None:
        encoded = [enlarge(image, arguments.long_side) for image in encoded]
    repeats = -(-arguments.num_images // len(encoded))
    encoded = (encoded * repeats)[: arguments.num_images]
    sizes = [Image.open(io.BytesIO(image)).size for image in encoded]
    print(
        f"{os.cpu_count()} CPUs; {len(encoded)} images of "
        f"{np.mean([len(image) for image in encoded]) / 1000:.0f} kB and "
        f"{np.mean([width * height for width, height in sizes]) / 1000:.0f} thousand "
        "pixels, on average"
    )
    with tempfile.TemporaryDirectory() as directory:
        write_records(Path(directory), encoded)
        turns = make_turns(Path(directory), encoded, arguments)
        print(report(measure(turns, arguments.rounds)))


if __name__ == "__main__":
    main()
