"""What produced a result: versions, commit and machine."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import sact_keras

_VERSIONED = ("tensorflow", "keras", "numpy", "tensorflow-datasets")


def versions() -> dict[str, str]:
    """Package -> version, of this one, Python and what a result depends on."""
    return {
        "sact_keras": sact_keras.__version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _VERSIONED},
    }


def git_commit() -> str | None:
    """The commit of the checkout that runs, with "-dirty" where files differ."""
    root = Path(sact_keras.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()


def processor() -> str:
    """The processor's name, which `platform` does not know on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.split(":", 1)[1] for line in lines if line.startswith("model name"))
    return next((name.strip() for name in names), platform.processor())
