"""Fixtures of the golden case of BlockDrop, for modules that import them.

There they have the shorter names.
"""

import pytest
from policy_golden import NAME, read_variables
from torch_golden import load_case, to_nhwc


@pytest.fixture(scope="module", name="case")
def policy_case(shared_dir):
    return load_case(shared_dir, NAME)


@pytest.fixture(scope="module", name="variables")
def policy_variables(case):
    return read_variables(case)


@pytest.fixture(scope="module", name="images")
def policy_images(case):
    return to_nhwc(case.arrays["images"])
