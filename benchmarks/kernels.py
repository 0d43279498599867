"""The kernels for TensorFlow beside the same in Keras' operations.

    python -m benchmarks.kernels

Each is run forwards and backwards on the features of the three blocks of a CIFAR
ResNet, batch 128, the two in turn. Run it from the project's root, on a machine that
does nothing else.
"""

import statistics
import time
from collections.abc import Callable

from sact_keras.training.environment import import_tensorflow, seed_everything

FEATURES = {"block_1": (32, 16), "block_2": (16, 32), "block_3": (8, 64)}
BATCH_SIZE = 128
ROUNDS = 30


def main() -> None:
    """Prints the median milliseconds of each, and the ratio of the medians."""
    import_tensorflow()
    import keras
    import tensorflow as tf

    from sact_keras.kernels import generic
    from sact_keras.kernels import tensorflow as fused

    seed_everything(0)

    def step(function: Callable[..., tf.Tensor], *arguments: tf.Tensor) -> Callable:
        @tf.function
        def run() -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(arguments)
                loss = tf.reduce_sum(function(*arguments) ** 2)
            return tape.gradient(loss, arguments)

        return run

    def normalize(kernels: object) -> Callable[..., tf.Tensor]:
        return lambda x, gamma, beta: kernels.normalize_batch(x, gamma, beta, 1e-3)[0]

    print(f"{'':40} {'Keras':>8} {'kernel':>8}  ratio")
    for block, (size, channels) in FEATURES.items():
        x = keras.random.normal((BATCH_SIZE, size, size, channels), seed=0)
        gamma, beta = tf.ones(channels), tf.zeros(channels)
        kernel = keras.random.normal((3, 3, channels, 1), seed=1)
        pairs = {
            "normalize_batch": [
                step(normalize(kernels), x, gamma, beta) for kernels in (generic, fused)
            ],
            "convolve_to_one_channel": [
                step(kernels.convolve_to_one_channel, x, kernel)
                for kernels in (generic, fused)
            ],
        }
        for name, pair in pairs.items():
            slow, fast = medians(pair)
            label = f"{name}, {block}"
            print(f"{label:40} {slow:6.2f}ms {fast:6.2f}ms  {slow / fast:5.2f}")


def medians(pair: list[Callable[[], object]]) -> list[float]:
    """Median milliseconds of each function, run in turn."""
    times: list[list[float]] = [[] for _ in pair]
    for _ in range(ROUNDS + 3):
        for function, its_times in zip(pair, times, strict=True):
            start = time.perf_counter()
            function()[0].numpy()
            its_times.append(1e3 * (time.perf_counter() - start))
    return [statistics.median(values[3:]) for values in times]


if __name__ == "__main__":
    main()
