"""What a network spends on images, as arrays: per block, and by pixel."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

DETAILS = "details"
"""The signature of a SavedModel that returns everything by block."""

Maps = dict[str, np.ndarray]
"""Name -> an array whose first axis is the images."""


def ponder_maps(model: Any, images: Any, *, batch_size: int = 32) -> Maps:
    """Runs a network and returns where it spent its computation.

    Every method has every entry: one without a ponder cost has its executed units in
    the cost's place, since there is no remainder to add; where a whole image is decided
    about, the maps are constant over it.

    Args:
        model: A network of `sact_keras.build_model`, its compact form, or a SavedModel
            of `sact_keras.export_saved_model` as `tf.saved_model.load` returns it.
        images: [N, H, W, 3], preprocessed, float32. A SavedModel does that by itself:
            it takes RGB in [0, 255].
        batch_size: Images run at a time. Nothing else depends on it.

    Returns:
        NumPy arrays; [h, w] is a block's resolution, if positions are decided about,
        and absent otherwise.
            images: As given, float32 [N, H, W, 3].
            logits: float32 [N, classes]; of a SavedModel what it has of logits and
                probabilities.
            flops, block_1/flops: 2 x multiply-accumulates, int64 [N], exact.
            block_1/num_units: Executed units, int32 [N, h, w].
            block_1/ponder_cost: float32 [N, h, w].
            block_1/halting_distribution: float32 [N, h, w, units]; with halting.
            num_units_map: int32 [N, H, W], summed over blocks.
            ponder_cost_map: float32 [N, H, W], summed over blocks.
            executed_units: The share of positions at which each residual unit ran,
                float32 [N, units].

    Raises:
        TypeError: If `model` is none of these.
        ValueError: If `images` has another shape or holds none, `batch_size` is not
            positive, or the SavedModel has no signature "details".

    Example:
        >>> import numpy as np
        >>> import sact_keras
        >>> model = sact_keras.build_model("sact", model="1_2_1", base_channels=4)
        >>> maps = sact_keras.ponder_maps(model, np.zeros((2, 32, 48, 3), "float32"))
        >>> maps["ponder_cost_map"].shape, maps["executed_units"].shape
        ((2, 32, 48), (2, 4))
    """
    images = np.asarray(images, dtype=np.float32)
    if images.ndim != 4 or images.shape[-1] != 3 or not images.size:
        raise ValueError(
            "`images` must have shape [N, H, W, 3], with at least one image. "
            f"Received: images of shape {images.shape}"
        )
    if batch_size < 1:
        raise ValueError(
            f"`batch_size` must be at least 1. Received: batch_size={batch_size}"
        )
    run = _runner(model)
    parts = [
        complete_maps(run(images[begin : begin + batch_size]))
        for begin in range(0, len(images), batch_size)
    ]
    joined = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    return {"images": images, **joined}


def block_names(maps: Mapping[str, Any]) -> list[str]:
    """The blocks that a dictionary of outputs or maps has entries of, in order.

    Example:
        >>> block_names({"block_2/flops": 0, "block_1/flops": 0, "flops": 0})
        ['block_1', 'block_2']
    """
    names = {name.rpartition("/")[0] for name in maps} - {""}
    return sorted(names, key=lambda name: (len(name), name))


def complete_maps(outputs: Mapping[str, Any]) -> Maps:
    """Makes the entries of `ponder_maps`, but for the images, of a network's outputs.

    Args:
        outputs: What a network, its compact form, or the signature "details" returns.

    Example:
        >>> maps = complete_maps({
        ...     "flops": np.array([8]),
        ...     "masks": [np.ones(1), np.zeros(1)],
        ...     "block_1/num_units": np.array([1]),
        ...     "block_1/flops": np.array([6]),
        ...     "num_units_map": np.ones((1, 2, 2), np.int32),
        ... })
        >>> maps["executed_units"], maps["block_1/ponder_cost"]
        (array([[1., 0.]], dtype=float32), array([1.], dtype=float32))
    """
    maps = {"flops": _to_numpy(outputs["flops"]).astype(np.int64)}
    for name in ("logits", "probabilities"):
        if name in outputs:
            maps[name] = _to_numpy(outputs[name])
    for block in block_names(outputs):
        num_units = _to_numpy(outputs[f"{block}/num_units"])
        maps[f"{block}/num_units"] = num_units
        maps[f"{block}/flops"] = _to_numpy(outputs[f"{block}/flops"]).astype(np.int64)
        maps[f"{block}/ponder_cost"] = _to_numpy(
            outputs.get(f"{block}/ponder_cost", num_units.astype(np.float32))
        )
        distribution = outputs.get(f"{block}/halting_distribution")
        if distribution is not None:
            maps[f"{block}/halting_distribution"] = _to_numpy(distribution)
    maps["num_units_map"] = _to_numpy(outputs["num_units_map"])
    maps["ponder_cost_map"] = _to_numpy(
        outputs.get("ponder_cost_map", maps["num_units_map"].astype(np.float32))
    )
    maps["executed_units"] = (
        _to_numpy(outputs["executed_units"])
        if "executed_units" in outputs
        else _executed_shares([_to_numpy(mask) for mask in outputs["masks"]])
    )
    return maps


def _executed_shares(masks: list[np.ndarray]) -> np.ndarray:
    """The share of positions at which each unit ran, float32 [N, units]."""
    shares = [mask.reshape(len(mask), -1).mean(axis=1) for mask in masks]
    return np.stack(shares, axis=1).astype(np.float32)


def _runner(model: Any) -> Callable[[np.ndarray], Mapping[str, Any]]:
    if hasattr(model, "signatures"):
        return _details_of(model)
    if hasattr(model, "block_names") and callable(model):
        return lambda images: model(images, training=False)
    if hasattr(model, "network") and callable(model):
        return model
    raise TypeError(
        "`model` must be a network of sact_keras.build_model, its compact form, or a "
        f"SavedModel with the signature {DETAILS!r}. Received: {type(model).__name__}"
    )


def _details_of(saved_model: Any) -> Callable[[np.ndarray], Mapping[str, Any]]:
    import tensorflow as tf

    if DETAILS not in saved_model.signatures:
        raise ValueError(
            f"`model` must be a SavedModel with the signature {DETAILS!r}. "
            f"Received: one with {', '.join(sorted(saved_model.signatures)) or 'none'}"
        )
    details = saved_model.signatures[DETAILS]
    return lambda images: details(images=tf.constant(images))


def _to_numpy(values: Any) -> np.ndarray:
    if isinstance(values, np.ndarray):
        return values
    from keras import ops  # Tensors of any backend; takes long to import.

    return ops.convert_to_numpy(values)
