"""Every program is killed in every mode, again and again; then its command goes on.

SACT_KILLS=1000 SACT_KILL_SEED=7 make torture ARGS="tests/torture/test_kills.py"
"""

import os
import random

import pytest
from disturbed_runs import disturbed_runs
from killed_modes import MODES
from whole_files import check_final_files

pytestmark = pytest.mark.torture

NUM_KILLS = int(os.environ.get("SACT_KILLS", "96"))
SEED = int(os.environ.get("SACT_KILL_SEED", "0"))


@pytest.fixture(scope="module")
def runs(project_root, tmp_path_factory):
    with disturbed_runs(project_root, tmp_path_factory.mktemp("runs")) as runs:
        yield runs


@pytest.mark.parametrize("name", MODES)
def test_killed_again_and_again(runs, tmp_path, survived, name):
    generator = random.Random(f"{SEED} {name}")
    killed, ended, directory = 0, 0, tmp_path / "0"
    directory.mkdir()
    while killed < -(-NUM_KILLS // len(MODES)):
        kind, finished = runs.killed(name, directory, generator)
        if finished is None:
            killed += 1
            check_final_files(directory)
            survived(f"kills {kind}")
            survived(f"kills of {name}")
            continue
        # It had ended before: the next one begins anew.
        assert finished.code == 0, finished.err
        runs.check_result(name, directory)
        ended += 1
        directory = tmp_path / f"{ended}"
        directory.mkdir()
    finished = runs.run(name, directory)
    assert finished.code == 0, finished.err
    runs.check_result(name, directory)
    survived("commands that went on after their kills")
