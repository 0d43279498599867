"""From a command line to an exit code."""

import logging
import os
import signal
import sys
from collections.abc import Sequence

from sact_keras.training import flags
from sact_keras.training.environment import import_tensorflow
from sact_keras.training.usage_error import UsageError

SUCCESS, FAILURE, USAGE_ERROR = 0, 1, 2
# What a shell says of a program that a signal has ended.
INTERRUPTED = 128 + signal.SIGINT
PIPE_CLOSED = 128 + signal.SIGPIPE


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
    try:
        if flags.wants_help(argv):
            print(flags.help_text(), flush=True)
            return SUCCESS
        return _parse_and_run(argv)
    except BrokenPipeError:
        # `main.py --help | head`: nobody reads on. What is still buffered would fail
        # once more at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _parse_and_run(argv: Sequence[str]) -> int:
    try:
        options = flags.parse_options(argv)
    except UsageError as error:
        return _stop(error, USAGE_ERROR)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # absl's handler, which TensorFlow installs, would print everything twice.
    logging.getLogger("absl").setLevel(logging.WARNING)
    if options.mode == "benchmark":
        # The networks are chains of operations: a second thread that waits for the next
        # one is only woken in vain, which shows where images come one at a time.
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    import_tensorflow()
    return _run(options)


def _run(options: flags.Options) -> int:
    # Only now: TensorFlow takes seconds to import, and reads the environment then.
    from sact_keras.checkpoints.damaged_file_error import DamagedFileError
    from sact_keras.checkpoints.mismatch import CheckpointMismatchError
    from sact_keras.checkpoints.missing_extra_error import MissingExtraError
    from sact_keras.data import DatasetError
    from sact_keras.training.callbacks.nan_guard import DivergedError
    from sact_keras.training.driver import run
    from sact_keras.training.train import Interrupted

    try:
        run(options)
    except UsageError as error:
        return _stop(error, USAGE_ERROR)
    except Interrupted as interruption:
        return 128 + interruption.signal_number
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except CheckpointMismatchError as error:
        # A list of variables, which one line would make hard to read.
        return _say_and_stop(str(error), FAILURE)
    except (
        DamagedFileError,
        DatasetError,
        DivergedError,
        MissingExtraError,
        OSError,
    ) as error:
        return _stop(error, FAILURE)
    return SUCCESS


def _stop(error: Exception, exit_code: int) -> int:
    message = error.strerror if _is_plain(error) else str(error)
    return _say_and_stop(" ".join(message.split()).rstrip(".") + ".", exit_code)


def _say_and_stop(message: str, exit_code: int) -> int:
    print(f"main.py: error: {message}", file=sys.stderr, flush=True)
    return exit_code


def _is_plain(error: Exception) -> bool:
    """Whether an OSError has a message of ours, which its errno would only precede."""
    return isinstance(error, OSError) and bool(error.strerror) and not error.filename
