"""Which policies images run under, and how many blocks these use."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from numpy.typing import ArrayLike

from sact_keras.losses import policy_reward
from sact_keras.models.policy_method import penalty_of


class PolicyUsage:
    """The policies of the images evaluated, as BlockDrop's authors sum them up.

    A policy says of each block whether an image runs it (Wu et al. 2018, arXiv
    1711.08393, section 3); the paper's blocks are the residual units of a network here.
    Images go by their places in the order in which they were added, from 0. Where
    images or policies tie, the first come goes first.

    A bit is kept for each block of an image, and a byte besides: 300 kB for the 50,000
    of ImageNet under policies of 33 blocks.

    Args:
        num_units: Residual units of each of the network's blocks (the paper's
            segments).
        penalty: Reward of a wrong classification, see `policy_reward`.

    Example:
        >>> usage = PolicyUsage((1, 2), penalty=-5.0)
        >>> usage.add([[1, 0, 0], [1, 1, 0], [1, 0, 0]], right=[True, True, False])
        >>> usage.num_unique, usage.blocks_used.tolist()
        (2, [1, 2, 1])
        >>> policies, counts = usage.commonest(1)
        >>> policies.astype(int).tolist(), counts.tolist()
        ([[1, 0, 0]], [2])
        >>> usage.hardest(2).tolist()
        [1, 0]
    """

    def __init__(self, num_units: Sequence[int], penalty: float) -> None:
        self.num_units = tuple(num_units)
        self.penalty = penalty
        self._packed: list[np.ndarray] = []
        self._right: list[np.ndarray] = []

    @classmethod
    def of(cls, model: keras.Model) -> "PolicyUsage | None":
        """The usage, still of no image, of a model; None where it has no policy."""
        if model.policy is None:
            return None
        return cls(model.num_units, penalty_of(model.arguments))

    def add(self, policies: ArrayLike, right: ArrayLike) -> None:
        """Counts images in.

        Args:
            policies: Zeros and ones, [N, units]: whether the image runs the unit.
            right: Whether the image was classified right, [N].

        Raises:
            ValueError: If `policies` has another shape, or other values.
        """
        policies, right = np.asarray(policies), np.asarray(right, bool)
        shape = (*right.shape, sum(self.num_units))
        if policies.shape != shape:
            raise ValueError(
                f"`policies` must have shape [N, units], here {list(shape)}. "
                f"Received: policies of shape {list(policies.shape)}"
            )
        if not np.isin(policies, (0, 1)).all():
            raise ValueError(
                "`policies` must hold zeros and ones. Received: values from "
                f"{policies.min()} to {policies.max()}"
            )
        self._packed.append(np.packbits(policies != 0, axis=1))
        self._right.append(right)

    @property
    def policies(self) -> np.ndarray:
        """Each image's policy, bool [N, units]."""
        return self._unpack(np.concatenate(self._packed))

    @property
    def blocks_used(self) -> np.ndarray:
        """How many blocks each image runs, int64 [N]."""
        return self.policies.sum(axis=1)

    @property
    def unit_usage(self) -> np.ndarray:
        """The share of the images that run each unit, [units]."""
        return self.policies.mean(axis=0)

    @property
    def num_unique(self) -> int:
        """How many different policies there are."""
        return len(np.unique(np.concatenate(self._packed), axis=0))

    @property
    def values(self) -> dict[str, float]:
        """The numbers of an evaluation, by name.

        The mean reward, the number of different policies, and the mean and the
        standard deviation of the blocks used. The deviation is as the original has it,
        with a divisor of n - 1; that of one image is 0.
        """
        used = self.blocks_used
        rewards = policy_reward(
            self.policies, np.concatenate(self._right), self.penalty
        )
        return {
            "eval/Reward": float(np.mean(rewards, dtype=np.float64)),
            "eval/Block_Usage": float(used.mean()),
            "eval/Block_Usage_std": float(used.std(ddof=1)) if len(used) > 1 else 0.0,
            "eval/Unique_Policies": self.num_unique,
        }

    def commonest(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The policies of the most images.

        Args:
            count: How many of them; there may be fewer.

        Returns:
            The policies, bool [k, units], and the number of images of each, [k].
        """
        packed, first, counts = np.unique(
            np.concatenate(self._packed), axis=0, return_index=True, return_counts=True
        )
        order = np.lexsort([first, -counts])[:count]
        return self._unpack(packed[order]), counts[order]

    def examples(self, policy: ArrayLike, count: int) -> np.ndarray:
        """The first images with a policy, `count` at most."""
        has_it = (self.policies == np.asarray(policy, bool)).all(axis=1)
        return np.flatnonzero(has_it)[:count]

    def easiest(self, count: int) -> np.ndarray:
        """The images that run the fewest blocks, from the fewest on."""
        return np.argsort(self.blocks_used, kind="stable")[:count]

    def hardest(self, count: int) -> np.ndarray:
        """The images that run the most blocks, from the most on."""
        return np.argsort(-self.blocks_used, kind="stable")[:count]

    def _unpack(self, packed: np.ndarray) -> np.ndarray:
        return np.unpackbits(packed, axis=1, count=sum(self.num_units)).astype(bool)


def format_policy_usage(values: Mapping[str, float]) -> str:
    """What the original's test.py reports of an evaluation, in its format.

    Args:
        values: The numbers of an evaluation, by name.

    Example:
        >>> values = {"eval/Accuracy": 0.9375, "eval/Unique_Policies": 3}
        >>> values |= {"eval/Block_Usage": 8.5, "eval/Block_Usage_std": 2.125}
        >>> values |= {"Total Flops/mean": 9.26e7, "Total Flops/std": 1.25e7}
        >>> print(format_policy_usage(values))
        Accuracy: 0.938
        Block Usage: 8.500 ± 2.125
        FLOPs/img: 9.26E+07 ± 1.25E+07
        Unique Policies: 3
    """
    return (
        "Accuracy: {eval/Accuracy:.3f}\n"
        "Block Usage: {eval/Block_Usage:.3f} ± {eval/Block_Usage_std:.3f}\n"
        "FLOPs/img: {Total Flops/mean:.2E} ± {Total Flops/std:.2E}\n"
        "Unique Policies: {eval/Unique_Policies}"
    ).format_map(values)
