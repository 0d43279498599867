"""The names that the original SACT project's graphs give to our variables."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras

from sact_keras.checkpoints.assignment import Stored

_HALTING_SCOPES = ("local_bn", "local_conv", "global_bn", "global_conv")
"""Attributes of a halting branch, where it has them, and scopes as well."""


class _Scopes(NamedTuple):
    """TF-Slim's scopes in the graphs of one family.

    Attributes:
        root: What every name begins with.
        stem: The first convolution.
        block: A block, from its number.
        unit: The residual branch within a unit.
        layers: Attribute of our unit -> the layer's scope. A unit may hold None.
        norm: The last batch norm.
    """

    root: str
    stem: str
    block: str
    unit: str
    layers: dict[str, str]
    norm: str


_FAMILIES = {
    "cifar": _Scopes(
        root="resnet_residual",
        stem="Conv",
        block="block_{}",
        unit="residual",
        layers={
            "preact": "preact",
            "conv1": "conv1",
            "conv1_norm": "conv1/BatchNorm",
            "conv2": "conv2",
        },
        norm="BatchNorm",
    ),
    "imagenet": _Scopes(
        root="resnet_v2",
        stem="conv1",
        block="block{}",
        unit="bottleneck_v2",
        layers={
            "preact": "preact",
            "shortcut": "shortcut",
            "conv1": "conv1",
            "conv1_norm": "conv1/BatchNorm",
            "conv2": "conv2",
            "conv2_norm": "conv2/BatchNorm",
            "conv3": "conv3",
        },
        norm="postnorm",
    ),
}

ROOTS = {scopes.root: family for family, scopes in _FAMILIES.items()}
"""First part of all names in a checkpoint -> the family."""


def named_variables(model: keras.Model) -> Iterator[tuple[str, Stored]]:
    """A model's variables under the names that the original's graph gives them.

    Args:
        model: A model of `build_model` of the "sact" variant, of either family.

    Yields:
        (name, the variable and the shape that a checkpoint stores it in).

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("vanilla", model="1", base_channels=4)
        >>> name, stored = next(named_variables(model))
        >>> name, stored.shape
        ('resnet_residual/Conv/weights', (3, 3, 3, 4))
    """
    scopes = _FAMILIES[model.family]
    yield from _layer(f"{scopes.root}/{scopes.stem}", model.stem.conv)
    for number, block in enumerate(model.blocks, start=1):
        yield from _block(f"{scopes.root}/{scopes.block.format(number)}", block, scopes)
    yield from _layer(f"{scopes.root}/{scopes.norm}", model.head.norm)
    yield from _layer(f"{scopes.root}/logits", model.head.logits)


def _block(root: str, block: Any, scopes: _Scopes) -> Iterator[tuple[str, Stored]]:
    for number, unit in enumerate(block.units, start=1):
        for attribute, scope in scopes.layers.items():
            layer = getattr(unit, attribute)
            # Where the depth stays the same, the shortcut has no convolution.
            if layer is not None:
                yield from _layer(f"{root}/unit_{number}/{scopes.unit}/{scope}", layer)
    for number, branch in enumerate(getattr(block.decision, "branches", ()), start=1):
        for scope in _HALTING_SCOPES:
            # An image's halting has no local evidence.
            if hasattr(branch, scope):
                yield from _layer(
                    f"{root}/unit_{number}/halting_proba/{scope}",
                    getattr(branch, scope),
                )


def _layer(scope: str, layer: Any) -> Iterator[tuple[str, Stored]]:
    if hasattr(layer, "kernel"):
        # What we hold as a linear map of pooled features, TF-Slim stores as a 1x1
        # kernel.
        shape = tuple(layer.kernel.shape)
        yield f"{scope}/weights", Stored(layer.kernel, (1, 1, *shape)[-4:])
        if layer.use_bias:
            yield f"{scope}/biases", Stored(layer.bias, tuple(layer.bias.shape))
        return
    for name in ("beta", "gamma", "moving_mean", "moving_variance"):
        variable = getattr(layer, name)
        yield f"{scope}/{name}", Stored(variable, tuple(variable.shape))
