"""Writes the API reference: a page of HTML for each package, from its docstrings.

pdoc does it. What is added here: names that load on first use, packages that list none,
constants, whose descriptions lie where they are defined, and lists within a section of
a docstring.

Example:
    make docs
    python docs/build_reference.py --output_dir=build/api
"""

import argparse
import importlib
import inspect
import pkgutil
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import pdoc.doc
import pdoc.render
from api_reference.docstrings import keep_angles, list_entries, shorten_names

from sact_keras.files.atomic_write import atomic_write

PAGES = (
    "sact_keras",
    "sact_keras.models",
    "sact_keras.layers",
    "sact_keras.layers.halting",
    "sact_keras.layers.gumbel",
    "sact_keras.layers.compute_budget",
    "sact_keras.kernels",
    "sact_keras.losses",
    "sact_keras.accounting",
    "sact_keras.compact",
    "sact_keras.data",
    "sact_keras.training",
    "sact_keras.checkpoints",
    "sact_keras.pretrained",
    "sact_keras.compression",
    "sact_keras.benchmarking",
    "sact_keras.visualization",
    "sact_keras.visualization.report",
    "sact_keras.serving",
    "sact_keras.serving.client",
)
"""The packages and modules that have a page, in their order."""

_SERVING = "sact_keras.serving"
_CALLED_FROM_OUTSIDE = {
    _SERVING: {
        "export_saved_model": f"{_SERVING}.saved_model",
        "write_serving_configuration": f"{_SERVING}.serving_configuration",
        "make_model_card": f"{_SERVING}.model_card",
        "make_warmup_requests": f"{_SERVING}.warmup",
        "write_warmup": f"{_SERVING}.warmup",
        "read_labels": f"{_SERVING}.labels",
    },
    f"{_SERVING}.client": {
        "ImageClient": f"{_SERVING}.client.image_client",
        "Prediction": f"{_SERVING}.client.prediction",
        "ScoredClass": f"{_SERVING}.client.prediction",
        "connect": f"{_SERVING}.client.endpoint",
        "Endpoint": f"{_SERVING}.client.endpoint",
        "RestEndpoint": f"{_SERVING}.client.rest_endpoint",
        "GrpcEndpoint": f"{_SERVING}.client.grpc_endpoint",
        "EndpointError": f"{_SERVING}.client.endpoint_error",
    },
    # The package is a module that can be called, and has the function's name.
    "sact_keras.compact": {
        "compact": "sact_keras.compact.compact_model",
        "CompactModel": "sact_keras.compact.compact_model",
    },
    "sact_keras": {"compact": "sact_keras.compact.compact_model"},
    # A module and its function have one name here, too.
    "sact_keras.compression": {
        "prunable_kernels": "sact_keras.compression.prunable_kernels"
    },
}
"""Package -> what it does not list itself, or not surely -> where that is defined."""

_TEMPLATES = Path(__file__).resolve().parent / "api_reference"


def public_names(name: str) -> dict[str, object] | None:
    """The names of a package and what they stand for; None of a module that has none.

    Args:
        name: One of `PAGES`.
    """
    module = importlib.import_module(name)
    elsewhere = _CALLED_FROM_OUTSIDE.get(name, {})
    listed = getattr(module, "__all__", None)
    if listed is None and not elsewhere:
        return None
    return {
        public: getattr(importlib.import_module(elsewhere.get(public, name)), public)
        for public in dict.fromkeys([*(listed or ()), *elsewhere])
    }


def make_page(name: str) -> pdoc.doc.Module:
    """The documentation of a package or module, all of whose names have been loaded."""
    module = importlib.import_module(name)
    names = public_names(name)
    if names is None:
        return pdoc.doc.Module(module)
    # Names are not set on the package itself, which others in this process use.
    loaded = types.ModuleType(name, module.__doc__)
    loaded.__file__, loaded.__all__ = module.__file__, list(names)
    vars(loaded).update(names)
    page = pdoc.doc.Module(loaded)
    for public, member in page.members.items():
        if isinstance(member, pdoc.doc.Variable):
            member.docstring = _describe_constant(module, public)
            if isinstance(names[public], dict):
                member.default_value = inspect.Parameter.empty
    return page


def build(output_dir: Path) -> None:
    """Writes the pages.

    Args:
        output_dir: The directory; made where there is none. It opens with `index.html`.

    Raises:
        OSError: If a page cannot be written.
    """
    pages = {name: make_page(name) for name in PAGES}
    for name, page in pages.items():
        page.submodules = [
            pages[other] for other in PAGES if other.rpartition(".")[0] == name
        ]
    pdoc.render.configure(
        docformat="google", show_source=False, template_directory=_TEMPLATES
    )
    pdoc.render.env.filters |= {
        "list_entries": list_entries,
        "keep_angles": keep_angles,
    }
    files = {
        f"{name.replace('.', '/')}.html": shorten_names(
            pdoc.render.html_module(page, pages)
        )
        for name, page in pages.items()
    }
    files["index.html"] = pdoc.render.html_index(pages)
    files["search.js"] = pdoc.render.search_index(pages)
    for name, content in files.items():
        path = output_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, content)


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes what the command line asks for; prints the first page's path."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--output_dir",
        type=Path,
        default=Path("build/api"),
        help="directory of the pages (default: build/api)",
    )
    given = parser.parse_args(arguments)
    build(given.output_dir)
    print(given.output_dir / "index.html")


def _describe_constant(package: types.ModuleType, name: str) -> str:
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = sys.modules.get(info.name)
        if module is not None and name in vars(module):
            found = pdoc.doc.Module(module).get(name)
            if found is not None and found.docstring:
                return found.docstring
    return ""


if __name__ == "__main__":
    main()
