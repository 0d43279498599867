"""Checkpoints of BlockDrop, under the names that it gives."""

import re

from pytorch_models import tensors_of
from torch_checkpoint import write_torch

POLICY = "agent."


def blockdrop_name(name):
    """What BlockDrop calls, in a ResNet of its own, what torchvision calls `name`."""
    if match := re.fullmatch(r"layer(\d)\.0\.downsample\.(.+)", name):
        return f"ds.{int(match[1]) - 1}.{match[2]}"
    if match := re.fullmatch(r"layer(\d)\.(.+)", name):
        return f"blocks.{int(match[1]) - 1}.{match[2]}"
    return name


def resnet_of(state):
    """The ResNet's part of a `random_state`."""
    return {n: array for n, array in state.items() if not n.startswith(POLICY)}


def policy_of(state):
    """The policy network's part of a `random_state`."""
    return {n: array for n, array in state.items() if n.startswith(POLICY)}


def write_blockdrop(path, state, *, network="resnet", old=False, prefix=""):
    """Writes a state, by torchvision's names, as the curriculum or the finetuning does.

    Args:
        path: The file.
        state: As from `random_state` of a model with a policy network. Without a
            ResNet's names it becomes a checkpoint of the curriculum.
        network: The entry of the ResNet.
        old: Whether to write it as PyTorch did before 1.6.
        prefix: What the names of the policy network begin with.
    """
    policy = {}
    for name, array in policy_of(state).items():
        name = name.removeprefix(POLICY)
        root = "" if name.startswith(("logit.", "vnet.")) else "features."
        policy[f"{prefix}{root}{blockdrop_name(name)}"] = array
    content = {"agent": tensors_of(policy), "epoch": 40, "reward": -1.9, "acc": 0.75}
    if resnet := resnet_of(state):
        named = {blockdrop_name(name): array for name, array in resnet.items()}
        content[network] = tensors_of(named)
    return write_torch(path, content, old=old)
