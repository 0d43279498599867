"""Mutated image files are refused by name, or read; no reader crashes or hangs."""

import pytest
from fuzz_runner import check_outcomes, run_cases

pytestmark = pytest.mark.torture

CASES = 700


def test_mutated_images(tmp_path, survived):
    outcomes = run_cases("fuzz_images", tmp_path / "cases", CASES)
    check_outcomes(outcomes, CASES, least_share=0.5)
    for suffix, name in {".png": "PNG", ".jpg": "JPEG"}.items():
        number = sum(f"{suffix}: " in outcome.kind for outcome in outcomes)
        assert number >= len(outcomes) // 3
        survived(f"mutated {name} files refused or read", number)
