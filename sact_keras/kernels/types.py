"""The type of what layers and kernels exchange."""

from typing import Any

Tensor = Any
"""A tensor of whichever backend Keras runs on."""
