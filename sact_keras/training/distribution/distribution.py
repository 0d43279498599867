"""On which devices a training runs."""

import contextlib
import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Distribution:
    """The devices that train together, and this process' part in it.

    Each device has a replica of the network and sees its part of each batch; the
    gradients are added up. So the batch, the learning rate and the steps mean the same
    at any number of replicas.

    Attributes:
        strategy: TensorFlow's; None for one device and nothing to share.
        num_workers: How many processes train together.
        worker: This process' place among them. The first is the chief: it alone reads
            checkpoints, and writes.

    Example:
        >>> alone = Distribution()
        >>> alone.num_replicas, alone.is_chief
        (1, True)
    """

    strategy: tf.distribute.Strategy | None = None
    num_workers: int = 1
    worker: int = 0

    @property
    def num_replicas(self) -> int:
        """The replicas of all processes."""
        return 1 if self.strategy is None else self.strategy.num_replicas_in_sync

    @property
    def num_local_replicas(self) -> int:
        """The replicas of this process."""
        return self.num_replicas // self.num_workers

    @property
    def is_chief(self) -> bool:
        """Whether this is the process that reads checkpoints, and writes."""
        return self.worker == 0

    def scope(self) -> contextlib.AbstractContextManager:
        """Within it variables are made for all replicas."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def describe(self) -> str:
        """What a user is told of it.

        Example:
            >>> Distribution().describe()
            'one device'
        """
        if self.num_replicas == 1:
            return "one device"
        if self.num_workers == 1:
            return f"{self.num_replicas} replicas"
        return (
            f"{self.num_replicas} replicas of {self.num_workers} processes, of which "
            f"this is number {self.worker}"
        )


ALONE = Distribution()
"""One device, and nobody to share with."""
