"""A picture of the policies that images run under."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from sact_keras.visualization.class_names import plain_text, shorten_class_name
from sact_keras.visualization.policy_blocks import PolicyBlocks
from sact_keras.visualization.policy_page import MARGIN, PolicyPage

# In inches.
LABEL_WIDTH = 1.1  # Left of a policy's blocks.
STRIP_HEIGHT = 0.4
IMAGE_WIDTH = 0.74
IMAGE_GAP = 0.07
CAPTIONED_WIDTH = 1.06  # Of an image with a caption below.
CAPTION_GAP = 0.05
LINE_HEIGHT = 0.15  # Of a caption.
CHART_HEIGHT = 1.4
LEAST_CHART_WIDTH = 4.0  # Of the one above the images, its axis's labels included.
TITLE_HEIGHT = 0.32
TICKS_HEIGHT = 0.45  # Below a chart.
SECTION_GAP = 0.3
GUTTER = 0.4  # Between blocks and images.
AXIS_WIDTH = 0.5  # Of those labels.

CHARACTERS = 14  # Of a class's name in a line; there are two.
FAINT = "0.4"


def draw_policies(
    policies: np.ndarray,
    shares: Sequence[float],
    examples: Sequence[Sequence[np.ndarray]],
    *,
    num_units: Sequence[int],
    num_unique: int,
    unit_usage: np.ndarray,
    blocks_used: np.ndarray,
    extremes: Mapping[str, Sequence[tuple[np.ndarray, str, int]]],
) -> bytes:
    """Draws how often each block runs, the commonest policies and single images.

    As in the paper (Wu et al. 2018, arXiv 1711.08393, section 4.3), the network's
    residual units are called blocks, and its blocks segments. A block that runs has the
    colour of its segment; one that is dropped is grey.

    Args:
        policies: Whether each unit runs, [k, units]; a row of the picture for each.
        shares: The share of all images that has the policy, [k].
        examples: Images with each policy, uint8 [height, width, 3], all of one size.
        num_units: Units of each of the network's blocks.
        num_unique: How many policies there are in all.
        unit_usage: The share of all images that runs each unit, [units].
        blocks_used: How many units each image runs, [N].
        extremes: Title of a row of images -> (image, name of its class, how many units
            it runs).

    Returns:
        A PNG file.

    Raises:
        ValueError: If there is no policy, or the shapes do not go together.

    Example:
        >>> image = np.zeros((32, 32, 3), np.uint8)
        >>> png = draw_policies(
        ...     np.array([[1, 0, 1]]),
        ...     [1.0],
        ...     [[image]],
        ...     num_units=(1, 2),
        ...     num_unique=1,
        ...     unit_usage=np.array([1.0, 0.0, 1.0]),
        ...     blocks_used=np.array([2]),
        ...     extremes={"Fewest blocks": [(image, "cat", 2)]},
        ... )
        >>> png[1:4]
        b'PNG'
    """
    policies = np.asarray(policies)
    _check(policies, shares, examples, num_units, unit_usage)
    page = PolicyPage()
    blocks = PolicyBlocks(num_units, MARGIN + LABEL_WIDTH)
    images_left = blocks.right + GUTTER
    width = max(map(len, examples)) * (IMAGE_WIDTH + IMAGE_GAP) - IMAGE_GAP

    average = f"{np.mean(blocks_used):.1f} of {len(unit_usage)} on average"
    _title(page, "How often each block runs", blocks.left[0])
    _title(page, f"Blocks that an image runs: {average}", images_left)
    page.top += TITLE_HEIGHT
    blocks.draw_usage(page, unit_usage, CHART_HEIGHT)
    chart_width = max(width, LEAST_CHART_WIDTH) - AXIS_WIDTH
    _draw_histogram(
        page, images_left + AXIS_WIDTH, chart_width, blocks_used, len(unit_usage)
    )
    page.top += CHART_HEIGHT + TICKS_HEIGHT + SECTION_GAP

    _title(page, _describe_policies(len(policies), num_unique, sum(shares)))
    page.top += TITLE_HEIGHT
    for policy, share, images in zip(policies, shares, examples, strict=True):
        height = _draw_images(page, images_left, IMAGE_WIDTH + IMAGE_GAP, images)
        blocks.draw_policy(
            page, policy, STRIP_HEIGHT, below=(height - STRIP_HEIGHT) / 2
        )
        _draw_label(page, share, _count_blocks(np.count_nonzero(policy)), height / 2)
        page.top += height + IMAGE_GAP
    page.top -= IMAGE_GAP

    for title, row in extremes.items():
        page.top += SECTION_GAP
        _title(page, title)
        page.top += TITLE_HEIGHT
        _draw_captioned(page, row)
    return page.png()


def _check(
    policies: np.ndarray,
    shares: Sequence[float],
    examples: Sequence[Sequence[np.ndarray]],
    num_units: Sequence[int],
    unit_usage: np.ndarray,
) -> None:
    count, units = len(shares), sum(num_units)
    if policies.shape != (count, units) or not count:
        raise ValueError(
            f"`policies` must have shape [policies, units], here {[count, units]}, and "
            f"hold at least one. Received: policies of shape {list(policies.shape)}"
        )
    if len(examples) != count or not all(map(len, examples)):
        raise ValueError(
            f"`examples` must hold at least one image of each of {count} policies. "
            f"Received: {list(map(len, examples))} images"
        )
    if np.shape(unit_usage) != (units,):
        raise ValueError(
            f"`unit_usage` must have a share for each of {units} units. "
            f"Received: unit_usage of shape {list(np.shape(unit_usage))}"
        )


def _title(page: PolicyPage, text: str, left: float = MARGIN) -> None:
    page.text(left, text, fontweight="bold")


def _describe_policies(drawn: int, num_unique: int, share: float) -> str:
    if drawn == num_unique:
        return "The policies" if drawn > 1 else "The policy of all images"
    return (
        f"The {drawn} commonest of {num_unique} policies, "
        f"which {100 * share:.3g}% of the images run under"
    )


def _draw_histogram(
    page: PolicyPage, left: float, width: float, blocks_used: np.ndarray, num_units: int
) -> None:
    axes = page.chart(left, (width, CHART_HEIGHT))
    counts = np.bincount(blocks_used, minlength=num_units + 1)
    axes.bar(np.arange(num_units + 1), counts, 0.86, color="0.45")
    axes.set_xlim(-0.5, num_units + 0.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.set_xlabel("blocks", fontsize="small")
    axes.set_ylabel("images", fontsize="small")


def _draw_label(page: PolicyPage, share: float, blocks: str, middle: float) -> None:
    page.text(MARGIN, f"{100 * share:.3g}%", below=middle, va="bottom")
    page.text(MARGIN, blocks, below=middle + 0.04, color=FAINT, fontsize="small")


def _draw_images(
    page: PolicyPage, left: float, step: float, images: Sequence[np.ndarray]
) -> float:
    """Draws images side by side; returns how high they are."""
    height, width, _ = images[0].shape
    size = IMAGE_WIDTH, IMAGE_WIDTH * height / width
    for index, image in enumerate(images):
        page.image(left + index * step, size, image)
    return size[1]


def _draw_captioned(
    page: PolicyPage, row: Sequence[tuple[np.ndarray, str, int]]
) -> None:
    """Draws images side by side; below each how many blocks it runs, and its class."""
    images = [image for image, _, _ in row]
    page.top += _draw_images(page, MARGIN, CAPTIONED_WIDTH, images) + CAPTION_GAP
    captions = [
        f"{_count_blocks(used)}\n{plain_text(shorten_class_name(name, CHARACTERS))}"
        for _, name, used in row
    ]
    for index, caption in enumerate(captions):
        middle = MARGIN + index * CAPTIONED_WIDTH + IMAGE_WIDTH / 2
        page.text(middle, caption, fontsize="small", ha="center")
    page.top += LINE_HEIGHT * max(len(caption.splitlines()) for caption in captions)


def _count_blocks(count: int) -> str:
    return f"{count} block" if count == 1 else f"{count} blocks"
