"""Two replicas train as one does on the same global batch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT_ROOT, load_arrays
from registry import ONE_A_METHOD


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    directory = tmp_path_factory.mktemp("replicas")
    finished = subprocess.run(
        [sys.executable, Path(__file__).with_name("two_replicas.py"), directory],
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return directory


@pytest.mark.parametrize("case", ONE_A_METHOD, ids=str)
def test_two_replicas_train_as_one(results, case):
    one, two = (load_arrays(results / f"{case}-{name}.npz") for name in ("one", "two"))
    assert one.keys() == two.keys()
    assert len(one["logs/loss"]) == 2
    assert ("logs/ponder_loss" in one) == case.decides
    for name, expected in one.items():
        np.testing.assert_allclose(
            two[name], expected, rtol=2e-4, atol=2e-5, err_msg=name
        )
