"""What a training's steps take on many replicas, on paper."""

import dataclasses
from collections.abc import Callable, Sequence

from benchmarks.interconnect import Interconnect

MOST_REPLICAS = 2**16
"""Beyond which nobody looks for where scaling ends."""


@dataclasses.dataclass(frozen=True)
class StepTime:
    """What a step takes on one replica: a fixed part, and one for each image.

    Attributes:
        fixed: Seconds, whatever the batch.
        per_image: Seconds.
    """

    fixed: float
    per_image: float

    @classmethod
    def of_measurements(
        cls, first: tuple[int, float], second: tuple[int, float] | None = None
    ) -> "StepTime":
        """The line through two measured steps, or through one and nothing.

        A fixed part is not known of one step, and is taken for none, as is one below 0.

        Args:
            first: (images, seconds).
            second: Of more images, and longer.

        Raises:
            ValueError: If they are not.
        """
        few, short = first
        if second is None:
            return cls(0.0, short / few)
        many, long = second
        if not (few < many and short < long):
            raise ValueError(
                "the second measured step must have more images and take longer. "
                f"Received: {few} images in {short:g} s, {many} in {long:g} s"
            )
        per_image = (long - short) / (many - few)
        return cls(max(0.0, short - few * per_image), per_image)

    def seconds(self, images: float) -> float:
        """A step of so many images."""
        return self.fixed + images * self.per_image


@dataclasses.dataclass(frozen=True)
class Projection:
    """What a training would take on more replicas than there are.

    Nothing overlaps: TensorFlow's strategies add up all gradients at once, when the
    last of them is there. Efficiency is the throughput of R replicas, as a share of R
    times that of one.

    Attributes:
        step: What a step takes on one replica.
        exchanged: Bytes of each all-reduce of a step.
        interconnect: What joins the replicas.
    """

    step: StepTime
    exchanged: Sequence[int]
    interconnect: Interconnect

    def communication_seconds(self, num_replicas: int) -> float:
        """What the all-reduces of a step take."""
        return sum(
            self.interconnect.all_reduce_seconds(num_bytes, num_replicas)
            for num_bytes in self.exchanged
        )

    def weak_efficiency(self, num_replicas: int, images: int) -> float:
        """With the same number of images on each replica: the batch grows."""
        alone = self.step.seconds(images)
        return alone / (alone + self.communication_seconds(num_replicas))

    def strong_efficiency(self, num_replicas: int, batch_size: int) -> float | None:
        """With the same batch, of which each replica has a part.

        Returns:
            In (0, 1], or None where the batch cannot be divided so.
        """
        if batch_size % num_replicas:
            return None
        own = self.step.seconds(batch_size // num_replicas)
        together = own + self.communication_seconds(num_replicas)
        return self.step.seconds(batch_size) / (num_replicas * together)


def replicas_below(
    efficiency: Callable[[int], float | None], share: float = 0.5
) -> int | None:
    """From how many replicas on, in powers of two, efficiency is below a share.

    Args:
        efficiency: Of a number of replicas; None where there is none.
        share: In (0, 1).

    Returns:
        The number, or None if it is not below at as many as can be looked at.
    """
    num_replicas = 2
    while num_replicas <= MOST_REPLICAS:
        found = efficiency(num_replicas)
        if found is None:
            return None
        if found < share:
            return num_replicas
        num_replicas *= 2
    return None
