"""Speed of a network at inference, by the number of images run at a time.

    python -m benchmarks.evaluation_batches --image_sizes=64,128,224

Run it from the project's root, on a machine that does nothing else. Random images,
fresh weights, each batch size compiled and warmed up before the clock starts; in each
round all take turns, and every other round runs backwards. It is what
`sact_keras.training.evaluator` goes by.
"""

import argparse
import statistics
import time

ROUNDS = 5


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""

    def integers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.evaluation_batches",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dataset", default="imagenet")
    parser.add_argument("--model_type", default="sact")
    parser.add_argument("--model", default=None, help="default: the data set's")
    parser.add_argument("--image_sizes", type=integers, default=[224])
    parser.add_argument("--batch_sizes", type=integers, default=[1, 2, 8, 32])
    parser.add_argument("--num_images", type=int, default=32, help="a turn")
    return parser.parse_args()


def main() -> None:
    """Measures, and prints a line a size of image."""
    arguments = parse_arguments()
    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    import sact_keras

    model = sact_keras.build_model(
        arguments.model_type, dataset=arguments.dataset, model=arguments.model
    )

    @tf.function(reduce_retracing=False)
    def run(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs = model(images, training=False)
        return outputs["logits"], outputs["flops"]

    for side in arguments.image_sizes:
        images = tf.random.normal((arguments.num_images, side, side, 3), seed=0)
        seconds: dict[int, list[float]] = {size: [] for size in arguments.batch_sizes}
        for size in seconds:
            run(images[:size])
        for turn in range(ROUNDS):
            for size in list(seconds)[:: 1 if turn % 2 == 0 else -1]:
                begin = time.perf_counter()
                for start in range(0, arguments.num_images, size):
                    run(images[start : start + size])
                seconds[size].append(time.perf_counter() - begin)
        speeds = {
            size: arguments.num_images / statistics.median(times)
            for size, times in seconds.items()
        }
        fastest = max(speeds.values())
        figures = ", ".join(
            f"{speed:.1f} ({speed / fastest:.2f}) by {size}"
            for size, speed in speeds.items()
        )
        print(f"{model.name} at {side}x{side}, images/s: {figures}", flush=True)


if __name__ == "__main__":
    main()
