"""The machine that a benchmark ran on."""

import os
import platform

from sact_keras import provenance


def describe_machine() -> dict[str, str | int]:
    """The processor, as the kernel names it, and the system."""
    return {
        "processor": provenance.processor() or platform.machine(),
        "logical_processors": os.cpu_count() or 0,
        "system": platform.platform(),
        "python": platform.python_version(),
    }
