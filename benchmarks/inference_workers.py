"""Processes that run a network on one batch when told to, and say how long it took."""

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sact_keras.training import environment

WARM_UP_CALLS = 3


@dataclasses.dataclass(frozen=True)
class InferenceWorkload:
    """A network, a batch and masks.

    Attributes:
        model_type: "sact", "dynconv" or "aig".
        dataset: "imagenet", for "aig" "cifar10".
        model: As `sact_keras.build_model` takes it.
        images: [N, H, W, 3], float32.
        masks: One a unit, float32 [N] or [N, h, w].
        num_units: Units of each block.
        num_classes: Number of logits.
        base_channels: The network's width.
        threads: Threads that the arithmetic may use.
    """

    model_type: str
    dataset: str
    model: str
    images: np.ndarray
    masks: list[np.ndarray]
    num_units: tuple[int, ...]
    num_classes: int
    base_channels: int
    threads: int


@dataclasses.dataclass(frozen=True)
class CompactWorker:
    """Runs the network in this project's compact executor."""

    name: str = "compact"

    def prepare(self, workload: InferenceWorkload) -> tuple[Callable, dict]:
        """Returns a function that runs some batches and times them, and facts."""
        environment.import_tensorflow()
        # Only now: TensorFlow reads the environment when it is imported.
        import tensorflow as tf

        import sact_keras

        tf.config.threading.set_intra_op_parallelism_threads(workload.threads)
        model = sact_keras.build_model(
            workload.model_type,
            dataset=workload.dataset,
            model=workload.model,
            base_channels=workload.base_channels,
        )
        fast = sact_keras.compact(model)
        images = tf.constant(workload.images)
        masks = [tf.constant(mask) for mask in workload.masks]
        run = functools.partial(
            _time, lambda: fast(images, masks=masks)["logits"].numpy()
        )
        run(WARM_UP_CALLS)
        return run, {"versions": {"tensorflow": tf.__version__}}


@dataclasses.dataclass(frozen=True)
class PyTorchMaskedWorker:
    """Runs the same network under the same masks in PyTorch, channels last."""

    name: str = "PyTorch masked"

    def prepare(self, workload: InferenceWorkload) -> tuple[Callable, dict]:
        """Returns a function that runs some batches and times them, and facts."""
        import torch

        torch.set_num_threads(workload.threads)
        model, images, masks = in_pytorch(workload)

        def call() -> np.ndarray:
            with torch.inference_mode():
                return model(images, masks).numpy()

        run = functools.partial(_time, call)
        run(WARM_UP_CALLS)
        return run, {"versions": {"torch": torch.__version__}}


def in_pytorch(workload: InferenceWorkload) -> tuple[Any, Any, list[Any]]:
    """The workload for PyTorch, channels last.

    Returns:
        A `MaskedResNet` of random weights, the same ones every time; images,
        [N, 3, H, W]; and masks, [N, 1, h, w] or [N, 1, 1, 1].
    """
    import torch

    from benchmarks.pytorch_masked import MaskedResNet

    torch.manual_seed(0)
    model = MaskedResNet(
        workload.model_type,
        workload.num_units,
        workload.num_classes,
        workload.base_channels,
    )
    images = torch.from_numpy(workload.images).movedim(-1, 1)
    masks = [
        torch.from_numpy(mask).reshape(len(mask), 1, *(mask.shape[1:] or (1, 1)))
        for mask in workload.masks
    ]
    return (
        model.eval().to(memory_format=torch.channels_last),
        images.contiguous(memory_format=torch.channels_last),
        masks,
    )


def _time(call: Callable[[], object], number: int) -> float:
    begin = time.perf_counter()
    for _ in range(number):
        call()
    return time.perf_counter() - begin
