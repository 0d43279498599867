"""Mutated TFRecords are refused by file and record, or what they held is read."""

import pytest
from fuzz_runner import check_outcomes, run_cases

pytestmark = pytest.mark.torture

CASES = 350


def test_mutated_records(tmp_path, survived):
    outcomes = run_cases("fuzz_records", tmp_path / "cases", CASES)
    check_outcomes(outcomes, CASES, least_share=0.6)
    survived("mutated TFRecord data sets refused or read", len(outcomes))
