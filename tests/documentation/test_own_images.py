"""docs/tutorials/own_images.md, from beginning to end."""

import contextlib
import io
import json
import re

import pytest
from conftest import PROJECT_ROOT
from documented_commands import commands_of
from documented_pages import blocks_of, python_blocks_of

from export.ponder_maps import PONDER_MAPS
from export.saved_model import SAVED_MODEL
from sact_keras.training.command_line import main
from sact_keras.training.flags import parse_options

PAGE = PROJECT_ROOT / "docs" / "tutorials" / "own_images.md"
EXPORTERS = {exporter.name: exporter for exporter in (PONDER_MAPS, SAVED_MODEL)}
RUN = "runs/figures_sact_2_tau0.02"


def parse(command):
    """The options of a command, as its program reads them."""
    _, *arguments = command.words
    if arguments[0] == "main.py":
        return parse_options(arguments)
    return EXPORTERS[arguments[1]].parse(arguments[1:])


def run(command):
    """Runs a command, a training for two steps, in this process: it starts at once."""
    _, *arguments = command.words
    if arguments[0] != "main.py":
        return EXPORTERS[arguments[1]](arguments[1:])
    if parse(command).trains:
        arguments += ["--max_number_of_steps=2", "--jit_compile=false"]
    return main(arguments)


def test_commands_are_understood_and_go_together():
    commands = [c for block in blocks_of(PAGE) for c in commands_of(block)]
    training, evaluation, *others = map(parse, commands)
    assert training.resolve_model().default_log_dir() == RUN
    assert evaluation.mode == "eval"
    for options in (evaluation, *others):
        assert options.checkpoint_dir == RUN
    *_, export = others
    assert f'Path("{export.export_dir}/1")' in python_blocks_of(PAGE)[-1].source
    for name in re.findall(r"--(\w+)", PAGE.read_text()):
        assert hasattr(training, name) or any(hasattr(o, name) for o in others), name


@pytest.mark.slow
def test_from_beginning_to_end(tmp_path, monkeypatch, capsys):
    """But for the number of steps, as it stands."""
    monkeypatch.chdir(tmp_path)
    names, printed = {}, []
    for block in blocks_of(PAGE):
        if block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(block.source, names)
            printed.append(output.getvalue())
        for command in commands_of(block):
            assert run(command) == 0, (command.line, capsys.readouterr().err)
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
