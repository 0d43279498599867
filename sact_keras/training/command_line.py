"""From a command line to an exit code."""

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.missing_extra_error import MissingExtraError
from sact_keras.data import DatasetError
from sact_keras.training import flags
from sact_keras.training.distribution.lost_worker_error import LostWorkerError
from sact_keras.training.diverged_error import DivergedError
from sact_keras.training.environment import import_tensorflow
from sact_keras.training.stop_signals import StopSignals
from sact_keras.training.usage_error import UsageError

SUCCESS, FAILURE, USAGE_ERROR = 0, 1, 2
# What a shell says of a program that a signal has ended, less the signal's number.
SIGNALLED = 128
PIPE_CLOSED = SIGNALLED + signal.SIGPIPE

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

AnyOptions = TypeVar("AnyOptions")


def main(argv: Sequence[str]) -> int:
    """Runs the program.

    What the user can mend is said in one sentence on standard error. An error that is
    the program's own fault keeps its traceback.

    Args:
        argv: Program name and arguments.

    Returns:
        0; 1 if the data, a checkpoint or a directory stands in the way or the training
        has diverged; 2 if the flags cannot be meant; 128 plus the signal's number
        after SIGINT or SIGTERM, and where the reader of the output has gone.

    Example:
        >>> main(["main.py", "--model=0"])
        2
    """
    return run_program(
        "main.py",
        argv,
        help_text=flags.help_text,
        parse=flags.parse_options,
        run=_run,
    )


def run_program(
    name: str,
    argv: Sequence[str],
    *,
    help_text: Callable[[], str],
    parse: Callable[[Sequence[str]], AnyOptions],
    run: Callable[[AnyOptions], int | None],
) -> int:
    """Runs any program of the project as `main` says.

    Args:
        name: What error messages begin with.
        argv: Program name and arguments.
        help_text: Gives what `--help` prints.
        parse: From `argv` to the options, or a UsageError.
        run: Does what they ask for. What it returns, if anything, is the exit code.

    Returns:
        The exit code.
    """
    with StopSignals() as stop:
        try:
            return _run_program(name, argv, help_text, parse, run)
        except BaseException:
            # Whatever a library has made of it, on the way out.
            if stop.received is None:
                raise
            return SIGNALLED + stop.received


def _run_program(
    name: str,
    argv: Sequence[str],
    help_text: Callable[[], str],
    parse: Callable[[Sequence[str]], AnyOptions],
    run: Callable[[AnyOptions], int | None],
) -> int:
    try:
        if flags.wants_help(argv):
            print(help_text(), flush=True)
            return SUCCESS
        options = parse(argv)
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        # absl's handler, which TensorFlow installs, would print everything twice.
        logging.getLogger("absl").setLevel(logging.WARNING)
        code = run(options) or SUCCESS
        # Of what fails at the interpreter's end nobody is told in a sentence.
        sys.stdout.flush()
        return code
    except UsageError as error:
        return _stop(name, error, USAGE_ERROR)
    except BrokenPipeError:
        # `main.py --help | head`: nobody reads on.
        _give_up_output()
        return PIPE_CLOSED
    except CheckpointMismatchError as error:
        # A list of variables, which one line would make hard to read.
        return _say_and_stop(name, str(error), FAILURE)
    except (
        DamagedFileError,
        DatasetError,
        DivergedError,
        LostWorkerError,
        MissingExtraError,
        OSError,
    ) as error:
        return _stop(name, _with_output_named(error), FAILURE)


def _with_output_named(error: Exception) -> Exception:
    """Says that it is standard output which cannot be written, if it is.

    Errors of files bear the files' names.
    """
    if (
        isinstance(error, OSError)
        and error.errno in _FULL
        and not error.filename
        and error.strerror == os.strerror(error.errno)
    ):
        _give_up_output()
        return OSError(error.errno, error.strerror, "standard output")
    return error


def _give_up_output() -> None:
    """Lets what is still buffered not fail once more at the interpreter's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(options: flags.Options) -> int:
    if options.mode in ("benchmark", "sweep"):
        # The networks are chains of operations: a second thread that waits for the next
        # one is only woken in vain, which shows where images come one at a time.
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    import_tensorflow()
    # Only now: TensorFlow takes seconds to import, and reads the environment then.
    from sact_keras.training.driver import run
    from sact_keras.training.steps import Interrupted

    try:
        run(options)
    except Interrupted as interruption:
        return SIGNALLED + interruption.signal_number
    return SUCCESS


def _stop(name: str, error: Exception, exit_code: int) -> int:
    message = error.strerror if _is_plain(error) else str(error)
    return _say_and_stop(name, " ".join(message.split()).rstrip(".") + ".", exit_code)


def _say_and_stop(name: str, message: str, exit_code: int) -> int:
    print(f"{name}: error: {message}", file=sys.stderr, flush=True)
    return exit_code


def _is_plain(error: Exception) -> bool:
    """Whether an OSError has a message of ours, which its errno would only precede."""
    return isinstance(error, OSError) and bool(error.strerror) and not error.filename
