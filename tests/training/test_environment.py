import os
import subprocess
import sys

import pytest

from sact_keras.training.environment import choose_jit_compile
from sact_keras.training.writable import check_writable

REPORT = """
import os, sys
from sact_keras.training.environment import import_tensorflow
import_tensorflow()
print(os.environ["TF_ENABLE_ONEDNN_OPTS"], os.environ["TF_CPP_MIN_LOG_LEVEL"])
print("heard", file=sys.stderr)
"""


def report(project_root, **given):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TF_")
    }
    return subprocess.run(
        [sys.executable, "-c", REPORT],
        cwd=project_root,
        env={**environment, **given},
        capture_output=True,
        text=True,
        check=True,
    )


def test_import_of_tensorflow(project_root):
    finished = report(project_root)
    assert finished.stdout.strip() == "1 3"
    assert finished.stderr == "heard\n"


def test_what_the_user_has_set_stays_as_it_is(project_root, tmp_path):
    """What a TensorFlow says that was told to, too."""
    (tmp_path / "tensorflow.py").write_text("import os; os.write(2, b'a notice\\n')")
    settings = {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "1"}
    finished = report(project_root, PYTHONPATH=str(tmp_path), **settings)
    assert finished.stdout.strip() == "0 1"
    assert finished.stderr == "a notice\nheard\n"


def test_jit_compile():
    assert choose_jit_compile("true")
    assert not choose_jit_compile("false")
    assert choose_jit_compile("auto") in (True, False)
    with pytest.raises(ValueError, match="'sometimes'"):
        choose_jit_compile("sometimes")


def test_writable_directories(tmp_path):
    check_writable(tmp_path / "a" / "b", "--eval_dir")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"--eval_dir must be .*file/run"):
        check_writable(tmp_path / "file" / "run", "--eval_dir")
