"""The names that BlockDrop's own code gives to the variables of our networks."""

from sact_keras.checkpoints.pytorch_names import to_our_layout

_KINDS = {
    "kernel": "weight",
    "gamma": "weight",
    "bias": "bias",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
_OUTSIDE_UNITS = {"conv": "conv1", "norm": "bn1", "logits": "fc"}
_HEADS = {"logits": "agent.logit", "value": "agent.vnet"}
_SHORTCUT = {"shortcut": 0, "shortcut_norm": 1}


def original_name(path):
    """The original's name of what lies at a path.

    Example:
        >>> original_name("model/policy/unit_2/conv1_norm/gamma")
        'agent.features.blocks.1.0.bn1.weight'
    """
    _, *place, layer, variable = path.split("/")
    kind = _KINDS[variable]
    decides = place[0] == "policy"
    if decides and layer in _HEADS:
        return f"{_HEADS[layer]}.{kind}"
    root = "agent.features" if decides else "resnet"
    numbers = [int(part.split("_")[1]) - 1 for part in place if "_" in part]
    if not numbers:
        return f"{root}.{_OUTSIDE_UNITS[layer]}.{kind}"
    # The policy network has one unit a segment.
    segment, unit = [*numbers, 0][:2]
    if layer in _SHORTCUT:
        return f"{root}.ds.{segment}.{_SHORTCUT[layer]}.{kind}"
    if layer.endswith("_norm"):
        layer = layer.removesuffix("_norm").replace("conv", "bn")
    return f"{root}.blocks.{segment}.{unit}.{layer}.{kind}"


def variables_by_name(model):
    """The original's name -> our variable, of all that the original has."""
    return {
        original_name(variable.path): variable
        for variable in model.variables
        if variable.path.split("/")[-1] in _KINDS
    }


def assign(model, arrays):
    """Gives a network the original's arrays, by their names; none may be left over."""
    variables = variables_by_name(model)
    assert variables.keys() == arrays.keys()
    for name, variable in variables.items():
        variable.assign(to_our_layout(arrays[name]))
