"""FLOPs: two for every multiply-accumulate of a convolution or linear map.

The cost of a network on an image follows from the masks and from the layers' static
costs (`sact_keras.layers.Cost`) alone. Under a mask of positions the last convolutions
of a unit pay for the positions that the mask keeps, and the first for those within one
step of them, which the 3x3 convolution behind it reads (Figurnov et al. 2017, section
3.2, and the flop counter of its code).
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost, Size


def flops_dtype() -> str:
    """The dtype of FLOPs: int64, or float32 where the backend has no int64.

    JAX has 64-bit integers only if `jax_enable_x64` is set. Its float32 is off by less
    than one part in 10 million.
    """
    if keras.backend.backend() == "jax":
        import jax

        return "int64" if jax.config.jax_enable_x64 else "float32"
    return "int64"


def dilate(mask: Tensor) -> Tensor:
    """Spreads a mask of positions by one step in all eight directions.

    Args:
        mask: [N, h, w] of zeros and ones.

    Returns:
        [N, h, w]: one where any of the 3x3 positions around is one.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((1, 3, 4), "float32"); mask[0, 0, 0] = 1
        >>> print(ops.convert_to_numpy(dilate(mask))[0].astype(int))
        [[1 1 0 0]
         [1 1 0 0]
         [0 0 0 0]]
    """
    # Several times faster than max pooling of a single channel.
    wide = ops.pad(mask, ((0, 0), (1, 1), (1, 1)))
    high = ops.maximum(ops.maximum(wide[:, :-2], wide[:, 1:-1]), wide[:, 2:])
    return ops.maximum(ops.maximum(high[:, :, :-2], high[:, :, 1:-1]), high[:, :, 2:])


def spread(mask: Tensor, stride: int, size: Size) -> Tensor:
    """Places a mask on a grid `stride` times finer, with zeros in between.

    Args:
        mask: [N, h, w] of zeros and ones.
        stride: Positions of the finer grid to one of the mask, along each side.
        size: (height, width) of the finer grid.

    Returns:
        [N, height, width].

    Example:
        >>> ops.convert_to_numpy(spread(ops.ones((1, 1, 2)), 2, (2, 3)))[0].tolist()
        [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    batch, height, width = ops.shape(mask)
    cells = ops.pad(
        ops.reshape(mask, (batch, height, 1, width, 1)),
        ((0, 0), (0, 0), (0, stride - 1), (0, 0), (0, stride - 1)),
    )
    fine = ops.reshape(cells, (batch, height * stride, width * stride))
    return fine[:, : size[0], : size[1]]


def executed_flops(
    costs: Iterable[Cost], mask: Tensor, input_size: Size, output_size: Size
) -> Tensor:
    """FLOPs of one layer for each image, under a mask.

    Args:
        costs: The layer's costs.
        mask: [N] or [N, h, w] of zeros and ones, at `output_size`.
        input_size: (height, width) of the layer's input.
        output_size: (height, width) of its output.

    Returns:
        [N], of `flops_dtype`.

    Example:
        >>> costs = [Cost("conv1", 10, when="dilated"), Cost("conv2", 1, when="active")]
        >>> mask = ops.ones((1, 2, 2))
        >>> int(executed_flops(costs, mask, (2, 2), (2, 2))[0])
        44
    """
    dtype = flops_dtype()
    counts = _Counts(mask, input_size, output_size)
    total = ops.zeros(ops.shape(mask)[:1], dtype=dtype)
    for cost in costs:
        total = total + counts.of(cost) * ops.cast(cost.flops, dtype)
    return total


def executed_macs(
    costs: Iterable[Cost], mask: Tensor, input_size: Size, output_size: Size
) -> Tensor:
    """Multiply-accumulates of one layer for each image, as the original reports them.

    Its count differs from half the FLOPs in what it leaves out or adds (`Cost.macs`),
    and at odd sizes: see `executed_positions`.

    Args:
        costs: The layer's costs.
        mask: [N] or [N, h, w] of zeros and ones, at `output_size`.
        input_size: (height, width) of the layer's input.
        output_size: (height, width) of its output.

    Returns:
        [N], of `flops_dtype`.

    Example:
        >>> costs = [Cost("conv1", 10, when="dilated"), Cost("linear", 8, macs=0)]
        >>> int(executed_macs(costs, ops.ones((1, 2, 2)), (2, 2), (2, 2))[0])
        20
    """
    dtype = flops_dtype()
    counts = _Counts(mask, input_size, output_size)
    total = ops.zeros(ops.shape(mask)[:1], dtype=dtype)
    for cost in costs:
        if _follows_positions(cost, mask):
            count = executed_positions(cost, mask)
        else:
            count = counts.of(cost)
        total = total + count * ops.cast(cost.reported_macs, dtype)
    return total


def executed_positions(cost: Cost, mask: Tensor) -> Tensor:
    """At how many positions a convolution runs under a mask, as DynConv counts them.

    DynConv spreads a mask to a finer grid by the stride alone: where a side is odd, the
    grid is one longer than the features, and positions beyond their edge count.

    Args:
        cost: The convolution's cost, of "active" or "dilated" positions.
        mask: [N, h, w] of zeros and ones.

    Returns:
        [N], of `flops_dtype`.

    Example:
        >>> cost = Cost("conv1", 2, when="dilated", stride=2)
        >>> [int(n) for n in executed_positions(cost, ops.ones((1, 2, 2)))]
        [16]
    """
    height, width = (side * cost.stride for side in ops.shape(mask)[1:])
    return _count_kept(cost, mask, (height, width))


def count_flops(model: keras.Model, image_size: Size) -> dict[str, Any]:
    """Static cost of a model: the FLOPs of one image with every unit run.

    Args:
        model: A model of `build_model`.
        image_size: (height, width) in pixels.

    Returns:
        {"total": int, "layers": {"block_1/unit_1/conv1": int, ...}}.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("vanilla", dataset="cifar10", model="18")
        >>> sact_keras.count_flops(model, (32, 32))["total"]
        505775360
    """
    layers: dict[str, int] = {}

    def add(name: str, costs: Iterable[Cost], size: Size, output_size: Size) -> None:
        for cost in costs:
            height, width = (1, 1)
            if cost.per == "position":
                height, width = cost.grid_size(size, output_size)
            layers[f"{name}/{cost.name}"] = cost.flops * height * width

    if model.policy is not None:
        for layer in policy_layers(model.policy, tuple(image_size)):
            add(*layer)
    size = model.stem.output_size(tuple(image_size))
    add("stem", model.stem.costs(), image_size, size)
    for block_name, block in zip(model.block_names, model.blocks, strict=True):
        for index, unit in enumerate(block.units):
            output_size = unit.output_size(size)
            add(f"{block_name}/unit_{index + 1}", block.costs(index), size, output_size)
            size = output_size
    add("head", model.head.costs(), size, size)
    return {"total": sum(layers.values()), "layers": layers}


def policy_layers(
    policy: "sact_keras.models.PolicyNetwork",  # noqa: F821
    image_size: Size,
) -> Iterator[tuple[str, list[Cost], Size, Size]]:
    """The layers of a policy network, which run for every image.

    Args:
        policy: The network.
        image_size: (height, width) in pixels.

    Yields:
        (name, costs, size of the input, size of the output).

    Example:
        >>> from sact_keras.models import PolicyNetwork
        >>> policy = PolicyNetwork("cifar", num_units=15, name="policy")
        >>> policy.build((None, 32, 32, 3))
        >>> [(name, output) for name, _, _, output in policy_layers(policy, (32, 32))]
        ... # doctest: +NORMALIZE_WHITESPACE
        [('policy/stem', (32, 32)), ('policy/unit_1', (32, 32)),
         ('policy/unit_2', (16, 16)), ('policy/unit_3', (8, 8)), ('policy', (1, 1))]
    """
    size = policy.input_size(image_size)
    for layer in (policy.stem, *policy.units):
        output_size = layer.output_size(size)
        yield f"{policy.name}/{layer.name}", layer.costs(), size, output_size
        size = output_size
    yield policy.name, policy.head_costs(), size, (1, 1)


class _Counts:
    """How many times each image pays for a cost; each kind is counted once."""

    def __init__(self, mask: Tensor, input_size: Size, output_size: Size) -> None:
        self._mask = mask
        self._input_size = input_size
        self._output_size = output_size
        self._known: dict[Cost, Tensor] = {}

    def of(self, cost: Cost) -> Tensor:
        # What an image pays for is the same for all costs on one grid.
        kind = dataclasses.replace(cost, name="", flops=0)
        if kind not in self._known:
            self._known[kind] = self._count(kind)
        return self._known[kind]

    def _count(self, cost: Cost) -> Tensor:
        dtype = flops_dtype()
        size = cost.grid_size(self._input_size, self._output_size)
        if _follows_positions(cost, self._mask):
            return _count_kept(cost, self._mask, size)
        if cost.when == "always":
            images = ops.ones(ops.shape(self._mask)[:1], dtype=dtype)
        elif len(self._mask.shape) == 3:
            images = ops.cast(ops.max(self._mask, axis=(1, 2)), dtype)
        else:
            images = ops.cast(self._mask, dtype)
        if cost.per == "position":
            height, width = (ops.cast(side, dtype) for side in size)
            images = images * height * width
        return images


def _follows_positions(cost: Cost, mask: Tensor) -> bool:
    """Whether what is paid depends on the positions that a mask keeps."""
    spatial = len(mask.shape) == 3
    return spatial and cost.per == "position" and cost.when != "always"


def _count_kept(cost: Cost, mask: Tensor, size: Size) -> Tensor:
    """Positions, on a grid of `size`, that a mask keeps for a cost; [N]."""
    kept = spread(mask, cost.stride, size) if cost.stride > 1 else mask
    kept = dilate(kept) if cost.when == "dilated" else kept
    return ops.sum(ops.cast(kept, flops_dtype()), axis=(1, 2))
