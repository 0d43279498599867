"""The decision of BlockDrop, block by block."""

from collections.abc import Sequence
from typing import Any

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.decision import Decision


@keras.saving.register_keras_serializable(package="sact_keras")
class PolicyDecision(Decision):
    """Runs the units that a policy for the whole network has chosen.

    Wu et al. 2018 (arXiv 1711.08393, section 3.1): all is decided before the first
    unit. A block is handed the part of the policy that is about its own units.

    Example:
        >>> decision = PolicyDecision()
        >>> policy = keras.ops.array([[1.0, 0.0], [1.0, 1.0]])
        >>> features = keras.ops.ones((2, 4, 4, 16))
        >>> state = decision.start(features, policy=policy)
        >>> mask, state = decision.before_unit(1, features, state)
        >>> keras.ops.convert_to_numpy(mask).tolist()
        [0.0, 1.0]
    """

    def start(
        self,
        inputs: Tensor,
        training: bool = False,
        progress: Tensor | float = 0.0,
        noise: Sequence[Tensor] | None = None,
        policy: Tensor | None = None,
    ) -> Tensor:
        """Keeps the policy, [N, units] of zeros and ones.

        Raises:
            ValueError: If there is none.
        """
        del inputs, training, progress, noise
        if policy is None:
            raise ValueError(
                "policy must be given to a block whose units a policy chooses. "
                "Received: policy=None"
            )
        return policy

    def before_unit(
        self, index: int, inputs: Tensor, state: Any, training: bool = False
    ) -> tuple[Tensor, Any]:
        """The unit's column of the policy, [N]."""
        del inputs, training
        return state[:, index], state
