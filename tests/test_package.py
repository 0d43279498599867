"""What holds of the package as a whole: its imports, its names, its size."""

import ast
import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT_ROOT

import sact_keras

PACKAGE = PROJECT_ROOT / "sact_keras"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MAXIMUM_LINES = 300

# Which subpackages each may import. Imports flow one way: whoever adds one here
# must not close a circle (tested below).
ALLOWED_IMPORTS = {
    "kernels": set(),
    "layers": {"kernels"},
    "accounting": {"kernels", "layers"},
    "losses": {"accounting", "kernels", "layers"},
    "models": {"accounting", "kernels", "layers", "losses"},
    "compact": {"accounting", "kernels", "layers", "models"},
    "benchmarking": {"compact", "kernels", "layers", "models"},
    "files": set(),
    "checkpoints": {"files", "layers", "models"},
    "compression": {"checkpoints", "data", "files", "models"},
    "data": set(),
    "pretrained": {"checkpoints", "models"},
    "visualization": {"files"},
    "serving": {
        "accounting",
        "checkpoints",
        "compact",
        "compression",
        "data",
        "files",
        "kernels",
        "layers",
        "models",
        "visualization",
    },
    "training": {
        "accounting",
        "benchmarking",
        "checkpoints",
        "compression",
        "data",
        "files",
        "kernels",
        "layers",
        "losses",
        "models",
        "visualization",
    },
}

# These run on every backend of Keras.
KERAS_ONLY = ("accounting", "layers", "losses", "models")

# Bars TensorFlow (None in `sys.modules` makes any import of it fail), then imports
# every module of the subpackages and runs a model.
WITHOUT_TENSORFLOW = """
import importlib, pkgutil, sys

sys.modules.update({"tensorflow": None, "tf_keras": None})
import sact_keras
for subpackage in sys.argv[1:]:
    package = importlib.import_module(f"sact_keras.{subpackage}")
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)

import keras
import numpy as np
run = model = sact_keras.build_model("sact", model="1_2_1", base_channels=4)
if keras.backend.backend() == "jax":
    # Called eagerly, JAX would compile each operation by itself.
    import jax
    run = jax.jit(model)
outputs = run(np.ones((2, 32, 32, 3), "float32"))
assert tuple(outputs["logits"].shape) == (2, 10), outputs["logits"].shape
"""


def run_python(code: str, *arguments: str, **environment: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def imported_modules(path: Path) -> set[str]:
    """Full names of what a file imports anywhere, inside functions too."""
    module = ".".join(path.relative_to(PROJECT_ROOT).with_suffix("").parts)
    package = module.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            source = importlib.util.resolve_name(relative, package)
            # `from package import name`: the name may be a module.
            names.update(f"{source}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Dict):
            # The tables of lazily loaded names hold modules as strings.
            texts = (getattr(value, "value", None) for value in node.values)
            names.update(t for t in texts if str(t).startswith("sact_keras."))
    return names


def subpackage_of(module: str) -> str | None:
    """The subpackage that a full name lies in; None outside of any."""
    root, *rest = module.split(".")
    if root == "sact_keras" and rest and (PACKAGE / rest[0]).is_dir():
        return rest[0]
    return None


def relative_name(path: Path) -> str:
    return str(path.relative_to(PROJECT_ROOT))


def test_importing_the_package_imports_no_framework():
    loaded = run_python(
        "import sact_keras, sys; print(*{m.partition('.')[0] for m in sys.modules})"
    )
    assert not {"tensorflow", "keras", "jax", "torch"} & set(loaded.split())


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_core_runs_with_tensorflow_barred(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    # JAX compiles each operation that initializes: most of the time would go into that.
    environment = {"KERAS_BACKEND": backend, "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    run_python(WITHOUT_TENSORFLOW, *KERAS_ONLY, **environment)


@pytest.mark.parametrize("path", SOURCES, ids=relative_name)
def test_imports_flow_one_way(path):
    here = subpackage_of(".".join(path.relative_to(PROJECT_ROOT).with_suffix("").parts))
    if path == PACKAGE / "__init__.py":
        return  # Lists the public names, wherever they are defined.
    assert here is None or here in ALLOWED_IMPORTS, (
        f"enter {here!r} in ALLOWED_IMPORTS, with what it may import"
    )
    used = {subpackage_of(name) for name in imported_modules(path)} - {None, here}
    forbidden = used - ALLOWED_IMPORTS.get(here, set())
    assert not forbidden, f"{here or path.stem} must not import {sorted(forbidden)}"


def test_allowed_imports_close_no_circle():
    remaining = dict(ALLOWED_IMPORTS)
    while remaining:
        free = {name for name, used in remaining.items() if not used & set(remaining)}
        assert free, f"a circle among {sorted(remaining)}"
        remaining = {n: used for n, used in remaining.items() if n not in free}


@pytest.mark.parametrize("path", SOURCES, ids=relative_name)
def test_frameworks_are_imported_where_they_belong(path):
    names = imported_modules(path)
    legacy = {
        name for name in names if name.startswith(("tensorflow.keras", "tf_keras"))
    }
    attributes = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    legacy |= attributes & {"tf.keras", "tensorflow.keras"}
    assert not legacy, "say `import keras`"
    if path.relative_to(PACKAGE).parts[0] in KERAS_ONLY:
        frameworks = {name.partition(".")[0] for name in names}
        assert "tensorflow" not in frameworks, "use `keras.ops`"


def test_every_folder_is_installed():
    """A folder without `__init__.py` works in a checkout and is left out of a wheel."""
    folders = {path.parent for path in SOURCES}
    assert not [path for path in folders if not (path / "__init__.py").exists()]


@pytest.mark.parametrize("name", sact_keras.__all__)
def test_public_names_resolve_and_are_described(name):
    assert inspect.getdoc(getattr(sact_keras, name))


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'sact_keras'.*'no_such_name'"):
        sact_keras.no_such_name  # noqa: B018


@pytest.mark.parametrize(
    "path",
    [p for p in [*SOURCES, PROJECT_ROOT / "main.py"] if p.exists()],
    ids=relative_name,
)
def test_files_are_small(path):
    lines = len(path.read_text().splitlines())
    assert lines < MAXIMUM_LINES, f"{lines} lines: split it"
