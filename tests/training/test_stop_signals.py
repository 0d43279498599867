"""What a signal does to a program, shown on programs of a few lines."""

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import hashlib, sys, time
from pathlib import Path
from sact_keras.files.temporary import temporary_file
from sact_keras.training.command_line import run_program
from sact_keras.training.stop_signals import StopSignals

def say(text):
    print(text, flush=True)

def work(options):
    with temporary_file(Path("result")):
        say("begun")
        time.sleep(60)

def swallow(options):
    try:
        say("begun")
        time.sleep(60)
    except KeyboardInterrupt:
        say("swallowed")
    time.sleep(60)

def compute(options):
    say("begun")  # And then nothing of Python runs until it is done.
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)

def change(options):
    try:
        work(options)
    except KeyboardInterrupt as error:
        raise RuntimeError("cancelled") from error

class Finalized:
    def __del__(self):
        say("begun")
        time.sleep(1)

def finalize(options):
    finalized = Finalized()
    with temporary_file(Path("result")):
        del finalized
        time.sleep(60)

def import_modules(options):
    import slow_module

StopSignals.__init__.__defaults__ = (1.5,)
run = globals()[sys.argv[1]]
sys.exit(run_program("program", ["program"], help_text=str, parse=list, run=run))
"""

SLOW_MODULE = """
import time
print("begun", flush=True)
try:
    time.sleep(60)
except BaseException:
    time.sleep(60)
"""


@pytest.fixture
def interrupt(project_root, tmp_path):
    """A function that starts a program, and sends it signals at some seconds."""
    (tmp_path / "slow_module.py").write_text(SLOW_MODULE)
    (tmp_path / "program.py").write_text(PROGRAM)

    def start(what, number, delays):
        with subprocess.Popen(
            [sys.executable, "program.py", what],
            cwd=tmp_path,
            env={"PYTHONPATH": str(project_root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout.readline() == "begun\n"
            time.sleep(0.1)  # Until what has begun waits.
            begin = time.monotonic()
            for delay in delays:
                time.sleep(max(0, begin + delay - time.monotonic()))
                process.send_signal(number)
            _, errors = process.communicate(timeout=30)
            seconds = time.monotonic() - begin
        assert "Traceback" not in errors
        assert not (tmp_path / ".tmp-result").exists()
        return process.returncode, seconds, errors

    return start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("what", ["work", "change", "finalize", "import_modules"])
def test_a_signal_ends_a_program_at_once_and_cleanly(interrupt, what, number):
    code, seconds, errors = interrupt(what, number, [0])
    assert (code, errors) == (128 + number, "")
    assert seconds < 1


@pytest.mark.parametrize("what", ["swallow", "compute"])
def test_a_program_that_does_not_end_is_ended(interrupt, what):
    code, seconds, errors = interrupt(what, signal.SIGTERM, [0])
    assert code == 128 + signal.SIGTERM
    assert "program.py: not ended 1.5 s after signal 15: ends now" in errors
    assert 1.4 < seconds < 5


def test_a_signal_that_comes_twice_is_one(interrupt):
    """`timeout` signals a program, and then its group."""
    code, _, errors = interrupt("swallow", signal.SIGTERM, [0, 0.05])
    assert code == 128 + signal.SIGTERM
    assert "not ended 1.5 s after" in errors


def test_a_second_signal_ends_a_program_at_once(interrupt):
    code, seconds, errors = interrupt("compute", signal.SIGINT, [0, 1.2])
    assert code == 128 + signal.SIGINT
    assert "a second signal, 2" in errors
    assert seconds < 1.45
