"""Seeds for noise."""

from keras import random

from sact_keras.kernels import distinguish_replica
from sact_keras.kernels.types import Tensor


class ReplicaSeedGenerator(random.SeedGenerator):
    """A `keras.random.SeedGenerator` whose draws differ between replicas.

    Args:
        seed: Its initial seed; None draws one from Keras' global seed.

    Example:
        >>> generator = ReplicaSeedGenerator(seed=1)
        >>> random.uniform((2, 3), seed=generator).shape
        TensorShape([2, 3])
    """

    def next(self, ordered: bool = True) -> Tensor:
        """The seed of the next draw, integers [2]."""
        return distinguish_replica(super().next(ordered))
