"""Packages whose public names load on first use.

TensorFlow and Keras take seconds to import. `main.py --help`, and the checks of
the flags, must not wait for them, so no package's `__init__` imports what it
lists.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Makes the `__getattr__` and `__dir__` of a package with lazy names.

    Args:
        package: The package's `__name__`.
        names: Public name -> the module that defines it.

    Returns:
        Two functions, to be assigned to the package's `__getattr__` and `__dir__`.

    Example:
        >>> get, names = lazy_names("demo", {"sqrt": "math"})
        >>> get("sqrt")(9.0)
        3.0
        >>> names()
        ['sqrt']
    """

    def load(name: str) -> Any:
        if name in names:
            module = importlib.import_module(names[name])
            # A package that is called by its own name is what is asked for itself.
            return (
                module if names[name] == f"{package}.{name}" else getattr(module, name)
            )
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load, lambda: sorted(names)
