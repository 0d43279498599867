"""Masks of a given rate, in place of what a network decides.

So that a network can be measured that is not trained, or at another rate than it was
trained for. Of the units that the network decides about a share `rate` runs, over all
units, images and positions, as exactly as whole images and positions allow; units that
it does not decide about run everywhere. What is random is a function of the seed.

*Gates of images* (`aig`, `blockdrop`): each unit runs for a random subset of the
images, independent of the other units'. The subsets have floor(rate N) or
ceil(rate N) of N images, so that an image that is alone runs a random subset of the
units, of which each block has its part.

*Masks of positions* (`dynconv`): each unit runs on blobs of its own in each image,
where a smooth random field (`random_field`) is largest. How many positions these are
differs by at most one among the images.

*Halting* (`act`, `sact`): masks are nested, and from a block's first unit to its last
ever less runs, as halting has it. The shares of the decided units fall linearly from
rate + d to rate - d, where d is the smaller of rate and 1 - rate: at 0.5 from
everything to nothing, at 1 everything runs. With `sact` positions halt in the order of
one random field a block and image, from its smallest value on; with `act` images halt
in a random order, which is another one in each block. How many units each runs is
rounded so that the sum is right: an image that is alone runs about `rate` of each
block's decided units.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from sact_keras.benchmarking.blobs import random_field
from sact_keras.layers import HaltingDecision
from sact_keras.models.decided_units import decided_units

_DIGITS = 9
"""Products of floating-point rates miss whole numbers behind these."""


def forced_masks(
    model: Any,
    batch_size: int,
    image_size: tuple[int, int],
    rate: float,
    seed: int = 0,
) -> list[np.ndarray]:
    """Draws masks of a given rate for a network; see the module.

    Args:
        model: A network of `sact_keras.build_model` that decides.
        batch_size: Images, N.
        image_size: (height, width) in pixels.
        rate: Share of what is decided about that is to run, in [0, 1].
        seed: Of what is random.

    Returns:
        One mask a unit, float32 of zeros and ones, for `model(images, masks=...)`: [N]
        or, where positions are decided about, [N, h, w].

    Raises:
        ValueError: If the rate is not in [0, 1], or the network decides about nothing.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("aig", model="2", base_channels=4)
        >>> masks = forced_masks(model, batch_size=4, image_size=(32, 32), rate=0.5)
        >>> [int(mask.sum()) for mask in masks]
        [2, 2, 2, 2, 2, 2]
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be in [0, 1]. Received: rate={rate}")
    flags = decided_units(model)
    if not any(flags):
        raise ValueError(
            "model must decide about some of its units. "
            f"Received: {model.name}, which decides about none"
        )
    generator, flags = np.random.default_rng(seed), iter(flags)
    blocks, size = [], model.stem.output_size(tuple(image_size))
    for block in model.blocks:
        size = block.output_size(size)
        grid = tuple(int(side) for side in size) if block.decision.spatial else ()
        decided = list(itertools.islice(flags, len(block.units)))
        blocks.append((block.decision, (batch_size, *grid), decided))
    totals = _apportion(rate, [sum(d) * math.prod(shape) for _, shape, d in blocks])
    masks = []
    for (decision, shape, decided), total in zip(blocks, totals, strict=True):
        draw = _draw_nested if isinstance(decision, HaltingDecision) else _draw_gates
        drawn = iter(draw(shape, sum(decided), rate, total, generator))
        ones = np.ones(shape, np.float32)
        masks += [next(drawn) if is_decided else ones for is_decided in decided]
    return masks


def _draw_gates(
    shape: tuple[int, ...],
    number: int,
    rate: float,
    total: int,
    generator: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Draws `number` masks, independent of each other, with `total` ones."""
    del rate  # The total says it.
    size, *grid = shape
    if not grid:
        for count in _spread(total, number, generator):
            yield _first(generator.permutation(size), count)
        return
    counts = _spread(total, number * size, generator).reshape(number, size)
    for of_unit in counts:
        yield np.stack([_first(_ranks(grid, generator), count) for count in of_unit])


def _draw_nested(
    shape: tuple[int, ...],
    number: int,
    rate: float,
    total: int,
    generator: np.random.Generator,
) -> list[np.ndarray]:
    """Draws `number` masks, each within the one before, with `total` ones."""
    size, *grid = shape
    if grid:
        totals = _spread(total, size, generator)
        units = np.stack(
            [
                _units_by_rank(number, math.prod(grid), rate, count)[ranks]
                for count in totals
                for ranks in [_ranks(grid, generator)]
            ]
        )
    else:
        units = _units_by_rank(number, size, rate, total)[generator.permutation(size)]
    return [(units > index).astype(np.float32) for index in range(number)]


def _units_by_rank(number: int, size: int, rate: float, total: int) -> np.ndarray:
    """How many of a block's decided units each element runs, by rank.

    The unit whose share is s is run by the elements of ranks below s `size`, by the one
    on the border in part. The parts are rounded so that the sum is right.

    Args:
        number: Decided units.
        size: Elements.
        rate: The mean share.
        total: The sum, next to `rate * number * size`.

    Returns:
        [size], from the last element to halt to the first.

    Example:
        >>> _units_by_rank(number=3, size=4, rate=0.5, total=6).tolist()
        [2, 2, 1, 1]
    """
    slope = min(rate, 1 - rate)
    shares = rate + slope * (np.linspace(1, -1, number) if number > 1 else np.zeros(1))
    exact = np.zeros(size)
    for share in shares[:number]:
        exact += np.clip(size * share - np.arange(size), 0, 1)
    exact = exact.round(_DIGITS)
    units = np.floor(exact).astype(int)
    missing = total - units.sum()
    units[np.argsort(units - exact, kind="stable")[:missing]] += 1
    return units


def _apportion(rate: float, sizes: list[int]) -> np.ndarray:
    """Whole numbers next to `rate` times each size, with the same of all sums.

    Example:
        >>> _apportion(0.5, [1, 1, 3]).tolist()
        [1, 0, 2]
    """
    sums = np.floor((rate * np.cumsum(sizes)).round(_DIGITS) + 0.5).astype(int)
    return np.diff(sums, prepend=0)


def _spread(total: int, number: int, generator: np.random.Generator) -> np.ndarray:
    """`number` counts that differ by at most one, and whose sum is `total`."""
    counts = np.full(number, total // max(number, 1))
    counts[: total - counts.sum()] += 1
    return generator.permutation(counts)


def _ranks(grid: list[int], generator: np.random.Generator) -> np.ndarray:
    """The place of each position in the order of a random field, from its largest."""
    order = np.argsort(-random_field(tuple(grid), generator), axis=None, kind="stable")
    ranks = np.empty(order.size, int)
    ranks[order] = np.arange(order.size)
    return ranks.reshape(grid)


def _first(ranks: np.ndarray, number: int) -> np.ndarray:
    return (ranks < number).astype(np.float32)
