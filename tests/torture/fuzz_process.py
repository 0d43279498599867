"""The process that `fuzz_runner` starts: reads numbers of cases, writes outcomes.

A module of cases has a class `Cases` with

    __init__(directory): prepares what all cases are drawn from;
    make(random, directory) -> case: writes a case into an empty directory; `kind` says
        what was mutated, and how;
    check(case) -> (status, detail): gives it to the reader. What it raises is a fault.
"""

import importlib
import json
import os
import resource
import shutil
import sys
import traceback
from pathlib import Path

import numpy as np

# Beyond what the process has when it has started. A reader that takes more than the
# first has eaten memory; what would take more than the second is not given it.
_MOST_RESIDENT = 2**30
_MOST_ADDRESSES = 6 * 2**30


def main(module: str, directory: str, seed: str) -> None:
    # Libraries write to the standard output as they like.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    root = Path(directory)
    cases = importlib.import_module(module).Cases(root / f"prepared_{os.getpid()}")
    limit = _memory("VmSize") + _MOST_ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps("ready"), file=answers)
    for line in sys.stdin:
        number = int(line)
        place = root / f"case_{seed}_{number}"
        place.mkdir()
        try:
            case = cases.make(np.random.default_rng((int(seed), number)), place)
        except Exception:
            case, kind = None, "making it failed"
            status, detail = "fault", traceback.format_exc()
        else:
            kind = case.kind
        print(json.dumps({"kind": kind}), file=answers)
        if case is not None:
            status, detail = _check(cases, case)
        if status != "fault":
            shutil.rmtree(place)
        outcome = {"number": number, "kind": kind, "status": status, "detail": detail}
        print(json.dumps(outcome), file=answers)


def _check(cases, case) -> tuple[str, str]:
    # From now on the peak is that of this case.
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    try:
        status, detail = cases.check(case)
    except Exception:
        return "fault", traceback.format_exc()
    taken = _memory("VmHWM") - before
    if taken > _MOST_RESIDENT:
        return "fault", f"it took {taken:,} bytes of memory; {status}: {detail}"
    return status, detail


def _memory(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
