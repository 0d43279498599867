import pytest

from sact_keras.benchmarking import turns
from sact_keras.benchmarking.turns import describe_times, take_turns


class Clock:
    """Time that passes only in calls."""

    def __init__(self):
        self.now = 0.0
        self.called = []

    def call(self, name, seconds):
        def run():
            self.called.append(name)
            self.now += seconds

        return run


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(turns.time, "perf_counter", lambda: clock.now)
    return clock


def test_every_other_round_runs_backwards(clock):
    calls = {"a": clock.call("a", 1.0), "b": clock.call("b", 0.5)}
    seconds = take_turns(calls, rounds=3, turn_seconds=0.2)
    assert seconds == {"a": [1.0] * 3, "b": [0.5] * 3}
    # The first two find out how long a call takes.
    assert "".join(clock.called) == "ab" + "ab" + "ba" + "ab"


def test_a_turn_lasts_as_long_as_it_should(clock):
    calls = {"slow": clock.call("slow", 0.25), "fast": clock.call("fast", 0.0625)}
    seconds = take_turns(calls, rounds=1, turn_seconds=0.2)
    assert seconds == {"slow": [0.25], "fast": [0.0625]}
    assert clock.called == ["slow", "fast", "slow", *["fast"] * 4]


def test_median_and_spread():
    found = describe_times([0.004, 0.001, 0.003, 0.002, 0.010], batch_size=6)
    assert found == pytest.approx(
        {
            "milliseconds": 3.0,
            "lower_quartile": 2.0,
            "upper_quartile": 4.0,
            "least": 1.0,
            "most": 10.0,
            "images_per_second": 2000.0,
        }
    )
