"""What holds of compact execution, for tests of all folders."""

import keras
import numpy as np
from keras import ops

from sact_keras.layers import HaltingDecision

ACCOUNTED = ("flops", "macs", "num_units", "_map")
"""How outputs end that are a function of the masks (and ponder costs) alone."""

EXACT = ("flops", "macs", "num_units", "num_units_map")

RATES = (0.0, 0.01, 0.1, 0.5, 0.9, 1.0)


def flat(outputs):
    """A dictionary of outputs, its masks as "masks/0" and so on, as NumPy arrays."""
    return {
        "/".join(map(str, path)): ops.convert_to_numpy(value)
        for path, value in keras.tree.flatten_with_path(dict(outputs))
    }


def assert_equal_outputs(actual, expected, tolerance=1e-4):
    """Compares two dictionaries of outputs: decisions and counts exactly.

    Rounding is held against the largest value of an array.

    Args:
        actual: What was computed.
        expected: What is right.
        tolerance: The largest error of what is no count, in units of the array's
            largest value, or of 1 where none is as large.
    """
    actual, expected = flat(actual), flat(expected)
    assert set(actual) == set(expected)
    for name, wanted in expected.items():
        assert actual[name].shape == wanted.shape, name
        assert actual[name].dtype == wanted.dtype, name
        if name.startswith("masks/") or name.endswith(EXACT):
            np.testing.assert_array_equal(actual[name], wanted, err_msg=name)
        else:
            allowed = tolerance * max(1.0, np.abs(wanted).max(initial=0.0))
            np.testing.assert_allclose(
                actual[name], wanted, rtol=0, atol=allowed, err_msg=name
            )


def pick(outputs, index):
    """The outputs of some images of a batch.

    Args:
        outputs: A dictionary of outputs.
        index: A slice of the batch.
    """
    return keras.tree.map_structure(lambda value: value[index], dict(outputs))


def draw_masks(model, batch, size, rate, seed=0):
    """Random masks, each element kept with the probability `rate` by itself.

    With halting a mask keeps only what the one before kept, and a block's first unit
    runs everywhere. Units that a network does not decide about get masks, too.

    Args:
        model: The network.
        batch: Images.
        size: (height, width) in pixels.
        rate: A probability; or one for each unit.
        seed: Of the masks.

    Returns:
        One float32 array a unit, [N] or [N, h, w].
    """
    rng = np.random.default_rng(seed)
    rates = iter(np.broadcast_to(rate, sum(model.num_units)))
    masks, size = [], model.stem.output_size(size)
    for block in model.blocks:
        halts = isinstance(block.decision, HaltingDecision)
        for index, unit in enumerate(block.units):
            size = unit.output_size(size)
            shape = (batch, *size) if block.decision.spatial else (batch,)
            mask = (rng.random(shape) < next(rates)).astype("float32")
            if halts:
                mask = np.ones_like(mask) if index == 0 else mask * masks[-1]
            masks.append(mask)
    return masks
