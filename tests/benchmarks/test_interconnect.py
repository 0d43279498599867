"""How long an all-reduce takes, by cases computed by hand."""

import pytest

from benchmarks.interconnect import Interconnect, Link

# 8 bytes a second within a machine of four, 2 between machines.
LINKS = {"near": Link(8.0, 0.5), "far": Link(2.0, 3.0), "replicas_per_machine": 4}


@pytest.mark.parametrize(
    ("algorithm", "num_replicas", "seconds"),
    [
        # Round twice, each time: 3 hops of 0.5, and 3/4 of 16 bytes at 8 a second.
        ("ring", 4, 2 * (3 * 0.5 + 12 / 8)),
        # 6 hops within the two machines and 1 between; 7/8 of 16 bytes at 2 a second.
        ("ring", 8, 2 * (6 * 0.5 + 1 * 3.0 + 14 / 2)),
        ("ring", 2, 2 * (1 * 0.5 + 8 / 8)),
        # Up and down, each time: 2 levels of 0.5, and 16 bytes at 8 a second.
        ("tree", 4, 2 * (2 * 0.5 + 16 / 8)),
        # Of 5 machines, 3 levels more.
        ("tree", 20, 2 * (2 * 0.5 + 3 * 3.0 + 16 / 2)),
        ("tree", 3, 2 * (2 * 0.5 + 16 / 8)),
        # The faster: the ring sends less, the tree has fewer hops.
        ("best", 4, 6.0),
        ("best", 20, 2 * (2 * 0.5 + 3 * 3.0 + 16 / 2)),
    ],
)
def test_seconds_of_an_all_reduce(algorithm, num_replicas, seconds):
    interconnect = Interconnect(**LINKS, algorithm=algorithm)
    assert interconnect.all_reduce_seconds(16, num_replicas) == pytest.approx(seconds)


def test_one_replica_waits_for_nobody():
    assert Interconnect().all_reduce_seconds(1e9, 1) == 0


def test_gradients_of_resnet_50_on_eight_gpus():
    """102 MB at 300 GB/s: 2 x 7/8 x 102 / 300 ms, and 14 hops of 10 microseconds."""
    seconds = Interconnect(algorithm="ring").all_reduce_seconds(102e6, 8)
    assert seconds == pytest.approx(0.595e-3 + 0.14e-3)


def test_an_algorithm_that_is_not_known():
    with pytest.raises(ValueError, match="Received: algorithm='star'"):
        Interconnect(algorithm="star")
