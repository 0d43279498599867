"""Small models, and checkpoints of PyTorch that fit them."""

import collections

import numpy as np
import pytest
from torch_checkpoint import write_torch

import sact_keras
from sact_keras.checkpoints.pytorch_names import named_variables

AIG = {"model_type": "aig", "model": "1_2_1"}
DYNCONV = {"model_type": "dynconv", "model": "1_2_1"}
VANILLA = {"model_type": "vanilla", "model": "1_2_1", "variant": "aig"}
IMAGENET = {"dataset": "imagenet", "num_classes": 3}
NETWORKS = {
    "aig": AIG,
    "aig on ImageNet": AIG | IMAGENET | {"model": "1_2_1_1"},
    "dynconv": DYNCONV,
    "dynconv on ImageNet": DYNCONV | IMAGENET | {"model": "basic_1_2_1_1"},
    "bottlenecks": DYNCONV | IMAGENET | {"model": "1_2_1_1"},
    "vanilla": VANILLA,
    "vanilla of BlockDrop": VANILLA | {"variant": "blockdrop"},
}
COUNTER = "bn1.num_batches_tracked"


def build(base_channels=4, **arguments):
    return sact_keras.build_model(base_channels=base_channels, **arguments)


def random_state(model, seed=0):
    """Name -> array of what a checkpoint of the model's network might hold."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.uniform(0.5, 1.5, stored.shape).astype("float32")
        for name, stored in named_variables(model)
    }


def tensors_of(state):
    import torch

    return {name: torch.from_numpy(array) for name, array in state.items()}


def write_state(path, state, *, old=False, wrap=True, prefix=""):
    import torch

    state = {f"{prefix}{name}": array for name, array in state.items()}
    tensors = collections.OrderedDict(tensors_of(state))
    tensors[f"{prefix}{COUNTER}"] = torch.tensor(7)
    # What a training leaves beside the weights.
    optimizer = {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": []}
    training = {"epoch": 12, "best_prec1": 91.25, "optimizer": optimizer}
    content = {**training, "state_dict": tensors} if wrap else tensors
    return write_torch(path, content, old=old)


def values_of(model):
    """The model's weights in the layout of PyTorch, by its names."""
    values = {}
    for name, stored in named_variables(model):
        value = np.array(stored.variable)
        if value.ndim == 4:
            value = np.moveaxis(value, (3, 2, 0, 1), (0, 1, 2, 3))
        if value.ndim == 2:
            value = value.T.reshape(stored.shape)
        values[name] = value
    return values


def assert_holds(model, expected):
    found = values_of(model)
    assert found.keys() == expected.keys()
    for name, value in found.items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def assert_refused(error, model, path, *texts, **keywords):
    """Loading raises `error` and leaves the model as it was; returns the error."""
    before = model.get_weights()
    with pytest.raises(error) as caught:
        sact_keras.load_checkpoint(model, path, **keywords)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    for text in texts:
        assert text in str(caught.value)
    return caught.value
