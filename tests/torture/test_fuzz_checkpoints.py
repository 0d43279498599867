"""Mutated checkpoints are refused by name, or hold what was saved; no code is run."""

import pytest
from fuzz_runner import check_outcomes, run_cases

pytestmark = pytest.mark.torture

CASES = 400


def test_mutated_checkpoints(tmp_path, survived):
    outcomes = run_cases("fuzz_checkpoints", tmp_path / "cases", CASES)
    check_outcomes(outcomes, CASES, least_share=0.5)
    survived("mutated checkpoints refused or read", len(outcomes))
