"""What the exporters' command lines have in common: flags, errors, exit codes.

An exporter, `python -m export.ponder_maps`, has its options in a dataclass, which gives
each flag its default, and defines its own flags in a group; those of the network and of
the checkpoint come with `NETWORK_FLAGS`. What it does with them it imports late, so
that `--help` and refusals need not wait for TensorFlow:

    @dataclasses.dataclass(frozen=True)
    class PonderMapOptions(ExporterOptions):
        images_pattern: str | None = None

    def define_ponder_maps(group: FlagGroup) -> None:
        group.text("images_pattern", "Image files to draw maps of ('photos/*.jpg').")

    def check(options: PonderMapOptions) -> None:
        require_checkpoint(options)
        if not options.images_pattern:
            refuse("images_pattern", "a pattern of files", options.images_pattern)

    def run(options: PonderMapOptions) -> None:
        from export.checkpoint_network import load_checkpoint_network

        network = load_checkpoint_network(options)
        ...

    PONDER_MAPS = Exporter(
        name="export.ponder_maps",
        usage="Draws ponder maps, by python -m export.ponder_maps --checkpoint_dir=...",
        flags={**NETWORK_FLAGS, "The maps": define_ponder_maps},
        options_class=PonderMapOptions,
        check=check,
        run=run,
    )

    if __name__ == "__main__":
        sys.exit(PONDER_MAPS(sys.argv))

Results go to standard output, what is under way to `logging` (standard error). A
program that takes no checkpoint leaves `NETWORK_FLAGS` out, and one that needs no
TensorFlow says `tensorflow=False`.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from sact_keras.training import flags
from sact_keras.training.check_options import check_options
from sact_keras.training.command_line import run_program
from sact_keras.training.environment import import_tensorflow
from sact_keras.training.flag_definitions import Definitions
from sact_keras.training.flag_groups.checkpoint_flags import define_checkpoint
from sact_keras.training.flag_groups.model_flags import define_method, define_model
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError

NETWORK_FLAGS: Definitions = {
    "The checkpoint": define_checkpoint,
    "The model": define_model,
    "The method": define_method,
}
"""The flags that say which network is exported."""


@dataclasses.dataclass(frozen=True)
class ExporterOptions(Options):
    """Options of a program that takes a checkpoint's network.

    Those of the network have the names that they have in `main.py`, and a subclass
    adds its own.
    """

    mode: str = "export"

    @property
    def of_network(self) -> "ExporterOptions":
        """The options, each with the meaning that `main.py` gives it."""
        return self


@dataclasses.dataclass(frozen=True)
class Exporter:
    """A program of the folder `export`, from its command line to its exit code.

    Attributes:
        name: The module that is run, for error messages: "export.saved_model".
        usage: What `--help` opens with: what it does, and command lines of it.
        flags: Its flags: title of a group -> what defines them.
        options_class: The dataclass of its options: a field with a default for each
            flag, and the fields `explicit` and `argv` of `Options`.
        check: Raises a UsageError where the options cannot be meant (see `refuse`).
        run: Does the work. What it returns, if anything, is the exit code.
        tensorflow: Whether TensorFlow is imported before `run` is called.
    """

    name: str
    usage: str
    flags: Definitions
    options_class: type
    check: Callable[[Any], None]
    run: Callable[[Any], int | None]
    tensorflow: bool = True

    def __call__(self, argv: Sequence[str]) -> int:
        """Runs the program.

        Args:
            argv: Program name and arguments.

        Returns:
            The exit code, as `main.py` has it: 0; 1 if a checkpoint, the data or a
            directory stands in the way; 2 if the flags cannot be meant.
        """
        return run_program(
            self.name,
            argv,
            help_text=lambda: flags.help_text(
                self.usage, self.flags, self.options_class
            ),
            parse=self.parse,
            run=self._run,
        )

    def parse(self, argv: Sequence[str]) -> Any:
        """Reads and checks the command line.

        Raises:
            UsageError: If a flag is unknown, out of range or at odds with another.
        """
        options = flags.parse_flags(argv, self.flags, self.options_class)
        if isinstance(options, ExporterOptions):
            check_options(options.of_network)
        self.check(options)
        return options

    def _run(self, options: Any) -> int | None:
        if self.tensorflow:
            import_tensorflow()
        return self.run(options)


def require_checkpoint(options: ExporterOptions) -> None:
    """Refuses a command line that does not say which checkpoint.

    Raises:
        UsageError: If it does not.
    """
    if options.checkpoint_dir is None and options.train_log_dir is None:
        raise UsageError(
            "--checkpoint_dir (or --train_log_dir) must say which checkpoint. "
            "Received: neither"
        )
