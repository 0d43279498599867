"""Every method computes the same under Keras' other backends."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT_ROOT, load_arrays
from registry import assert_same_outputs, flat_outputs, make_images, named

HERE = Path(__file__)

BACKENDS = ["jax", "torch"]

# JAX compiles for seconds: every method, and every type of unit.
SOME_CASES = named(
    "vanilla",
    "act",
    "sact",
    "sact_imagenet",
    "aig_imagenet",
    "dynconv",
    "blockdrop_imagenet",
)


def run_under(backend, *command, **environment):
    """Runs a Python command under a backend; skips where it is not installed."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    finished = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}{HERE.parent}",
            "JAX_PLATFORMS": "cpu",
            # Most of the time would go into compiling what is run once.
            "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert finished.returncode == 0, f"{finished.stdout}\n{finished.stderr}"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    outputs = {}
    for case in SOME_CASES:
        model = case.build()
        model.save(directory / f"{case}.keras")
        outputs[case.name] = flat_outputs(model(make_images()))
    return directory, outputs


def evaluate(directory, backend, cases, **environment):
    """The cases' outputs under a backend, by name."""
    names = [case.name for case in cases]
    run_under(
        backend, HERE.with_name("evaluate_cases.py"), directory, *names, **environment
    )
    return {name: load_arrays(directory / f"{name}-{backend}.npz") for name in names}


@pytest.fixture(scope="module", params=BACKENDS)
def evaluated(models, request):
    return evaluate(models[0], request.param, SOME_CASES, JAX_ENABLE_X64="1")


@pytest.mark.parametrize("case", SOME_CASES, ids=str)
def test_same_outputs(models, evaluated, case):
    _, expected = models
    actual = evaluated[case.name]
    assert actual["flops"].dtype == "int64"
    assert_same_outputs(actual, expected[case.name], tolerance=1e-4)


@pytest.mark.slow
def test_flops_on_jax_without_64_bit_integers(models):
    directory, expected = models
    (case,) = [case for case in SOME_CASES if case.name == "sact"]
    outputs = evaluate(directory, "jax", [case], JAX_ENABLE_X64="0")[case.name]
    assert outputs["flops"].dtype == "float32"
    np.testing.assert_allclose(
        outputs["flops"], expected[case.name]["flops"], rtol=1e-6
    )


def files_for_every_backend():
    """Those with tests marked `backend`: to collect all others takes seconds."""
    paths = sorted((PROJECT_ROOT / "tests").rglob("test_*.py"))
    return [p for p in paths if "FOR_EVERY_BACKEND" in p.read_text() and p != HERE]


@pytest.mark.parametrize(
    ("backend", "which"),
    [
        # The same networks of SACT as the originals' are compared with an oracle.
        pytest.param(
            "jax", ("-m", "backend and not slow", "-k", "not test_golden"), id="jax"
        ),
        pytest.param("jax", ("-m", "backend"), id="jax_all", marks=pytest.mark.slow),
        pytest.param("torch", ("-m", "backend"), id="torch", marks=pytest.mark.slow),
    ],
)
def test_tests_of_every_backend_pass(backend, which):
    """Those marked `backend`; the fidelity of evaluation mode is among them."""
    files = files_for_every_backend()
    assert files
    run_under(
        backend,
        *("-m", "pytest", "-q", *which, *files),
        # All of them read their weights from what they compare with.
        *("-p", "undrawn_weights", "-p", "no:cacheprovider"),
        JAX_ENABLE_X64="1",
    )
