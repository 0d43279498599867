"""Processes that train some steps when told to, and say how long they took."""

import dataclasses
import os
import time
from collections.abc import Callable

import numpy as np

from sact_keras.training import environment

BATCHES = 4  # Random batches in memory, taken in turn.
WARM_UP_STEPS = 3


@dataclasses.dataclass(frozen=True)
class TrainingWorkload:
    """What every worker trains.

    Attributes:
        batch_size: Images a step.
        units: Units in each of the three blocks.
        threads: Threads that the arithmetic may use.
    """

    batch_size: int
    units: int
    threads: int

    def images(self) -> np.ndarray:
        """Standard normal images, [BATCHES, batch_size, 32, 32, 3], float32."""
        shape = (BATCHES, self.batch_size, 32, 32, 3)
        return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)

    def labels(self) -> np.ndarray:
        """Labels of ten classes, [BATCHES, batch_size], int32."""
        shape = (BATCHES, self.batch_size)
        return np.random.default_rng(1).integers(10, size=shape, dtype=np.int32)


@dataclasses.dataclass(frozen=True)
class KerasWorker:
    """Trains one of this project's models with `fit`, on TensorFlow.

    The environment is the one that `main.py` prepares, but for what is set here.

    Attributes:
        model_type: As `sact_keras.build_model` takes it, or "masked", which is vanilla
            under random masks of positions.
        onednn: "on", "off", or "auto" for what `main.py` chooses.
        jit_compile: Whether XLA compiles the training step: likewise.
    """

    model_type: str
    onednn: str
    jit_compile: str

    @property
    def name(self) -> str:
        """The configuration, for the report."""
        return f"{self.model_type}, oneDNN {self.onednn}, jit {self.jit_compile}"

    def prepare(
        self, workload: TrainingWorkload
    ) -> tuple[Callable[[int], float], dict]:
        """Returns a function that trains some steps and times them, and facts."""
        if self.onednn != "auto":
            os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1" if self.onednn == "on" else "0"
        environment.import_tensorflow()
        # Only now: TensorFlow reads the environment when it is imported.
        import keras
        import tensorflow as tf

        import sact_keras
        from benchmarks import random_masks

        random_masks.register()
        tf.config.threading.set_intra_op_parallelism_threads(workload.threads)
        environment.seed_everything(0)
        model = sact_keras.build_model(
            self.model_type, dataset="cifar10", model=str(workload.units)
        )
        model.compile(
            optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            jit_compile=environment.choose_jit_compile(
                {"on": "true", "off": "false"}.get(self.jit_compile, "auto")
            ),
        )
        arrays = (workload.images(), workload.labels())
        batches = tf.data.Dataset.from_tensor_slices(arrays).repeat()

        def train(steps: int) -> float:
            return time_steps(
                lambda callbacks: model.fit(
                    batches,
                    steps_per_epoch=steps,
                    shuffle=False,
                    verbose=0,
                    callbacks=callbacks,
                )
            )

        train(WARM_UP_STEPS)
        weights = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
        return train, {
            "trainable_weights": weights,
            "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
            # What was asked for is not always what runs: Keras may refuse XLA.
            "oneDNN": os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "1",
            "XLA": bool(model.jit_compile),
        }


def time_steps(fit: Callable[[list], object]) -> float:
    """The seconds that a `fit` spends on its steps alone.

    When the last is done TensorFlow may take a second over the data set's iterator,
    whatever was trained.

    Args:
        fit: Calls `fit` with these callbacks.
    """
    import keras

    clock: dict[str, float] = {}
    stopwatch = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: clock.setdefault(
            "start", time.perf_counter()
        ),
        on_train_batch_end=lambda batch, logs: clock.update(end=time.perf_counter()),
    )
    fit([stopwatch])
    return clock["end"] - clock["start"]


@dataclasses.dataclass(frozen=True)
class PyTorchWorker:
    """Trains the equivalent vanilla ResNet in PyTorch, eagerly.

    Attributes:
        channels_last: Whether images and weights lie in memory as NHWC.
    """

    channels_last: bool

    @property
    def name(self) -> str:
        """The configuration, for the report."""
        return f"PyTorch vanilla, {'channels_last' if self.channels_last else 'plain'}"

    def prepare(
        self, workload: TrainingWorkload
    ) -> tuple[Callable[[int], float], dict]:
        """Returns a function that trains some steps and times them, and facts."""
        import torch

        from benchmarks import pytorch_resnet32

        torch.set_num_threads(workload.threads)
        torch.manual_seed(0)
        memory_format = (
            torch.channels_last if self.channels_last else torch.contiguous_format
        )
        model = pytorch_resnet32.ResNet(workload.units).to(memory_format=memory_format)
        optimizer = pytorch_resnet32.optimizer(model)
        batches = [
            (images.contiguous(memory_format=memory_format), labels)
            for images, labels in zip(
                torch.from_numpy(workload.images()).movedim(-1, -3),
                torch.from_numpy(workload.labels()).long(),
                strict=True,
            )
        ]
        model.train()

        def train(steps: int) -> float:
            start = time.perf_counter()
            for step in range(steps):
                images, labels = batches[step % BATCHES]
                optimizer.zero_grad(set_to_none=True)
                torch.nn.functional.cross_entropy(model(images), labels).backward()
                optimizer.step()
            return time.perf_counter() - start

        train(WARM_UP_STEPS)
        weights = sum(parameter.numel() for parameter in model.parameters())
        return train, {
            "trainable_weights": weights,
            "versions": {"torch": torch.__version__},
            "oneDNN": torch.backends.mkldnn.is_available(),
            "XLA": False,
        }
