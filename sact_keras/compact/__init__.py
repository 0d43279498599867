"""The compact executor: computes only what the masks keep, at inference.

The package is callable: `sact_keras.compact(model)` is
`sact_keras.compact.compact_model.compact(model)`. A package and a function of one name
cannot both be attributes of `sact_keras`: whichever module of the package is imported
first would put the package in the function's place.
"""

import sys
import types
from typing import Any

from sact_keras.lazy import lazy_names

_NAMES = {"CompactModel": "sact_keras.compact.compact_model"}

__all__ = ["CompactModel"]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)


class _CallablePackage(types.ModuleType):
    def __call__(self, model: Any) -> Any:
        """Makes the compact form of a network; see `compact_model.compact`."""
        from sact_keras.compact.compact_model import compact

        return compact(model)


sys.modules[__name__].__class__ = _CallablePackage
