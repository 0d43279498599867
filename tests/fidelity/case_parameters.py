"""Cases as parameters of a test."""

import pytest


def parameters(cases, marked=()):
    """Parameters whose ids are the cases' names.

    Args:
        cases: Name -> case.
        marked: Names of those that run under every backend.
    """
    return [
        pytest.param(case, id=name, marks=[pytest.mark.backend] * (name in marked))
        for name, case in cases.items()
    ]
