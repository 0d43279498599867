"""However many devices share a batch, its step leads to the same weights."""

import functools
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from training_processes import finish, saved_arrays, start, start_all

PROGRAM = Path(__file__).with_name("train_methods.py")

# Its gates draw, and its loss is not linear in what the devices have counted.
FAST = ["aig"]
SLOW = ["vanilla", "act", "sact", "dynconv", "curriculum", "finetune"]
SLOW += ["accumulated", "float16"]
if importlib.util.find_spec("tensorflow_model_optimization"):
    SLOW.append("pruned")

# Of a type with three digits, in which batches of another size are rounded otherwise.
TOLERANCES = {"float16": 2e-3}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function from devices and methods to the directory of their runs."""

    @functools.cache
    def train(devices, methods):
        directory = tmp_path_factory.mktemp(devices)
        if devices.endswith("processes"):
            how = ("--distribution=multi_worker", *methods)
            finish(*start_all(int(devices[0]), PROGRAM, directory, *how))
        else:
            finish(start(PROGRAM, directory, f"--replicas={devices[0]}", *methods))
        return directory

    return lambda devices, method: train(
        devices, tuple(FAST if method in FAST else SLOW)
    )


def cases():
    for devices in ("2 devices", "2 processes", "3 processes"):
        for method in FAST + SLOW:
            # tests/conformance/test_distribution.py has two devices of one process.
            fast = method in FAST and devices == "2 processes"
            marks = [] if fast else [pytest.mark.slow]
            yield pytest.param(devices, method, marks=marks, id=f"{devices}-{method}")


@pytest.mark.parametrize(("devices", "method"), list(cases()))
def test_many_devices_train_as_one(trained, devices, method):
    expected = saved_arrays(trained("1 device", method) / method)
    found = saved_arrays(trained(devices, method) / method)
    assert expected.keys() == found.keys()
    assert any(name.startswith("optimizer/") for name in expected)
    for name, value in expected.items():
        tolerance = TOLERANCES.get(method, 1e-4)
        np.testing.assert_allclose(
            found[name], value, rtol=tolerance, atol=tolerance, err_msg=name
        )
