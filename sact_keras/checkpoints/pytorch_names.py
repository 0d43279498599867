"""The names that PyTorch's ResNets, and the originals built on them, give to ours."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from sact_keras.checkpoints.assignment import Stored

# Attribute of our layer -> the name within a unit. A unit may hold None.
_UNIT = {
    "conv1": "conv1",
    "conv1_norm": "bn1",
    "conv2": "conv2",
    "conv2_norm": "bn2",
    "conv3": "conv3",
    "conv3_norm": "bn3",
    "shortcut": "downsample.0",
    "shortcut_norm": "downsample.1",
}
_GATE = {"hidden": "fc1", "norm": "fc1bn", "logits": "fc2"}
_MASKER = {
    "local_conv": "masker.maskconv.conv",
    "global_linear": "masker.maskconv.fc",
}
_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
# Where ConvNet-AIG and BlockDrop do not spell as torchvision does. BlockDrop counts
# segments from 0, and keeps their shortcuts in a list of their own.
_SPELLINGS: dict[str, str | Callable[[re.Match[str]], str]] = {
    r"\.shortcut\.(?=[01]\.)": ".downsample.",
    r"^linear\.": "fc.",
    r"^agent\.features\.": "agent.",
    r"^(agent\.|)blocks\.(\d+)\.": lambda m: f"{m[1]}layer{int(m[2]) + 1}.",
    r"^(agent\.|)ds\.(\d+)\.": lambda m: f"{m[1]}layer{int(m[2]) + 1}.0.downsample.",
}
_KNOWN = re.compile(r"(agent|conv1|bn1|fc|layer\d+\.\d+)\.")


def canonical_name(name: str) -> str:
    """The name that `named_variables` gives to what a checkpoint calls `name`.

    Example:
        >>> canonical_name("layer2.0.shortcut.0.weight"), canonical_name("linear.bias")
        ('layer2.0.downsample.0.weight', 'fc.bias')
        >>> canonical_name("blocks.1.0.bn1.bias"), canonical_name("ds.1.0.weight")
        ('layer2.0.bn1.bias', 'layer2.0.downsample.0.weight')
    """
    for spelling, canonical in _SPELLINGS.items():
        name = re.sub(spelling, canonical, name)
    return name


def is_known(name: str) -> bool:
    """Whether a ResNet may have a variable of this canonical name."""
    return _KNOWN.match(name) is not None


def named_variables(model: keras.Model) -> Iterator[tuple[str, Stored]]:
    """A model's variables under the names that the originals give them.

    Args:
        model: A model of `build_model` of the "aig", "blockdrop" or "dynconv" variant.

    Yields:
        (name, the variable and the shape that a checkpoint stores it in).

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("aig", model="1", base_channels=4)
        >>> name, stored = next(named_variables(model))
        >>> name, stored.shape
        ('conv1.weight', (4, 3, 3, 3))
    """
    yield from _trunk("", model.stem, [block.units for block in model.blocks])
    for block_number, block in enumerate(model.blocks, start=1):
        for index in range(len(block.units)):
            root = f"layer{block_number}.{index}"
            # A gate's linear maps are 1x1 convolutions of pooled features there.
            gate = _deciding(block, "gates", index)
            yield from _layers(root, gate, _GATE, dense_rank=4)
            masker = _deciding(block, "maskers", index)
            yield from _layers(root, masker, _MASKER)
    yield from _layer("fc", model.head.logits)
    if (policy := model.policy) is not None:
        yield from _trunk("agent.", policy.stem, [[unit] for unit in policy.units])
        yield from _layer("agent.logit", policy.logits)
        yield from _layer("agent.vnet", policy.value)


def ungated_units(model: keras.Model) -> Iterator[str]:
    """What the names of gates begin with where ConvNet-AIG has some and a model none.

    Yields:
        Beginnings of names in the checkpoint, of units that always run in the model.
    """
    for block_number, block in enumerate(model.blocks, start=1):
        for index, gate in enumerate(getattr(block.decision, "gates", ())):
            if gate is None:
                for name in _GATE.values():
                    yield f"layer{block_number}.{index}.{name}."


def to_our_layout(array: np.ndarray) -> np.ndarray:
    """From PyTorch's order of a kernel's axes to ours.

    Args:
        array: A convolution's kernel [out, in, height, width], a linear map's
            [out, in], or a vector.

    Returns:
        [height, width, in, out], [in, out], or the vector.

    Example:
        >>> to_our_layout(np.zeros((8, 4, 3, 3))).shape
        (3, 3, 4, 8)
    """
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def _trunk(
    root: str, stem: Any, segments: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, Stored]]:
    yield from _layer(f"{root}conv1", stem.conv)
    yield from _layer(f"{root}bn1", stem.norm)
    for number, units in enumerate(segments, start=1):
        for index, unit in enumerate(units):
            yield from _layers(f"{root}layer{number}.{index}", unit, _UNIT)


def _deciding(block: Any, attribute: str, index: int) -> Any:
    """What decides about a unit, of one kind; None if the block has none."""
    layers = getattr(block.decision, attribute, None)
    return layers[index] if layers is not None else None


def _layers(
    root: str, owner: Any, names: dict[str, str], *, dense_rank: int = 2
) -> Iterator[tuple[str, Stored]]:
    for attribute, name in names.items():
        layer = getattr(owner, attribute, None)
        if layer is not None:
            yield from _layer(f"{root}.{name}", layer, dense_rank=dense_rank)


def _layer(
    name: str, layer: Any, *, dense_rank: int = 2
) -> Iterator[tuple[str, Stored]]:
    if not hasattr(layer, "kernel"):
        for attribute, suffix in _NORM.items():
            variable = getattr(layer, attribute)
            yield f"{name}.{suffix}", Stored(variable, tuple(variable.shape))
        return
    *positions, channels_in, channels_out = layer.kernel.shape
    if not positions:
        positions = (1,) * (dense_rank - 2)
    yield (
        f"{name}.weight",
        Stored(layer.kernel, (channels_out, channels_in, *positions)),
    )
    if layer.use_bias:
        yield f"{name}.bias", Stored(layer.bias, tuple(layer.bias.shape))
