"""Which policies images run under."""

import collections

import numpy as np
import pytest
from conftest import load_arrays
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import tiny_model

from sact_keras.training.policy_usage import PolicyUsage, format_policy_usage

REPORT = """\
Accuracy: 0.615
Block Usage: 8.577 ± 4.658
FLOPs/img: 9.26E+07 ± 1.25E+07
Unique Policies: 17"""


@pytest.fixture(scope="module")
def golden(shared_dir):
    path = shared_dir / "golden" / "torch" / "blockdrop_r32_c10" / "golden.npz"
    if not path.exists():
        pytest.skip(f"the golden case is not at hand: no {path}")
    return load_arrays(path)


def usage_of(policies, right=None, num_units=None, penalty=-5.0, batch_size=7):
    policies = np.asarray(policies, "float32")
    usage = PolicyUsage(num_units or (policies.shape[1],), penalty)
    right = np.ones(len(policies), bool) if right is None else right
    for begin in range(0, len(policies), batch_size):
        batch = slice(begin, begin + batch_size)
        usage.add(policies[batch], right[batch])
    return usage


@st.composite
def policies(draw):
    """As tuples, of few units so that many are equal, or of many."""
    units = draw(st.sampled_from([1, 2, 3, 8, 9, 33]))
    different = draw(
        st.lists(st.tuples(*[st.booleans()] * units), min_size=1, max_size=6)
    )
    return draw(st.lists(st.sampled_from(different), min_size=1, max_size=30))


@settings(deadline=None)
@given(rows=policies(), batch_size=st.integers(1, 30))
def test_policies_are_counted_as_sets_and_counters_count_them(rows, batch_size):
    usage = usage_of(rows, batch_size=batch_size)
    np.testing.assert_array_equal(usage.policies, rows)
    assert usage.num_unique == len(set(rows))
    # A counter lists the commonest first, and of equals the one it met first.
    expected = collections.Counter(rows).most_common()
    for count in (1, 3, len(rows) + 1):
        found, counts = usage.commonest(count)
        pairs = list(zip(map(tuple, found.tolist()), counts.tolist(), strict=True))
        assert pairs == expected[:count]
    for policy in set(rows):
        places = [place for place, row in enumerate(rows) if row == policy]
        assert usage.examples(policy, 4).tolist() == places[:4]


@settings(deadline=None)
@given(rows=policies(), count=st.integers(1, 31))
def test_images_are_sorted_by_blocks_and_then_as_they_came(rows, count):
    usage = usage_of(rows)
    places = range(len(rows))
    assert usage.blocks_used.tolist() == [sum(row) for row in rows]
    easiest = sorted(places, key=lambda place: sum(rows[place]))[:count]
    hardest = sorted(places, key=lambda place: -sum(rows[place]))[:count]
    assert usage.easiest(count).tolist() == easiest
    assert usage.hardest(count).tolist() == hardest


@settings(deadline=None)
@given(rows=policies(), seed=st.integers(0, 2**32 - 1))
def test_numbers_are_those_of_the_whole_arrays(rows, seed):
    right = np.random.default_rng(seed).uniform(size=len(rows)) < 0.5
    usage = usage_of(rows, right, penalty=-3.0)
    used = np.sum(rows, axis=1)
    rewards = np.where(right, 1 - np.mean(rows, axis=1) ** 2, -3.0)
    deviation = used.std(ddof=1) if len(rows) > 1 else 0.0
    assert usage.values == pytest.approx(
        {
            "eval/Reward": rewards.mean(),
            "eval/Block_Usage": used.mean(),
            "eval/Block_Usage_std": deviation,
            "eval/Unique_Policies": len(set(rows)),
        },
        rel=1e-6,
        abs=1e-6,
    )
    np.testing.assert_allclose(usage.unit_usage, np.mean(rows, axis=0), rtol=1e-12)


def test_numbers_of_the_original(golden):
    matches = golden["perf/matches"] > 0
    usage = usage_of(golden["perf/policies"], matches, (5, 5, 5), penalty=-10.0)
    values = {"eval/Accuracy": matches.mean(), **usage.values}
    names = ("Accuracy", "Block_Usage", "Block_Usage_std", "Unique_Policies")
    np.testing.assert_allclose(
        [values[f"eval/{name}"] for name in names],
        golden["perf/out"][[0, 2, 3, 4]],
        rtol=1e-6,
    )
    mean, deviation = golden["flops/mean_std"]
    values |= {"Total Flops/mean": mean, "Total Flops/std": deviation}
    assert format_policy_usage(values) == REPORT


def test_rewards_of_the_original(golden):
    # The last eight images were given the policy that runs all, but not its rewards.
    policies, matches, rewards = (
        golden[f"perf/{name}"][:18] for name in ("policies", "matches", "rewards")
    )
    usage = usage_of(policies, matches > 0, penalty=-10.0)
    expected = rewards.mean(dtype="float64")
    assert usage.values["eval/Reward"] == pytest.approx(expected, rel=1e-6)


def test_one_image_deviates_by_nothing():
    values = usage_of([[1, 0, 1]]).values
    assert values["eval/Block_Usage_std"] == 0
    values |= {"eval/Accuracy": 1.0, "Total Flops/mean": 5e7, "Total Flops/std": 0.0}
    assert format_policy_usage(values).splitlines()[1] == "Block Usage: 2.000 ± 0.000"


def test_memory_is_bits():
    generator = np.random.default_rng(0)
    usage = usage_of(generator.uniform(size=(50_000, 33)) < 0.5, batch_size=100)
    held = sum(part.nbytes for part in (*usage._packed, *usage._right))
    assert held == 50_000 * (5 + 1)


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ([[1, 0]], r"\[1, 3\].*\[1, 2\]"),
        ([[1, 0, 0]] * 2, r"\[1, 3\].*\[2, 3\]"),
        ([[1, 0, 0.5]], "from 0.0 to 1.0"),
        ([[1, 0, 2]], "from 0 to 2"),
    ],
)
def test_what_is_no_policy(policies, message):
    with pytest.raises(ValueError, match=message):
        PolicyUsage((1, 2), -1.0).add(policies, [True])


@pytest.mark.parametrize(
    ("arguments", "penalty"),
    [
        ({"stage": "curriculum"}, -1),
        ({}, -5),
        ({"stage": "curriculum", "penalty": -7.0}, -7),
        ({"penalty": 0.0}, 0),
    ],
)
def test_rewards_are_those_of_the_model(arguments, penalty):
    usage = PolicyUsage.of(tiny_model("blockdrop", **arguments))
    usage.add([[1, 0, 0, 0], [1, 1, 1, 1]], [False, True])
    assert usage.num_units == (1, 2, 1)
    assert usage.values["eval/Reward"] == penalty / 2


@pytest.mark.parametrize(
    ("model_type", "arguments"), [("aig", {}), ("blockdrop", {"stage": "pretrain"})]
)
def test_only_policy_networks_have_policies(model_type, arguments):
    assert PolicyUsage.of(tiny_model(model_type, **arguments)) is None
