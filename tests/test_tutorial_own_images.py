"""docs/tutorials/own_images.md, from beginning to end."""

import contextlib
import io
import json
import re
import shlex

import pytest
from conftest import PROJECT_ROOT

from export.ponder_maps import PONDER_MAPS
from export.saved_model import SAVED_MODEL
from sact_keras.training.command_line import main
from sact_keras.training.flags import parse_options

PAGE = PROJECT_ROOT / "docs" / "tutorials" / "own_images.md"
EXPORTERS = {exporter.name: exporter for exporter in (PONDER_MAPS, SAVED_MODEL)}
RUN = "runs/figures_sact_2_tau0.02"


def blocks():
    """(language, source) of what is to be typed, in order."""
    found = re.findall(r"^```(sh|python)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert [language for language, _ in found].count("sh") == 5
    return found


def commands():
    """The words of each command."""
    shell = [source for language, source in blocks() if language == "sh"]
    words = [shlex.split(source.replace("\\\n", " ")) for source in shell]
    assert all(command[0] == "python" for command in words)
    return words


def parse(words):
    """The options of a command, as its program reads them."""
    if words[1] == "main.py":
        return parse_options(words[1:])
    assert words[1] == "-m"
    return EXPORTERS[words[2]].parse(words[2:])


def run(words):
    """Runs a command in this process, where a start takes no seconds."""
    if words[1] == "main.py":
        return main(words[1:])
    return EXPORTERS[words[2]](words[2:])


def made_short(words):
    """A command with flags appended that make a training short."""
    if words[1] == "main.py" and parse(words).trains:
        return [*words, "--max_number_of_steps=2", "--jit_compile=false"]
    return words


def test_commands_are_understood_and_go_together():
    training, evaluation, *others = map(parse, commands())
    assert training.resolve_model().default_log_dir() == RUN
    assert evaluation.mode == "eval"
    for options in (evaluation, *others):
        assert options.checkpoint_dir == RUN
    *_, export = others
    last = [source for language, source in blocks() if language == "python"][-1]
    assert f'Path("{export.export_dir}/1")' in last
    for name in re.findall(r"--(\w+)", PAGE.read_text()):
        assert hasattr(training, name) or any(hasattr(o, name) for o in others), name


def test_python_can_be_typed():
    for language, source in blocks():
        if language == "python":
            compile(source, str(PAGE), "exec")


@pytest.mark.slow
def test_from_beginning_to_end(tmp_path, monkeypatch, capsys):
    """But for the number of steps, as it stands."""
    monkeypatch.chdir(tmp_path)
    names, printed = {}, []
    for language, source in blocks():
        if language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(source, names)
            printed.append(output.getvalue())
            continue
        (words,) = [shlex.split(source.replace("\\\n", " "))]
        assert run(made_short(words)) == 0, (source, capsys.readouterr().err)
        printed.append(capsys.readouterr().out)

    _, training, evaluation, *_, exported, answers = printed
    classes = ["disc", "ring", "square", "triangle"]
    files = list((tmp_path / "figures").glob("*/*/*.png"))
    assert len(files) == 4 * (400 + 100)
    first = training.splitlines()[0]
    assert first.startswith("Evaluation at step 2 on 400 images of folder/test: ")
    assert evaluation == training
    assert json.loads((tmp_path / RUN / "config.json").read_text())["class_names"] == (
        classes
    )
    rates = json.loads((tmp_path / RUN / "eval" / "gate_rates.json").read_text())
    assert rates["classes"] == classes
    assert (tmp_path / RUN / "eval" / "gate_rates.png").exists()
    assert (tmp_path / RUN / "ponder_maps" / "report.html").exists()
    assert len(list((tmp_path / "maps").glob("*_overlay.png"))) == 100
    assert exported == "exports/figures/1\n"
    labels = tmp_path / "exports" / "figures" / "1" / "assets" / "labels.txt"
    assert labels.read_text().splitlines() == classes
    said = [line.split() for line in answers.splitlines()]
    assert [line[0] for line in said] == [
        f"figures/test/ring/00{i}.png" for i in range(3)
    ]
    for _, name, score, flops in said:
        assert name in classes
        assert 0.25 <= float(score) <= 1
        assert int(flops) > 10**7
