"""Which compact block serves which decision."""

import tensorflow as tf

from sact_keras.compact.folding import fold_unit
from sact_keras.compact.gates import CompactGates
from sact_keras.compact.image_halting import ImageHaltingBlock
from sact_keras.compact.keras_decision import KerasDecision
from sact_keras.compact.mask_units import CompactMasks
from sact_keras.compact.masked_block import MaskedBlock
from sact_keras.compact.position_halting import PositionHaltingBlock
from sact_keras.layers import (
    AdaptiveBlock,
    GateDecision,
    HaltingDecision,
    MaskDecision,
    ResidualUnit,
)

_DECISIONS = {GateDecision: CompactGates, MaskDecision: CompactMasks}
"""Decision -> its compact form. Of any other the Keras layer itself is asked."""


def compact_block(block: AdaptiveBlock) -> tf.Module:
    """The compact form of a block.

    A decision that is not known here runs all the same, by the Keras layer itself.

    Args:
        block: Built.

    Raises:
        TypeError: If a unit computes something that `fold_unit` does not know.
    """
    for unit in block.units:
        _check_arithmetic(unit)
    units = [fold_unit(unit) for unit in block.units]
    decision = block.decision
    # Of a subclass nobody knows what it decides.
    if type(decision) is HaltingDecision and len(units) > 1:
        spatial = decision.spatial
        halting = PositionHaltingBlock if spatial else ImageHaltingBlock
        return halting(units, decision, name=block.name)
    form = _DECISIONS.get(type(decision), KerasDecision)
    return MaskedBlock(units, form(decision), name=block.name)


def _check_arithmetic(unit: ResidualUnit) -> None:
    """Refuses a subclass that computes otherwise than the unit it would pass for."""
    kind = type(unit)
    if kind in fold_unit.registry:
        return
    for name in ("call", "branches", "combine", "shortcut_branch"):
        method = getattr(kind, name, None)
        if method is not None and not method.__module__.startswith("sact_keras."):
            raise TypeError(
                f"unit must compute as one of this package's does, or {kind.__name__} "
                f"be made known by fold_unit.register. Received: {kind.__name__} with "
                f"a {name} of its own"
            )
