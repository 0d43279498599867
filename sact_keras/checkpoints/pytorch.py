"""Reads PyTorch's checkpoints: those of three originals, and torchvision's ResNets."""

import os
from collections.abc import Iterable

import keras
import numpy as np

from sact_keras.checkpoints.assignment import assign_variables, with_unnamed
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.pytorch_names import (
    canonical_name,
    is_known,
    named_variables,
    to_our_layout,
    ungated_units,
)
from sact_keras.checkpoints.pytorch_state import read_state_dict, to_array

VARIANTS = ("aig", "blockdrop", "dynconv")
"""The variants whose networks are PyTorch's ResNets."""

_COUNTER = "num_batches_tracked"
"""What a batch norm counts, since PyTorch 0.4.1, and our momentum does not need."""


def load_pytorch(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    skip_decisions: bool = False,
    only_decisions: bool = False,
    skip_classifier: bool = False,
) -> None:
    """Loads a checkpoint that PyTorch has written, of one of its ResNets.

    A policy network from there decides about all units, whatever it did here before.

    Args:
        model: A model of `build_model` of the "aig", "blockdrop" or "dynconv" variant.
        path: The file.
        skip_decisions: Whether the layers that decide (halting branches, gates,
            maskers, the policy network) are left as they are, to start an adaptive
            model from a vanilla one.
        only_decisions: Whether all others are left as they are.
        skip_classifier: Whether the layer of the classes is left as it is.

    Raises:
        CheckpointMismatchError: If the checkpoint is of another architecture, or the
            model of another variant. The model is then as it was.
        DamagedFileError: If the file is damaged, or holds what is not read.
        MissingExtraError: If PyTorch is not installed, or too old to be safe.
    """
    if model.variant not in VARIANTS:
        *others, last = map(repr, VARIANTS)
        raise CheckpointMismatchError(
            path,
            note="a checkpoint of PyTorch needs a model of variant "
            f"{', '.join(others)} or {last}. Received: variant={model.variant!r}",
        )
    tensors = read_state_dict(path)
    # Where a unit always runs in the model, a gate in the checkpoint has no say.
    passed_over = tuple(ungated_units(model))
    tensors = {
        name: tensor
        for name, tensor in tensors.items()
        if not name.endswith(_COUNTER) and not name.startswith(passed_over)
    }

    def read(name: str) -> np.ndarray:
        try:
            return to_our_layout(to_array(tensors[name]))
        except ValueError as error:
            message = f"{name} in {path} cannot be read: {error}"
            raise DamagedFileError(message) from error

    # What is in the file has its name from there, which errors then show.
    spelled = {canonical_name(name): name for name in tensors}
    named = {spelled.get(name, name): s for name, s in named_variables(model)}
    assign_variables(
        path,
        with_unnamed(model, named),
        {name: tuple(tensor.shape) for name, tensor in tensors.items()},
        read,
        skip_decisions=skip_decisions,
        only_decisions=only_decisions,
        skip_classifier=skip_classifier,
        note=_foreign(spelled),
    )
    if model.policy is not None and not skip_decisions:
        # What has been published has been trained to decide about all units.
        model.policy.free_units.assign(sum(model.num_units))


def _foreign(names: Iterable[str]) -> str | None:
    """What to say of a checkpoint of which no name is a ResNet's."""
    names = sorted(names)
    if not names or any(map(is_known, names)):
        return None
    return (
        f"its variables have names such as {names[0]}, a ResNet's such as "
        "conv1.weight and layer1.0.conv1.weight: it is of another network"
    )
