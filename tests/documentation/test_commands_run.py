"""Every command in the README, docs/ and configs/ runs, scaled down, from its page."""

import contextlib
import re
import shutil
import time
from pathlib import Path

import pytest
from conftest import PROJECT_ROOT
from documented_commands import documented_commands
from forked_python import ForkedPython
from serving.rest_server import serve_rest
from serving.served_model import ServedModel
from workspace import NotThereYetError, Workspace, write_shared

from sact_keras.training.flags import parse_options

COMMANDS = documented_commands()

NOT_RUN = {
    "python -m benchmarks.results_training": "trains for hours what the flagfiles of "
    "configs/table do, which are run by themselves",
    "python main.py --distribution=multi_worker": "waits for the other process, which "
    "is the next command: tests/torture/test_lost_workers.py runs two",
    "make": "installs an environment first; what it runs then is run here or is a test",
    "pip install": "changes the environment that the tests run in",
    "sbatch": "needs Slurm",
    "docker": "needs Docker, and TensorFlow Serving's image",
    "curl": "needs TensorFlow Serving; tests/serving asks a server like it the same",
    "printf": "part of a command of curl's",
    "base64": "part of a command of curl's",
    "cd": "part of a command of Docker's",
    "gzip": "counts the bytes of what the command before has written",
    "wc": "counts the bytes of what the command before has written",
}
"""What commands begin with -> why they are not run."""

EXTRAS = {
    "--prune_final_sparsity": ("tensorflow_model_optimization", "optimization"),
    "--warmup": ("tensorflow_serving", "serving"),
}
"""Flag -> the library that it needs, and the extra that brings it."""

RESULTS = {
    "attack": "attack.json",
    "benchmark": "benchmark.json",
    "eval": "eval.json",
    "squeeze": "*.weights.h5",
    "sweep": "sweep.csv",
}
"""Mode of main.py, other than training -> what it writes somewhere."""

WRITTEN = {
    "--export_dir": "*/saved_model.pb",
    "--json": "",
    "--output": "",
    "--output_dir": "*",
    "--picture": "",
    "--squeezed_path": "",
    "--tflite_path": "",
}
"""Flag of a path that is written -> what lies there then, or in it."""


@pytest.fixture(scope="module")
def python():
    with ForkedPython(PROJECT_ROOT) as forked:
        yield forked


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory):
    """A function from a page to its workspace, in which its commands follow.

    The flagfiles of a directory share one.
    """
    made, shared = {}, tmp_path_factory.mktemp("shared")
    write_shared(shared)

    def of(page):
        page = str(Path(page).parent) if page.endswith(".cfg") else page
        if page not in made:
            name = re.sub(r"\W+", "_", page)
            made[page] = Workspace(tmp_path_factory.mktemp(name), shared)
        return made[page]

    yield of
    for workspace in made.values():
        shutil.rmtree(workspace.project.parent)


def reason_not_to_run(command):
    text = " ".join(command.words)
    reasons = [why for begin, why in NOT_RUN.items() if f"{text} ".startswith(begin)]
    return reasons[0] if reasons else None


@contextlib.contextmanager
def server_for(arguments, workspace):
    """The flags that lead a client to a server of the SavedModel that it asks for."""
    name = value_of("--model_name", arguments)
    if arguments[1] != "export.client":
        yield []
        return
    model = ServedModel(name, workspace.project / "exports" / name)
    with serve_rest(model) as server:
        yield [f"--server={server.url}"]


def value_of(flag, arguments):
    values = [a.partition("=")[2] for a in arguments if a.partition("=")[0] == flag]
    return values[-1] if values else None


def files_promised(arguments):
    """Patterns of the files that a command writes, in its directory."""
    if arguments[0] == "main.py":
        options = parse_options(arguments)
        if not options.trains:
            return [f"**/{RESULTS[options.mode]}"]
        dataset = options.dataset or "cifar10"
        run = options.replace(dataset=dataset).resolve_model().default_log_dir()
        run = options.train_log_dir or run
        return [f"{run}/{name}" for name in ("config.json", "checkpoints/step-*")]
    paths = [(value_of(flag, arguments), inside) for flag, inside in WRITTEN.items()]
    return [f"{path}/{inside}".rstrip("/") for path, inside in paths if path]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_command_runs(command, workspaces, python, monkeypatch):
    if (reason := reason_not_to_run(command)) is not None:
        pytest.skip(reason)
    text = " ".join(command.words)
    if (flagfile := value_of("--flagfile", command.words)) is not None:
        text += (PROJECT_ROOT / flagfile).read_text()
    for flag, (library, extra) in EXTRAS.items():
        if flag in text:
            pytest.importorskip(library, reason=f"needs the extra [{extra}]")
    workspace = workspaces(command.page)
    monkeypatch.chdir(workspace.project)
    monkeypatch.syspath_prepend(PROJECT_ROOT / "tests" / "checkpoints")
    try:
        arguments = workspace.prepare(command)
    except NotThereYetError as error:
        pytest.skip(str(error))
    begin = time.time()
    with server_for(arguments, workspace) as server_flags:
        arguments += server_flags
        environment = {**workspace.environment, **command.environment}
        finished = python(arguments, workspace.project, environment)
    said = f"{command.name}: python {' '.join(arguments)}\n{finished.out}{finished.err}"
    assert finished.code == 0, said
    for pattern in files_promised(arguments):
        found = workspace.project.glob(pattern)
        # Of files that were there before, nothing is to be said.
        assert any(path.stat().st_mtime >= begin - 1 for path in found), (
            f"nothing new at {pattern} after {said}"
        )


@pytest.mark.parametrize("begin", NOT_RUN)
def test_what_is_not_run_is_documented(begin):
    texts = [f"{' '.join(command.words)} " for command in COMMANDS]
    assert any(text.startswith(begin) for text in texts)


def test_only_programs_in_python_are_run():
    """Whatever else the documentation comes to call must say why it is not."""
    run = [c for c in COMMANDS if reason_not_to_run(c) is None]
    assert {command.words[0] for command in run} == {"python"}
