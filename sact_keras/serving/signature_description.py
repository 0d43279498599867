"""Says what a signature of a SavedModel takes and returns."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

_MEANINGS = {
    "images": "RGB from 0 to 255, at the size at which the network is to see them",
    "image_bytes": "JPEG or PNG files of any size",
    "compute_budget": "what each image may cost; see compute_budget",
    "probabilities": "of each class, adding up to 1",
    "classes": "the likeliest classes, the likeliest first",
    "scores": "the probabilities of these classes",
    "flops": "2 x multiply-accumulates that each image needed",
    "num_units": "residual units executed, the mean over the image's pixels",
    "num_units_map": "residual units executed at each pixel, summed over blocks",
    "ponder_cost_map": "ponder cost of each pixel (units and remainders) summed over "
    "blocks; without halting units executed",
    "ponder_cost": "units executed and remainder, at each position where halting is "
    "spatial",
    "halting_distribution": "weight of the state after each unit; adds up to 1",
    "gate_probability": "of each unit's gate to let the image through",
    "executed_units": "the share of positions at which each unit ran, from 0 to 1",
    "heatmap_bytes": "a PNG of the ponder map over each image, of the image's size",
}

# Which say something else of a single block.
_OF_A_BLOCK = {
    "num_units": "residual units executed, at each position where masks are spatial",
}


def describe_signature(signature: Any) -> dict[str, Any]:
    """Describes a signature in a form that JSON can hold.

    Args:
        signature: A `ConcreteFunction`, as `get_concrete_function` returns it or a
            loaded SavedModel's `signatures` hold it.

    Returns:
        {"inputs": {name: {"dtype", "shape", "meaning"}}, "outputs": {...}}; a shape has
        null where any length will do, and is null where it is not known at all.

    Example:
        >>> @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "x")])
        ... def count(x):
        ...     return {"num_units": tf.zeros(tf.shape(x))}
        >>> describe_signature(count.get_concrete_function())["inputs"]
        {'x': {'dtype': 'string', 'shape': [None], 'meaning': None}}
    """
    return {
        "inputs": _describe(input_specs(signature)),
        "outputs": _describe(signature.structured_outputs),
    }


def input_specs(signature: Any) -> dict[str, tf.TensorSpec]:
    """Name -> what a signature, a `ConcreteFunction`, takes under it.

    A function that was just traced may take by position what it takes by name once it
    is loaded.
    """
    positional, named = signature.structured_input_signature
    # An argument that was left out stands there as its default.
    given = [spec for spec in positional if isinstance(spec, tf.TensorSpec)]
    return {spec.name: spec for spec in given} | dict(named)


def _describe(tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _describe_tensor(name, tensors[name]) for name in sorted(tensors)}


def _describe_tensor(name: str, tensor: Any) -> dict[str, Any]:
    block, _, key = name.rpartition("/")
    meaning = _MEANINGS.get(key)
    if block:
        meaning = _OF_A_BLOCK.get(key, meaning)
    shape = tf.TensorShape(tensor.shape)
    return {
        "dtype": tf.as_dtype(tensor.dtype).name,
        "shape": None if shape.rank is None else shape.as_list(),
        "meaning": meaning,
    }
