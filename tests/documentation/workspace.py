"""A directory to type a page's commands in, with what they read made beforehand."""

import shutil
from pathlib import Path

import cifar_on_disk
import imagenet_on_disk
from conftest import PROJECT_ROOT
from documented_commands import Command
from folder_on_disk import write_folder
from scaled_down import BENCHMARKS, exporter_flags, main_flags
from stand_ins import (
    options_of_name,
    options_of_start,
    write_checkpoint,
    write_photographs,
    write_saved_model,
)

from sact_keras.models.presets import STAGES
from sact_keras.training.flags import parse_options
from sact_keras.training.options import Options

PRETRAINED = Path("sact_keras/pretrained")

# As many test images as pages look at (docs/results.md).
_SHARD_LENGTHS = {"train": (7, 6), "test": (2000,)}


class Workspace:
    """The project as one has it after a clone, and some things beside it.

    Args:
        root: An empty directory.
        shared: A directory that `write_shared` has filled.
    """

    def __init__(self, root: Path, shared: Path) -> None:
        self.project = root / "main"
        self._home, self._data = root / "home", root / "shared" / "data"
        (root / "shared").symlink_to(shared)
        self.project.mkdir()
        for name in ("main.py", "configs", "benchmarks", "export", "tests"):
            (self.project / name).symlink_to(PROJECT_ROOT / name)
        # What commands write to is copied.
        for name in ("README.md", "setup.cfg"):
            shutil.copy(PROJECT_ROOT / name, self.project)
        ignored = shutil.ignore_patterns("images")
        shutil.copytree(PROJECT_ROOT / "docs", self.project / "docs", ignore=ignored)
        (self.project / "docs" / "images").mkdir()
        (self.project / PRETRAINED).mkdir(parents=True)
        self._home.mkdir()
        self._stand_ins: set[Path] = set()

    @property
    def environment(self) -> dict[str, str]:
        """What a command's environment has of its own."""
        return {
            "HOME": str(self._home),
            "TFDS_DATA_DIR": str(self._data / "tfds"),
            "SACT_SHARED_DIR": str(self._data.parent),
        }

    def prepare(self, command: Command) -> list[str]:
        """Makes what a command reads, where no command before it has made it.

        Returns:
            What `python` is to be given: the command, scaled down.
        """
        program, arguments = list(command.words[1:]), []
        if program[0] == "main.py":
            program += main_flags(program, str(self._data / "slim" / "imagenet"))
            self._prepare_main(parse_options(program))
        elif program[0] == "-m":
            name = program[1].rpartition(".")[2]
            if program[1] == "pytest":
                arguments = ["--collect-only", "-q", "-p", "no:cacheprovider"]
            elif program[1].startswith("benchmarks."):
                arguments = BENCHMARKS[name]
            elif program[1].startswith("export."):
                arguments = exporter_flags(program[1], program)
            self._prepare_paths(program[2:])
        elif program[0].startswith("benchmarks/"):
            arguments = BENCHMARKS[Path(program[0]).stem]
        return program + arguments

    def provide(self, path: str, options: Options | None = None) -> None:
        """Makes what lies at a path of the project, unless something does.

        Args:
            path: As it is said on a command line, or in Python.
            options: Of the network; None for those that the path's name says.
        """
        target = self.project / path
        if target.exists() or target.is_symlink():
            return
        relative = target.resolve().relative_to(self.project.resolve())
        if relative.parent == PRETRAINED:
            source = PROJECT_ROOT / relative
            if not source.is_dir():
                raise NotThereYetError(f"there is no {relative} yet")
            shutil.copytree(source, target)
        elif relative.parts[0] == "exports":
            name = target if target.name.isdigit() else target / "1"
            write_saved_model(name)
        else:
            write_checkpoint(target, options or options_of_name(target))
            self._stand_ins.add(target)

    def provide_photographs(self, pattern: str) -> None:
        """Makes image files for a pattern, as 'photos/*.jpg'."""
        directory = (self.project / pattern).parent
        if not directory.exists():
            write_photographs(directory)

    def _prepare_main(self, options: Options) -> None:
        if options.dataset == "folder":
            self.provide_folder(options.dataset_dir)
        if options.checkpoint_dir is not None:
            own = options if options.model_type is not None else None
            if own is not None and own.dataset is None:
                own = own.replace(dataset="cifar10")
            self.provide(options.checkpoint_dir, own)
        if not options.trains:
            return
        options = options.replace(dataset=options.dataset or "cifar10").resolve_model()
        run = self.project / (options.train_log_dir or options.default_log_dir())
        if run in self._stand_ins:  # It would go on with another training.
            shutil.rmtree(run)
            self._stand_ins.remove(run)
        start = options.finetune_path or _default_start(options)
        if start is not None:
            self.provide(start, options_of_start(options))
        if options.policy_path is not None:
            before = options.replace(stage="finetune")
            self.provide(options.policy_path, options_of_start(before))

    def provide_folder(self, path: str) -> None:
        """Makes images of one's own, a folder for each class."""
        if not (self.project / path).exists():
            write_folder(self.project / path)

    def _prepare_paths(self, arguments: list[str]) -> None:
        for argument in arguments:
            name, _, value = argument.partition("=")
            if name in ("--checkpoint_dir", "--saved_model"):
                self.provide(value)
            elif name == "--images_pattern":
                self.provide_photographs(value)
            elif name == "--labels_path":
                self.provide(str(Path(value).parents[1]))
            elif not name.startswith("-"):
                self.provide(name)


def write_shared(directory: Path) -> None:
    """Writes tiny data sets where documentation has real ones, beside the project."""
    data = directory / "data"
    lengths = cifar_on_disk.SHARD_LENGTHS
    cifar_on_disk.SHARD_LENGTHS = _SHARD_LENGTHS
    try:
        cifar_on_disk.write_cifar("tfds", data / "tfds")
    finally:
        cifar_on_disk.SHARD_LENGTHS = lengths
    cifar_on_disk.write_cifar("slim", data / "slim" / "cifar10")
    imagenet_on_disk.write_imagenet("slim", data / "slim" / "imagenet")


class NotThereYetError(Exception):
    """A network that comes with the package is not there."""


def _default_start(options: Options) -> str | None:
    """The run that a stage of BlockDrop's training starts from, if it is not said."""
    if options.stage in (None, STAGES[0]):
        return None
    before = STAGES[STAGES.index(options.stage) - 1]
    before = options.replace(stage=before, penalty=None).resolve_model()
    return before.default_log_dir()
