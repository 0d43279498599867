"""A picture of how often each residual unit runs, for each class."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sact_keras.visualization.class_names import plain_text

MOST_LABELLED_CLASSES = 100
COLOUR_MAP = colormaps["viridis"].with_extremes(bad="0.75")

CELL_INCHES = (0.24, 0.2)  # Width of a unit, height of a class with a label.
UNLABELLED_INCHES = 8.0  # Height of all classes where they have no labels.
LEAST_INCHES = 4.0
SIDE_INCHES = 2.2  # Labels to the left, colour bar to the right.
TOP_AND_BOTTOM_INCHES = 1.0
COLOUR_BAR_INCHES = 0.2
DOTS_PER_INCH = 150


def draw_unit_rates(
    rates: np.ndarray,
    mean_rates: np.ndarray,
    class_names: Sequence[str],
    num_units: Sequence[int],
    *,
    target_rates: Sequence[float] | None = None,
) -> bytes:
    """Draws a row for each class and a column for each residual unit.

    Above the classes are the mean over all images and, if there are any, the target
    rates; lines part the blocks. Up to 100 classes are named, in the order of their
    labels. More are without names, and sorted from the class that runs the fewest
    units to the one that runs the most. A class without images is grey, and last where
    they are sorted; so is what a network decided by scores that were NaN.

    Args:
        rates: [classes, units]: how often the unit runs for images of the class, in
            [0, 1]; NaN for classes without images.
        mean_rates: [units]: the same over all images; NaN where the decisions were.
        class_names: One for each class.
        num_units: Units of each block, for instance (5, 5, 5) for ResNet-32.
        target_rates: The rate that each unit was trained towards, if there is one.

    Returns:
        A PNG file.

    Raises:
        ValueError: If the shapes do not go together, or a rate is not in [0, 1].

    Example:
        >>> rates = np.array([[1.0, 0.2, 1.0], [1.0, 0.7, 0.0]])
        >>> png = draw_unit_rates(rates, rates.mean(axis=0), ["cat", "dog"], (1, 2))
        >>> png[1:4]
        b'PNG'
    """
    rates = np.asarray(rates, np.float64)
    shape = len(class_names), sum(num_units)
    if rates.shape != shape or 0 in shape:
        raise ValueError(
            f"`rates` must have shape [classes, units], here {list(shape)}. "
            f"Received: rates of shape {list(rates.shape)}"
        )
    _check_range("rates", rates[~np.isnan(rates)])
    mean_rates = _as_row("mean_rates", mean_rates, shape[1])
    _check_range("mean_rates", mean_rates[~np.isnan(mean_rates)])
    rows = {"mean": mean_rates}
    if target_rates is not None:
        target_rates = _as_row("target_rates", target_rates, shape[1])
        _check_range("target_rates", target_rates)
        rows = {"target": target_rates, **rows}

    labelled = len(class_names) <= MOST_LABELLED_CLASSES
    if not labelled:
        rates = rates[np.argsort(rates.mean(axis=1), kind="stable")]  # NaN goes last.
    cell_width, cell_height = CELL_INCHES
    height = cell_height * len(class_names) if labelled else UNLABELLED_INCHES
    heights = cell_height * len(rows), height
    width = max(cell_width * sum(num_units), LEAST_INCHES)
    figure = Figure(
        figsize=(width + SIDE_INCHES, sum(heights) + TOP_AND_BOTTOM_INCHES),
        layout="constrained",
    )
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    for axis, values in ((top, np.array(list(rows.values()))), (bottom, rates)):
        drawn = axis.imshow(
            np.ma.masked_invalid(values),
            cmap=COLOUR_MAP,
            vmin=0,
            vmax=1,
            aspect="auto",
            interpolation="nearest",
        )
        for border in np.cumsum(num_units)[:-1]:
            axis.axvline(border - 0.5, color="white", linewidth=2.5)
        axis.tick_params(length=0, labelsize="small")
    top.set_yticks(range(len(rows)), rows)
    _name_units(top, bottom, num_units)
    _name_classes(bottom, class_names, labelled)
    figure.colorbar(
        drawn,
        ax=[top, bottom],
        label="execution rate",
        aspect=sum(heights) / COLOUR_BAR_INCHES,
        pad=COLOUR_BAR_INCHES / width,
    )
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH)
    return picture.getvalue()


def _as_row(name: str, rates: Sequence[float], num_units: int) -> np.ndarray:
    rates = np.asarray(rates, np.float64)
    if rates.shape != (num_units,):
        raise ValueError(
            f"`{name}` must have a rate for each of {num_units} units. "
            f"Received: {name} of shape {list(rates.shape)}"
        )
    return rates


def _check_range(name: str, rates: np.ndarray) -> None:
    # Written so that NaN fails it too.
    if not ((rates >= 0) & (rates <= 1)).all():
        raise ValueError(
            f"`{name}` must be in [0, 1]. Received: values from {rates.min()} to "
            f"{rates.max()}"
        )


def _name_units(top: Axes, bottom: Axes, num_units: Sequence[int]) -> None:
    """Numbers the units in each block, below; names the blocks, above."""
    numbers = [unit + 1 for size in num_units for unit in range(size)]
    top.tick_params(labelbottom=False)
    bottom.set_xticks(range(len(numbers)), numbers)
    bottom.set_xlabel("residual unit")
    begins = np.cumsum([0, *num_units[:-1]])
    for index, (begin, size) in enumerate(zip(begins, num_units, strict=True)):
        top.annotate(
            f"block {index + 1}",
            xy=(begin + (size - 1) / 2, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
        )


def _name_classes(axis: Axes, class_names: Sequence[str], labelled: bool) -> None:
    if labelled:
        axis.set_yticks(range(len(class_names)), list(map(plain_text, class_names)))
        return
    axis.set_yticks([])
    axis.set_ylabel(f"{len(class_names)} classes, from the lowest mean rate downwards")
