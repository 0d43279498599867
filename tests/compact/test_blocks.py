"""Tests of which compact block serves which decision."""

import pytest

from sact_keras.compact.blocks import compact_block
from sact_keras.compact.folding import fold_unit
from sact_keras.layers import AdaptiveBlock, Decision, PreactivationUnit, Style

STYLE = Style(0.9, 1e-3, 0.1)


class Doubled(PreactivationUnit):
    """A unit that counts its residual twice."""

    def combine(self, shortcut, residual, execution_mask=None):
        return super().combine(shortcut, 2 * residual, execution_mask)


class Renamed(PreactivationUnit):
    """A unit that computes what its base does."""


def block_of(unit):
    block = AdaptiveBlock([unit], Decision())
    block.build((None, 8, 8, 4))
    return block


def test_a_unit_with_arithmetic_of_its_own_is_refused():
    with pytest.raises(TypeError, match=r"Doubled.*combine of its own"):
        compact_block(block_of(Doubled(4, style=STYLE)))


def test_a_unit_that_was_made_known_is_taken():
    class Known(Doubled):
        pass

    fold_unit.register(Known, fold_unit.dispatch(PreactivationUnit))
    assert len(compact_block(block_of(Known(4, style=STYLE))).units) == 1


def test_a_unit_that_computes_as_its_base_is_taken():
    assert len(compact_block(block_of(Renamed(4, style=STYLE))).units) == 1
