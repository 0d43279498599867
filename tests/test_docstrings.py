"""The examples in the docstrings do what they say."""

import doctest
import importlib
import importlib.util

import pytest
from conftest import PROJECT_ROOT

# Module with examples -> the library, of an extra, that they need.
EXTRAS = {"sact_keras.compression.prune_low_magnitude": "tensorflow_model_optimization"}


def package_modules() -> list[str]:
    # By path, not by import: collecting must not wait for TensorFlow.
    paths = (PROJECT_ROOT / "sact_keras").rglob("*.py")
    names = [".".join(p.relative_to(PROJECT_ROOT).with_suffix("").parts) for p in paths]
    return sorted(name.removesuffix(".__init__") for name in names)


@pytest.mark.parametrize("name", package_modules())
def test_examples_run(name, tmp_path, monkeypatch):
    library = EXTRAS.get(name)
    if library is not None and importlib.util.find_spec(library) is None:
        pytest.skip(f"needs {library}")
    monkeypatch.chdir(tmp_path)  # Where an example may write.
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(module, optionflags=flags)
    assert result.failed == 0, f"{result.failed} of {result.attempted} failed"
