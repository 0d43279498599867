"""The heatmap summary: an image beside the places where its units ran."""

from collections.abc import Sequence

import numpy as np

IMAGE_WEIGHT = 0.25
HEAT_WEIGHT = 0.75

# Ponder costs are sums of float32 remainders: rounding may pass the maximum.
ROUNDING = 1e-4


def maximum_ponder_cost(num_units: Sequence[int]) -> int:
    """The largest value that a ponder cost map summed over blocks can take.

    A place that runs all N units of a block costs N plus a remainder of at most 1
    there. A map of executed units has `sum(num_units)` for its maximum.

    Args:
        num_units: Units in each block, for instance (5, 5, 5) for ResNet-32.

    Returns:
        Units in all blocks + number of blocks.

    Raises:
        ValueError: If there is no block, or a block has no unit.

    Example:
        >>> from sact_keras.visualization import maximum_ponder_cost
        >>> maximum_ponder_cost((5, 5, 5))
        18
    """
    if not len(num_units) or min(num_units) < 1:
        raise ValueError(
            "`num_units` must hold one positive number for each block. "
            f"Received: num_units={num_units}"
        )
    return sum(num_units) + len(num_units)


def ponder_heatmap(
    image: np.ndarray, ponder_map: np.ndarray, maximum: float, border: int = 5
) -> np.ndarray:
    """Draws an image beside itself with its ponder map in red.

    From left to right: the image, stretched to [0, 1]; a black border; a quarter of
    the image plus, in the red channel, three quarters of the map over its maximum.

    Args:
        image: `[height, width, 3]`, of any real range (a preprocessed image will
            do): its least value becomes black and its largest 1. An image of one
            value becomes black.
        ponder_map: `[height, width]`, in [0, `maximum`]: ponder cost or executed
            units a pixel, summed over blocks.
        maximum: The map's value that is drawn in full red, positive: see
            `maximum_ponder_cost`.
        border: Width of the border in pixels, 0 or more.

    Returns:
        `[height, 2 * width + border, 3]`, uint8.

    Raises:
        ValueError: If an argument has another shape or range, or is not finite.

    Example:
        >>> import numpy as np
        >>> from sact_keras.visualization import ponder_heatmap
        >>> image = np.random.default_rng(0).normal(size=(32, 32, 3))
        >>> ponder_heatmap(image, np.full((32, 32), 9.0), maximum=18).shape
        (32, 69, 3)
    """
    image = np.asarray(image, dtype=np.float64)
    if image.ndim != 3 or image.shape[-1] != 3 or not image.size:
        raise ValueError(
            "`image` must have shape [height, width, 3]. "
            f"Received: image of shape {image.shape}"
        )
    if not np.isfinite(image).all():
        raise ValueError("`image` must be finite. Received: NaN or infinite values")
    if not isinstance(border, int | np.integer) or border < 0:
        raise ValueError(
            "`border` must be a whole number of pixels, 0 or more. "
            f"Received: border={border!r}"
        )
    heat = relative_heat(ponder_map, maximum)
    if heat.shape != image.shape[:2]:
        raise ValueError(
            "`ponder_map` must have the image's height and width, "
            f"{image.shape[:2]}. Received: ponder_map of shape {heat.shape}"
        )

    image = image - image.min()
    image /= image.max() or 1.0
    height, width, _ = image.shape
    picture = np.zeros((height, 2 * width + border, 3))
    picture[:, :width] = image
    picture[:, width + border :] = IMAGE_WEIGHT * image
    picture[:, width + border :, 0] += HEAT_WEIGHT * heat
    return np.rint(255 * picture).astype(np.uint8)


def relative_heat(ponder_map: np.ndarray, maximum: float) -> np.ndarray:
    """Checks a ponder map and divides it by its maximum.

    Args:
        ponder_map: `[height, width]`, in [0, `maximum`].
        maximum: Positive.

    Returns:
        `[height, width]`, float64 in [0, 1].

    Raises:
        ValueError: If the map is not two-dimensional, or has values outside its
            range.

    Example:
        >>> relative_heat([[0, 9]], maximum=18)
        array([[0. , 0.5]])
    """
    if not (np.isfinite(maximum) and maximum > 0):
        raise ValueError(
            f"`maximum` must be finite and positive. Received: maximum={maximum}"
        )
    ponder_map = np.asarray(ponder_map, dtype=np.float64)
    if ponder_map.ndim != 2:
        raise ValueError(
            "`ponder_map` must have shape [height, width]. "
            f"Received: ponder_map of shape {ponder_map.shape}"
        )
    heat = ponder_map / maximum
    # Written so that NaN fails it too.
    if not ((heat >= 0) & (heat <= 1 + ROUNDING)).all():
        raise ValueError(
            f"`ponder_map` must lie in [0, maximum={maximum}]. Received: values "
            f"from {ponder_map.min()} to {ponder_map.max()}"
        )
    return np.minimum(heat, 1.0)
