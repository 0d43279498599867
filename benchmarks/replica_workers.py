"""Processes that train on so many replicas and cores, when told to."""

import dataclasses
import os
from collections.abc import Callable

from benchmarks.training_workers import WARM_UP_STEPS, TrainingWorkload, time_steps
from sact_keras.training import environment


@dataclasses.dataclass(frozen=True)
class ReplicaWorker:
    """Trains as `main.py` does: its data, its steps.

    Attributes:
        model_type: As `sact_keras.build_model` takes it.
        replicas: Parts of the CPU that share a batch.
        cores: Cores that the process may use.
        sync_batch_norm: Whether norms see whole batches.
    """

    model_type: str
    replicas: int
    cores: int
    sync_batch_norm: bool = False

    @property
    def name(self) -> str:
        """The configuration, for the report."""
        replicas = f"{self.replicas} replica{'s' * (self.replicas > 1)}"
        cores = f"{self.cores} core{'s' * (self.cores > 1)}"
        norms = ", synchronized norms" if self.sync_batch_norm else ""
        return f"{self.model_type}, {replicas} on {cores}{norms}"

    def prepare(
        self, workload: TrainingWorkload
    ) -> tuple[Callable[[int], float], dict]:
        """Returns a function that trains some steps and times them, and facts."""
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self.cores])
        environment.import_tensorflow()
        # Only now: TensorFlow reads the environment, and counts cores, on its import.
        import keras
        import tensorflow as tf

        from benchmarks.random_images import RandomImages
        from sact_keras.training.build import build_for_training
        from sact_keras.training.distribution.open_distribution import open_distribution
        from sact_keras.training.options import Options
        from sact_keras.training.steps import make_steps, training_batches

        options = Options(
            dataset="cifar10",
            model_type=self.model_type,
            model=str(workload.units),
            batch_size=workload.batch_size,
            num_replicas=self.replicas,
            sync_batch_norm=self.sync_batch_norm,
        )
        options = options.resolve_model().resolve_schedule()
        distribution = open_distribution(options)
        dataset = RandomImages()
        model = build_for_training(options, dataset, distribution)
        batches = training_batches(options, dataset, distribution, start_step=0)

        def train(steps: int) -> float:
            return time_steps(
                lambda callbacks: make_steps(model, batches, steps, callbacks)
            )

        train(WARM_UP_STEPS)
        return train, {
            "replicas": distribution.num_replicas,
            "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        }
