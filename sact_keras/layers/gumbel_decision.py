"""What the decisions of ConvNet-AIG and DynConv have in common."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.compute_budget import score_threshold
from sact_keras.layers.decision import Decision
from sact_keras.layers.gumbel import gumbel_noise
from sact_keras.layers.replica_seed_generator import ReplicaSeedGenerator
from sact_keras.layers.style import Style


class GumbelState(NamedTuple):
    """What a Gumbel decision keeps while its block runs.

    Attributes:
        progress: Share of the training that is done, float32.
        noise: What to take instead of drawing; None draws.
        threshold: What scores have to reach, [N]; None for 0.
        probabilities: Of the units so far to run, [N] each; None for always.
    """

    progress: Tensor
    noise: Sequence[Tensor] | None
    threshold: Tensor | None = None
    probabilities: tuple[Tensor | None, ...] = ()


class GumbelDecision(Decision):
    """Base of the decisions that add Gumbel noise to scores, and then threshold them.

    One mechanism at two resolutions: subclasses say what is scored, images or
    positions, and when noise is drawn (see `sact_keras.layers.gumbel`).

    Args:
        noise_until: Share of the training after which decisions are made without
            noise, in [0, 1].
        seed: Of the noise; None draws one from Keras' global seed.
        style: The family's numerical conventions, or their config.

    Attributes:
        noise_epsilon: The epsilon of the noise, which bounds it.

    Raises:
        ValueError: If `noise_until` is not in [0, 1].
    """

    noise_epsilon: float
    takes_budget = True

    def __init__(
        self,
        noise_until: float,
        seed: int | None,
        *,
        style: Style | dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= noise_until <= 1:
            raise ValueError(
                f"noise_until must be in [0, 1]. Received: noise_until={noise_until}"
            )
        self.noise_until = noise_until
        self.seed = seed
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.style = Style(**style) if isinstance(style, dict) else style

    def start(
        self,
        inputs: Tensor,
        training: bool = False,
        progress: Tensor | float = 0.0,
        noise: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> GumbelState:
        """Keeps the noise, how far the training is, and a budget's threshold."""
        del inputs, training
        progress = keras.ops.convert_to_tensor(progress, "float32")
        if compute_budget is None:
            return GumbelState(progress, noise)
        return GumbelState(progress, noise, score_threshold(compute_budget))

    def noise(self, index: int, shape: Sequence[Any], state: GumbelState) -> Tensor:
        """Gumbel noise of the unit at `index`, float32 in `shape`: given, or drawn."""
        if state.noise is None:
            uniform = keras.random.uniform(shape, seed=self.seed_generator)
        else:
            uniform = state.noise[index]
        return gumbel_noise(uniform, self.noise_epsilon)

    def is_noisy(self, state: GumbelState) -> Tensor:
        """Whether a training that is so far still has noise."""
        return state.progress <= self.noise_until

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "noise_until": self.noise_until,
            "seed": self.seed,
            "style": self.style.get_config(),
        }
