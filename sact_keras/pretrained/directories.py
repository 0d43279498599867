"""Where the networks that come with the package lie."""

import difflib
from pathlib import Path

from sact_keras.checkpoints.saved_checkpoint import INDEX_FILE

_DIRECTORY = Path(__file__).resolve().parent


def pretrained_names() -> tuple[str, ...]:
    """The names that `load_pretrained` takes, in alphabetical order."""
    return tuple(
        sorted(path.parent.name for path in _DIRECTORY.glob(f"*/{INDEX_FILE}"))
    )


def pretrained_directory(name: str) -> Path:
    """The directory of a network that comes with the package.

    It is a `--checkpoint_dir` and a `--finetune_path` of every program, and a path
    that `load_checkpoint` reads. `config.json` in it says how images are prepared
    (`flags`, `preprocessing`) and which commands made the network (`made_by`), and
    `metrics.json` what it reaches.

    Args:
        name: One of `pretrained_names()`.

    Raises:
        ValueError: If there is no such network; names those that there are.

    Example:
        >>> directory = pretrained_directory("cifar10_sact_resnet32")
        >>> sorted(path.name for path in directory.glob("*.json"))
        ['checkpoint.json', 'config.json', 'metrics.json']
    """
    names = pretrained_names()
    if name not in names:
        close = difflib.get_close_matches(str(name), names, n=1)
        meant = f" (did you mean {close[0]!r}?)" if close else ""
        raise ValueError(
            f"name must be one of {', '.join(names)}. Received: name={name!r}{meant}"
        )
    return _DIRECTORY / name
