"""How long replicas take to add up values that each of them has."""

import dataclasses
import math

ALGORITHMS = ("ring", "tree", "best")


@dataclasses.dataclass(frozen=True)
class Link:
    """What joins two replicas.

    Attributes:
        bandwidth: Bytes a second, in each direction.
        latency: Seconds until the first byte has come.
    """

    bandwidth: float
    latency: float


@dataclasses.dataclass(frozen=True)
class Interconnect:
    """What joins the replicas of a training.

    An all-reduce of n bytes over R replicas on M machines is modelled in two ways:

    - A ring. The values go round twice, in R pieces: over R - 1 hops each time, of
      which M - 1 lie between machines. Each replica sends 2 (R - 1) / R n bytes.
    - A tree, of the replicas of each machine and of the machines. The values go up and
      down, in small pieces one behind the other. Each replica sends at most 2 n bytes.

    The bytes take the time that the slowest link on the way needs for them.

    Attributes:
        near: Between replicas of one machine.
        far: Between machines; all replicas of one share it.
        replicas_per_machine: How many, at least 1.
        algorithm: "ring", "tree", or "best" for the faster, as NCCL chooses.
    """

    near: Link = Link(300e9, 10e-6)
    far: Link = Link(25e9, 30e-6)
    replicas_per_machine: int = 8
    algorithm: str = "best"

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise ValueError(
                f"algorithm must be one of {', '.join(ALGORITHMS)}. "
                f"Received: algorithm={self.algorithm!r}"
            )

    def all_reduce_seconds(self, num_bytes: float, num_replicas: int) -> float:
        """How long one all-reduce takes; nothing for a single replica.

        Args:
            num_bytes: What each replica has.
            num_replicas: R, on as few machines as hold them.
        """
        if num_replicas == 1:
            return 0.0
        seconds = {
            "ring": self._ring_seconds(num_bytes, num_replicas),
            "tree": self._tree_seconds(num_bytes, num_replicas),
        }
        return (
            min(seconds.values())
            if self.algorithm == "best"
            else seconds[self.algorithm]
        )

    def _ring_seconds(self, num_bytes: float, num_replicas: int) -> float:
        machines = self._machines(num_replicas)
        hops = (num_replicas - machines) * self.near.latency
        hops += (machines - 1) * self.far.latency
        sent = (num_replicas - 1) / num_replicas * num_bytes
        return 2 * (hops + sent / self._bandwidth(machines))

    def _tree_seconds(self, num_bytes: float, num_replicas: int) -> float:
        machines = self._machines(num_replicas)
        within = min(num_replicas, self.replicas_per_machine)
        hops = math.ceil(math.log2(within)) * self.near.latency
        hops += math.ceil(math.log2(machines)) * self.far.latency
        return 2 * (hops + num_bytes / self._bandwidth(machines))

    def _machines(self, num_replicas: int) -> int:
        return math.ceil(num_replicas / self.replicas_per_machine)

    def _bandwidth(self, machines: int) -> float:
        return (self.near if machines == 1 else self.far).bandwidth
