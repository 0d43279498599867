"""config.json: what a run is, so that it can be repeated and resumed."""

import contextlib
import dataclasses
import json
import platform
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sact_keras import provenance
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.files.atomic_write import atomic_write
from sact_keras.training.options import METHOD_FLAGS, Options
from sact_keras.training.usage_error import UsageError

CONFIG_FILE = "config.json"

RESULT_FLAGS = (
    "dataset",
    "model_type",
    "model",
    "variant",
    "base_channels",
    *METHOD_FLAGS,
    "preprocessing",
    "image_size",
    "seed",
    "batch_size",
    "max_number_of_steps",
    "learning_rate",
    "decay_epochs",
    "weight_decay",
    "gate_learning_rate_factor",
    "finetune_path",
    "policy_path",
    "curriculum_steps",
    "prune_final_sparsity",
    "prune_begin_step",
    "prune_end_step",
    "prune_frequency",
    "prune_block",
    "prune_also",
    "sync_batch_norm",
    "accumulate_steps",
    "precision",
)
"""Flags that decide which weights a run ends with."""


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """The content of a run's `config.json`.

    Attributes:
        flags: Every flag and its value, defaults resolved.
        content: The whole file: besides the flags the command line as it was typed
            and as it repeats the run anywhere, the versions, the commit and the
            machine of the run's first start, and the names of the classes where these
            are the data's own.
        directory: The run's directory, if it was read from there.

    Example:
        >>> options = Options(dataset="shapes", max_number_of_steps=10).resolve_model()
        >>> config = RunConfig.of(options)
        >>> config.flags["model_type"], sorted(config.content)[:3]
        ('vanilla', ['argv', 'command', 'created'])
    """

    flags: dict[str, Any]
    content: dict[str, Any]
    directory: Path | None = None

    @classmethod
    def of(
        cls, options: Options, class_names: Sequence[str] | None = None
    ) -> "RunConfig":
        """The configuration of a run that starts now.

        Args:
            options: Resolved options.
            class_names: Of the classes, where only the data knows them.
        """
        flags = options.flags()
        content = {
            "flags": flags,
            "argv": list(options.argv),
            "command": repeating_command(flags),
            "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "versions": provenance.versions(),
            "git_commit": provenance.git_commit(),
            "machine": {
                "host": platform.node(),
                "platform": platform.platform(),
                "processor": provenance.processor(),
            },
        }
        if class_names is not None:
            content["class_names"] = list(class_names)
        return cls(flags, content)

    @classmethod
    def read(cls, directory: Path) -> "RunConfig | None":
        """Reads a run's configuration; None where the directory has none.

        Raises:
            DamagedFileError: If there is a file of that name that is not one of ours.
        """
        path = directory / CONFIG_FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(dict(content["flags"]), content, directory)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedFileError(
                f"{path} must be the JSON that a training has written. Received: "
                f"{type(error).__name__}: {error}"
            ) from error

    @classmethod
    def find(cls, path: Path) -> "RunConfig | None":
        """Reads the configuration of the run that a checkpoint belongs to.

        Args:
            path: A run's directory, its `checkpoints` folder, one checkpoint in it,
                or a file of one.
        """
        path = path.resolve()
        if (config := cls.read(path)) is not None:
            return config
        for directory in list(path.parents)[:3]:
            # Other programs' directories have files of that name, too.
            with contextlib.suppress(DamagedFileError):
                if (config := cls.read(directory)) is not None:
                    return config
        return None

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, in the order of the labels, where it has them."""
        names = self.content.get("class_names")
        return None if names is None else tuple(map(str, names))

    def write(self, directory: Path) -> None:
        """Writes `config.json`."""
        text = json.dumps(self.content, indent=2) + "\n"
        atomic_write(directory / CONFIG_FILE, text)

    def check_resumable(self, options: Options, directory: Path) -> None:
        """Refuses to go on with a run under flags that make it another one.

        Args:
            options: Resolved options of the run that is to go on.
            directory: The run's directory, for the message.

        Raises:
            UsageError: Names each flag that differs, its old and its new value.
        """
        old, new = {**self._defaults(), **self.flags}, options.flags()
        differences = [
            f"--{name} was {old[name]} and is now {new[name]}"
            for name in RESULT_FLAGS
            if old[name] != new[name]
        ]
        if differences:
            raise UsageError(
                f"{directory} holds a run with other flags: {'; '.join(differences)}. "
                "Give the same flags to go on with it, or another --train_log_dir"
            )

    def _defaults(self) -> dict[str, Any]:
        """What flags were that came after the run: they have had their defaults."""
        known = {field.name for field in dataclasses.fields(Options)}
        flags = {name: value for name, value in self.flags.items() if name in known}
        return Options(**flags).resolve_model().resolve_schedule().flags()


def repeating_command(flags: Mapping[str, Any]) -> str:
    """A command line that says all flags, and so repeats a run on any machine.

    What was typed may not: a data set that was not named, or a default, is the
    machine's or the version's.

    Example:
        >>> repeating_command({"model": "5", "tau": None, "evaluate_once": False})
        'python main.py --model=5 --evaluate_once=False'
    """
    given = [f"--{name}={value}" for name, value in flags.items() if value is not None]
    return shlex.join(["python", "main.py", *given])
