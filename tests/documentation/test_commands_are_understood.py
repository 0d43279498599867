"""Every command in the README, docs/ and configs/ is understood by what it calls."""

import pytest
from command_kinds import CommandError, check
from conftest import PROJECT_ROOT
from documented_commands import Command, documented_commands, inline_commands

COMMANDS = [*documented_commands(), *inline_commands()]


@pytest.fixture
def project_view(tmp_path, monkeypatch):
    """A current directory that has what the project's has: flagfiles, docs/images."""
    for path in PROJECT_ROOT.iterdir():
        if path.name not in ("runs", "exports"):
            (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_command_is_understood(command, project_view, monkeypatch):
    for word in command.words:  # Of SavedModels some programs ask whether they exist.
        if word.startswith("--saved_model="):
            saved = project_view / word.partition("=")[2]
            saved.mkdir(parents=True)
            (saved / "saved_model.pb").touch()
    for name, value in command.environment.items():
        monkeypatch.setenv(name, value)
    check(command)


def test_commands_are_found():
    """Lest a change to the reader let them all through unread."""
    pages = {command.page for command in documented_commands()}
    assert {"README.md", "docs/serving.md", "configs/cifar10_sact.cfg"} <= pages
    assert len(documented_commands()) > 100


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("python main.py --model_typ=sact", "Unknown command line flag"),
        ("python main.py --model_type=sact --tau=-1", "--tau must be at least 0"),
        ("python other.py --tau=1", "no program other.py"),
        ("python -m export.saved_model --checkpoint_dir=a", "--export_dir must say"),
        ("python -m benchmarks.serving_speed --round=a", "expected a whole number"),
        ("python -m benchmarks.kernels --rounds=1", "takes no flags"),
        ("python -m pytest tests/none", "no tests at tests/none"),
        ("python -m pytest tests/data -k no_such_test", "is in no test's name"),
        ("python -m pytest tests/data -m torturous", "has the mark 'torturous'"),
        ("pip install -e .[none]", "no extra 'none'"),
        ("make tea", "no target tea"),
        ("make train ARGS=--budge=1", "Unknown command line flag"),
        ("make test ARG=-x", "no variable ARG"),
        ("docker run tensorflow/serving", "the image is"),
        ("curl http://localhost:8501/v2/models/sact", "TensorFlow Serving has no"),
        ("kubectl apply", "commands of the kind 'kubectl' have no check"),
    ],
)
def test_wrong_commands_are_refused(line, complaint, project_view):
    command = Command("page.md:1", tuple(line.split()), {}, line)
    with pytest.raises(Exception, match=complaint) as caught:
        check(command)
    assert caught.typename in (CommandError.__name__, "UsageError")
