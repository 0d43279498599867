"""Fixtures shared by all tests."""

import contextlib
import dataclasses
import json
import os
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from unittest import mock

# Read by TensorFlow when it is imported, which the tests' own modules do.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pytest

PROJECT_ROOT = Path(__file__).resolve().parent.parent

_SURVIVED = pytest.StashKey[Counter]()


@dataclasses.dataclass(frozen=True)
class GoldenCase:
    """What one of the originals computes from a checkpoint and a batch.

    Attributes:
        name: The case's name, for instance "v1".
        directory: Where it lies; also the checkpoint's directory.
        options: `case.json`: the model's options and its variables' names.
        evaluation: `golden.npz`: the arrays of evaluation mode.
        training: `train.npz`: the arrays of training mode.
    """

    name: str
    directory: Path
    options: dict
    evaluation: dict[str, np.ndarray]
    training: dict[str, np.ndarray]

    @property
    def checkpoint(self) -> str:
        """The checkpoint's prefix, as `tf.train.load_checkpoint` takes it."""
        (index,) = self.directory.glob("*.index")
        return str(index.with_suffix(""))


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as archive:
        return dict(archive)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The directory that holds setup.cfg, main.py and the package."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of golden cases and real data; without it, a skip."""
    path = Path(os.environ.get("SACT_SHARED_DIR") or PROJECT_ROOT.parent / "shared")
    if not path.is_dir():
        pytest.skip(f"golden cases and data are not at hand: no directory {path}")
    return path


@pytest.fixture(scope="session")
def golden_case(shared_dir):
    """A function from a case's name ("v1") to its `GoldenCase`."""
    loaded: dict[str, GoldenCase] = {}

    def load(name: str) -> GoldenCase:
        if name not in loaded:
            directory = shared_dir / "golden" / "sact" / name
            if not directory.is_dir():
                pytest.skip(f"golden case {name!r} is not at hand: no {directory}")
            loaded[name] = GoldenCase(
                name=name,
                directory=directory,
                options=json.loads((directory / "case.json").read_text()),
                evaluation=load_arrays(directory / "golden.npz"),
                training=load_arrays(directory / "train.npz"),
            )
        return loaded[name]

    return load


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A function from a case's name to its SavedModel; see `ExportedNetworks`."""
    # Imported here: collecting the tests must not wait for TensorFlow.
    from exported_networks import ExportedNetworks

    return ExportedNetworks(tmp_path_factory.mktemp("exported"))


@pytest.fixture(autouse=True, scope="module")
def module_seeded() -> None:
    """The same random numbers for each file of tests, whichever ran before it."""
    # Imported here: collecting the tests must not wait for TensorFlow.
    import keras

    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def seeded(module_seeded) -> None:
    """The same random numbers for each test, whichever ran before it.

    But for those of TensorFlow's stateful operations, which go on within a file: its
    seed throws all kernels away, and making them anew takes a quarter of the time.
    """
    import keras

    with mock.patch("tensorflow.random.set_seed"):
        keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="session")
def handles_without_names():
    """TensorFlow's variables without the names that are for debugging alone.

    It makes a kernel for each name that it meets, which takes a tenth of the time.
    """
    # Imported here: collecting the tests must not wait for TensorFlow.
    from tensorflow.python.ops import gen_resource_variable_ops as operations

    make = operations.var_handle_op

    def make_without_name(*arguments, **keywords):
        return make(*arguments, **{**keywords, "debug_name": ""})

    with mock.patch.object(operations, "var_handle_op", make_without_name):
        yield


@pytest.fixture
def longest_file():
    """A context manager in which the system writes so many bytes into a file, no more.

    To a program it is a full disk, but for the error's number.
    """
    import resource

    @contextlib.contextmanager
    def limited(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


def pytest_configure(config):
    config.stash[_SURVIVED] = Counter()


@pytest.hookimpl(tryfirst=True)  # Before what is slow is left out.
def pytest_collection_modifyitems(config, items):
    """Marks as slow the parameters that a test's `fast_with` does not name."""
    unmatched = {}
    for item in items:
        if (marker := item.get_closest_marker("fast_with")) is None:
            continue
        found = [p for p in marker.args if fnmatchcase(item.callspec.id, p)]
        test = item.nodeid.partition("[")[0]
        unmatched.setdefault(test, set(marker.args)).difference_update(found)
        if not found:
            item.add_marker(pytest.mark.slow)
    if any("::" in str(argument) for argument in config.args):
        return  # Not all parameters were collected.
    for test, patterns in unmatched.items():
        if patterns:
            raise pytest.UsageError(
                f"{test}: fast_with must name parameters of the test. Received: "
                f"{sorted(patterns)}"
            )


@pytest.fixture
def survived(request):
    """A function that counts kills and damages, by name, for the summary at the end."""

    def add(name: str, number: int = 1) -> None:
        request.config.stash[_SURVIVED][name] += number

    return add


def pytest_terminal_summary(terminalreporter, config):
    counts = config.stash[_SURVIVED]
    if counts:
        terminalreporter.section("survived")
        for name, number in sorted(counts.items()):
            terminalreporter.write_line(f"{number:6,} {name}")
