"""The tensors that a checkpoint of PyTorch holds, under the names it gives them."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.pytorch_files import read_pytorch_file

_PARALLEL = "module."
"""What `DataParallel` puts before every name."""

_POLICY = "agent"
"""BlockDrop's name for the policy network, of a dictionary's entry."""

_NETWORKS = ("resnet", "net")
"""BlockDrop's names, newer and older, for the network that the policy decides about."""


def read_state_dict(path: str | os.PathLike) -> dict[str, Any]:
    """Reads the tensors of a checkpoint, and nothing that could run code.

    Args:
        path: A file that `is_pytorch_file` knows. It holds a state dictionary; or a
            dictionary with one under "state_dict"; or, as BlockDrop's, one with that
            of the policy network under "agent" and, but for the curriculum's
            checkpoints, that of the ResNet under "resnet" or "net". Other entries
            (the optimizer's, the epoch) are passed over.

    Returns:
        Name -> tensor, on the CPU. Names are the file's, less `DataParallel`'s prefix;
        those of a policy network begin with "agent.".

    Raises:
        DamagedFileError: If the file is cut short or altered, holds anything but
            tensors and plain values, or holds no state dictionary.
        MissingExtraError: If there is no PyTorch, or one that is not safe.
    """
    content = read_pytorch_file(path)
    if not isinstance(content, Mapping):
        state = None
    elif _POLICY in content:
        state = _policy_and_network(content)
    else:
        state = _state_dict(content) or _state_dict(content.get("state_dict"))
    if state is None:
        raise DamagedFileError(
            f"{path} must hold a state dictionary, by itself, as 'state_dict', or as "
            f"BlockDrop's 'agent' and 'resnet'. Received: {_shown(content)}"
        )
    return state


def to_array(tensor: Any) -> np.ndarray:
    """A tensor's values as float32, in whichever precision they were stored.

    Raises:
        ValueError: If it has no such values: a quantized or a sparse one, for example.
    """
    try:
        if tensor.is_floating_point():
            return tensor.detach().float().numpy()
    except (RuntimeError, TypeError) as error:
        # The first sentence; others advise.
        raise ValueError(str(error).partition(". ")[0]) from error
    raise ValueError(f"its values are of the type {tensor.dtype}")


def _policy_and_network(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """BlockDrop's networks in one dictionary; None where one is no state dictionary."""
    networks = [name for name in _NETWORKS if name in content]
    policy, *states = (_state_dict(content[name]) for name in (_POLICY, *networks))
    if policy is None or None in states or len(states) > 1:
        return None
    named = {f"{_POLICY}.{name}": tensor for name, tensor in policy.items()}
    return named | (states[0] if states else {})


def _state_dict(content: Any) -> dict[str, Any] | None:
    """What is a state dictionary, by plain names; None if it is none."""
    import torch

    if (
        not isinstance(content, Mapping)
        or not content
        or not all(isinstance(name, str) for name in content)
        or not all(isinstance(value, torch.Tensor) for value in content.values())
    ):
        return None
    if all(name.startswith(_PARALLEL) for name in content):
        return {name.removeprefix(_PARALLEL): t for name, t in content.items()}
    return dict(content)


def _shown(content: Any) -> str:
    if not isinstance(content, Mapping):
        return f"a {type(content).__name__}"
    if not content:
        return "an empty dictionary"
    names = sorted(map(str, content))
    more = f" and {len(names) - 5} more" if names[5:] else ""
    return f"a dictionary of {', '.join(names[:5])}{more}"
