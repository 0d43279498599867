"""The error for a checkpoint that has not the part it was asked for."""

from sact_keras.checkpoints.mismatch import CheckpointMismatchError


class PolicyMismatchError(CheckpointMismatchError):
    """A checkpoint lacks a policy, or the network for one, or has another's.

    Args:
        sentence: The whole message.
        mismatch: What was found; its attributes are this error's, too.

    Example:
        >>> mismatch = CheckpointMismatchError("a.h5", missing=["policy/logits/bias"])
        >>> print(PolicyMismatchError("a.h5 holds no policy network", mismatch))
        a.h5 holds no policy network
    """

    def __init__(self, sentence: str, mismatch: CheckpointMismatchError) -> None:
        super().__init__(
            mismatch.path, mismatch.missing, mismatch.unexpected, mismatch.wrong_shapes
        )
        self.args = (sentence,)
