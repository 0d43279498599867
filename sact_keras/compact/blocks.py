"""Which compact block serves which decision."""

import tensorflow as tf

from sact_keras.compact.decision import CompactDecision
from sact_keras.compact.folding import fold_unit
from sact_keras.compact.gates import CompactGates
from sact_keras.compact.image_halting import ImageHaltingBlock
from sact_keras.compact.mask_units import CompactMasks
from sact_keras.compact.masked_block import MaskedBlock
from sact_keras.compact.position_halting import PositionHaltingBlock
from sact_keras.layers import (
    AdaptiveBlock,
    GateDecision,
    HaltingDecision,
    MaskDecision,
)

_DECISIONS = {GateDecision: CompactGates, MaskDecision: CompactMasks}
"""Decision -> its compact form. All others are asked as they are."""


def compact_block(block: AdaptiveBlock) -> tf.Module:
    """The compact form of a block.

    A decision that is not known here runs all the same, by the Keras layer itself.

    Args:
        block: Built.
    """
    units = [fold_unit(unit) for unit in block.units]
    decision = block.decision
    # Of a subclass nobody knows what it decides.
    if type(decision) is HaltingDecision and len(units) > 1:
        spatial = decision.spatial
        halting = PositionHaltingBlock if spatial else ImageHaltingBlock
        return halting(units, decision, name=block.name)
    form = _DECISIONS.get(type(decision), CompactDecision)
    return MaskedBlock(units, form(decision), name=block.name)
