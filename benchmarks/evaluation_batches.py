"""Speed of a network at inference, by the number of images run at a time.

    python -m benchmarks.evaluation_batches --image_sizes=64,128,224

Run it from the project's root, on a machine that does nothing else. Random images,
fresh weights, each batch size compiled and warmed up before the clock starts; in each
round all take turns, and every other round runs backwards. It is what
`sact_keras.training.image_groups` goes by.
"""

import argparse
import functools
import statistics

from benchmarks.command_line import add_counts, list_of, make_parser, positive

ROUNDS = 5


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser("evaluation_batches", __doc__)
    parser.add_argument("--dataset", default="imagenet")
    parser.add_argument("--model_type", default="sact")
    parser.add_argument("--model", default=None, help="default: the data set's")
    parser.add_argument("--image_sizes", type=list_of(positive), default=[224])
    parser.add_argument("--batch_sizes", type=list_of(positive), default=[1, 2, 8, 32])
    add_counts(parser, num_images=(32, "a turn"))
    return parser.parse_args()


def main() -> None:
    """Measures, and prints a line a size of image."""
    arguments = parse_arguments()
    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    import sact_keras
    from sact_keras.benchmarking.turns import take_turns

    model = sact_keras.build_model(
        arguments.model_type, dataset=arguments.dataset, model=arguments.model
    )

    @tf.function(autograph=False, reduce_retracing=False)
    def run(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs = model(images, training=False)
        return outputs["logits"], outputs["flops"]

    def run_all(images: tf.Tensor, size: int) -> None:
        for start in range(0, len(images), size):
            run(images[start : start + size])

    for side in arguments.image_sizes:
        images = tf.random.normal((arguments.num_images, side, side, 3), seed=0)
        turns = {
            str(size): functools.partial(run_all, images, size)
            for size in arguments.batch_sizes
        }
        for turn in turns.values():
            turn()
        speeds = {
            size: len(images) / statistics.median(seconds)
            for size, seconds in take_turns(turns, ROUNDS, turn_seconds=0).items()
        }
        fastest = max(speeds.values())
        figures = ", ".join(
            f"{speed:.1f} ({speed / fastest:.2f}) by {size}"
            for size, speed in speeds.items()
        )
        print(f"{model.name} at {side}x{side}, images/s: {figures}", flush=True)


if __name__ == "__main__":
    main()
