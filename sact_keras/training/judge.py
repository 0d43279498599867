"""How well logits fit labels."""

import numpy as np


def judge(logits: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Compares each image's logits with its label.

    Args:
        logits: [B, classes], float64.
        labels: [B], integer, in [0, classes).

    Returns:
        "right" (whether the likeliest class is the right one), "rank" (how many classes
        are likelier than the right one; what is not a number counts as likelier) and
        "cross_entropy", [B] each.

    Example:
        >>> logits = np.array([[0.0, 0.0, 9.0], [1.0, 2.0, 0.0]])
        >>> judged = judge(logits, labels=np.array([2, 0]))
        >>> judged["right"].tolist(), judged["rank"].tolist()
        ([True, False], [0, 1])
    """
    labels = labels.astype(np.int64)
    highest = logits.max(axis=1)
    with np.errstate(invalid="ignore"):  # A diverged network's loss is NaN.
        log_sums = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    right = logits[np.arange(len(labels)), labels]
    rank = (~(logits <= right[:, None])).sum(axis=1)
    return {
        "right": logits.argmax(axis=1) == labels,
        "rank": np.where(np.isfinite(right), rank, logits.shape[1]),
        "cross_entropy": log_sums - right,
    }
