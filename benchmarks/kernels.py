"""The kernels for TensorFlow beside the same in Keras' operations.

    python -m benchmarks.kernels

Each is run forwards and backwards on the features of the three blocks of a CIFAR
ResNet, batch 128, the two in turn; so are batch norms of fused moments and of moments
in stages. Then how far the outputs of both are from float64. Run it from the project's
root, on a machine that does nothing else.
"""

import functools
import statistics
import time
from collections.abc import Callable

from sact_keras.training.environment import import_tensorflow, seed_everything

# Where sums are long: CIFAR's first block, and a stem of ImageNet.
LARGE = {"128x32x32x16": (128, 32, 32, 16), "32x112x112x64": (32, 112, 112, 64)}
FEATURES = {"block_1": (32, 16), "block_2": (16, 32), "block_3": (8, 64)}
BATCH_SIZE = 128
ROUNDS = 30


def main() -> None:
    """Prints median milliseconds, the ratios of the medians, and rounding errors."""
    import_tensorflow()
    import keras
    import tensorflow as tf

    from sact_keras.kernels import generic
    from sact_keras.kernels import tensorflow as fused

    seed_everything(0)

    def step(function: Callable[..., tf.Tensor], *arguments: tf.Tensor) -> Callable:
        @tf.function(autograph=False)
        def run() -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(arguments)
                loss = tf.reduce_sum(function(*arguments) ** 2)
            return tape.gradient(loss, arguments)

        return run

    def normalize(kernels: object, **how: bool) -> Callable[..., tf.Tensor]:
        function = functools.partial(kernels.normalize_batch, epsilon=1e-3, **how)
        return lambda x, gamma, beta: function(x, gamma, beta)[0]

    print(f"{'':48} {'first':>8} {'second':>8}  ratio")
    for block, (size, channels) in FEATURES.items():
        x = keras.random.normal((BATCH_SIZE, size, size, channels), seed=0)
        gamma, beta = tf.ones(channels), tf.zeros(channels)
        kernel = keras.random.normal((3, 3, channels, 1), seed=1)
        pairs = {
            "normalize_batch: Keras, kernel": [
                step(normalize(kernels), x, gamma, beta) for kernels in (generic, fused)
            ],
            "normalize_batch: in stages, fused": [
                step(normalize(fused, staged=staged), x, gamma, beta)
                for staged in (True, False)
            ],
            "convolve_to_one_channel: Keras, kernel": [
                step(kernels.convolve_to_one_channel, x, kernel)
                for kernels in (generic, fused)
            ],
        }
        for name, pair in pairs.items():
            slow, fast = medians(pair)
            label = f"{name}, {block}"
            print(f"{label:48} {slow:6.2f}ms {fast:6.2f}ms  {slow / fast:5.2f}")
    print("\nLargest difference from float64, in stages and fused:")
    for shape, sizes in LARGE.items():
        x = keras.random.normal(sizes, mean=1.0, seed=0)
        gamma, beta = tf.ones(sizes[-1]), tf.zeros(sizes[-1])
        double = (tf.cast(value, tf.float64) for value in (x, gamma, beta))
        expected = normalize(generic)(*double)
        errors = [
            tf.reduce_max(
                abs(
                    tf.cast(normalize(fused, staged=staged)(x, gamma, beta), tf.float64)
                    - expected
                )
            )
            for staged in (True, False)
        ]
        print(f"{shape:48} {float(errors[0]):8.1e} {float(errors[1]):8.1e}")


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
