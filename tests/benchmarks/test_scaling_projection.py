"""Efficiency on many replicas, by cases computed by hand."""

import pytest

from benchmarks.interconnect import Interconnect, Link
from benchmarks.scaling_projection import Projection, StepTime, replicas_below

# A step of 8 images takes 2 + 8 x 1 seconds.
STEP = StepTime(fixed=2.0, per_image=1.0)
# On two replicas 8 bytes take 2 (0.5 + 4 / 8) seconds, and 16 take 2 (0.5 + 8 / 8).
RING = Interconnect(near=Link(8.0, 0.5), replicas_per_machine=1024, algorithm="ring")
PROJECTION = Projection(STEP, (8, 16), RING)


def test_exchanges_of_a_step_add_up():
    assert PROJECTION.communication_seconds(2) == pytest.approx(2.0 + 3.0)
    assert PROJECTION.communication_seconds(1) == 0


def test_efficiency_where_the_batch_grows():
    assert PROJECTION.weak_efficiency(1, images=8) == 1
    # 10 s alone, 15 s on two replicas of 8 images each.
    assert PROJECTION.weak_efficiency(2, images=8) == pytest.approx(10 / 15)


def test_efficiency_where_the_batch_stays():
    assert PROJECTION.strong_efficiency(1, batch_size=8) == 1
    # 10 s alone; on two replicas 2 + 4 s and 5 s of exchanges: 10 / (2 x 11).
    assert PROJECTION.strong_efficiency(2, batch_size=8) == pytest.approx(10 / 22)
    assert PROJECTION.strong_efficiency(16, batch_size=8) is None


def test_where_efficiency_falls_below_a_half():
    # 1/R: 0.5 at two, below from four on.
    assert replicas_below(lambda number: 1 / number) == 4
    assert replicas_below(lambda number: 1 / number, share=0.1) == 16
    assert replicas_below(lambda number: 0.9) is None
    assert replicas_below(lambda number: None if number > 4 else 0.6) is None


def test_step_time_of_two_measurements():
    # 10 more images take 5 s more: half a second each, and 1 s that they all share.
    assert StepTime.of_measurements((10, 6.0), (20, 11.0)) == StepTime(1.0, 0.5)
    assert StepTime.of_measurements((10, 6.0)) == StepTime(0.0, 0.6)
    # Noise that would leave less than nothing.
    assert StepTime.of_measurements((10, 4.0), (20, 11.0)).fixed == 0
    for few, many in (((20, 6.0), (10, 11.0)), ((10, 6.0), (20, 6.0))):
        with pytest.raises(ValueError, match="Received: "):
            StepTime.of_measurements(few, many)
