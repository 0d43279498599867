"""The experiments of the results' table, and how they are run."""

import json
import sys

import pytest

from benchmarks import results_training
from benchmarks.results_training import CONFIGS, Experiment, Trainings, read_experiments
from sact_keras.training.flags import parse_options

NAMES = sorted(path.stem for path in CONFIGS.glob("*_resnet*.cfg"))


def options_of(name, monkeypatch, project_root):
    monkeypatch.chdir(project_root)  # Flagfiles name one another from there.
    return parse_options(["main.py", f"--flagfile={CONFIGS / name}.cfg"])


@pytest.mark.parametrize("name", NAMES)
def test_a_flagfile_says_its_command_and_its_directory(name, monkeypatch, project_root):
    options = options_of(name, monkeypatch, project_root)
    text = (CONFIGS / f"{name}.cfg").read_text()
    assert text.startswith(f"# python main.py --flagfile={CONFIGS / name}.cfg\n")
    assert options.train_log_dir == f"runs/table/{name}"
    assert (options.dataset, options.batch_size, options.seed) == ("cifar10", 64, 1)
    if options.finetune_path is None:
        epochs = (options.max_number_of_steps * 64 / 50_000, options.decay_epochs)
        assert epochs == (pytest.approx(5, abs=1e-3), "3,4")
    else:
        start = options.finetune_path.rpartition("/")[2]
        before = options_of(start, monkeypatch, project_root)
        assert before.train_log_dir == options.finetune_path
        assert before.model == options.model


def test_all_rows_that_results_compare():
    static = {f"vanilla_resnet{layers}" for layers in (8, 14, 20, 26, 32)}
    assert {*NAMES} >= static | {"act_resnet32", "sact_resnet32"}
    assert {*NAMES} >= {f"dynconv_resnet32{s}" for s in ("", "_budget0.7")}
    assert {*NAMES} >= {"sact_resnet32_tau0.005", "dynconv_resnet32_budget0.3"}
    assert {*NAMES} >= {"aig_resnet32", "aig_resnet32_rate0.5", "blockdrop_resnet32"}


def test_what_another_starts_from_comes_first(monkeypatch, project_root):
    monkeypatch.chdir(project_root)
    names = [e.name for e in read_experiments(["sact_resnet32", "blockdrop_resnet32"])]
    assert names == [
        "sact_resnet32",
        "pretrain_resnet32_blockdrop",
        "curriculum_resnet32_blockdrop",
        "blockdrop_resnet32",
    ]
    everything = [e.name for e in read_experiments()]
    for experiment in read_experiments():
        if experiment.start is not None:
            before = everything.index(experiment.start)
            assert before < everything.index(experiment.name)


def test_a_seed_repeats_a_row_beside_it(monkeypatch, project_root):
    monkeypatch.chdir(project_root)
    (row,) = read_experiments(["sact_resnet32"], seed=2)
    assert row.name == "sact_resnet32_seed2"
    assert row.flags[1:] == (
        "--seed=2",
        "--train_log_dir=runs/table/sact_resnet32_seed2",
    )
    options = parse_options(["main.py", *row.flags])
    assert (options.seed, options.train_log_dir) == (2, str(row.directory))
    # What a row starts from is repeated with it, and under the same name.
    names = [e.name for e in read_experiments(["blockdrop_resnet32"], seed=3)]
    assert names == [
        "pretrain_resnet32_blockdrop_seed3",
        "curriculum_resnet32_blockdrop_seed3",
        "blockdrop_resnet32_seed3",
    ]


MAIN = """
import json, pathlib, sys
directory = pathlib.Path(sys.argv[1])
if "--fail" in sys.argv:
    sys.exit(3)
before = sorted(path.parent.parent.name for path in directory.parent.glob("*/eval/*"))
(directory / "eval").mkdir(parents=True)
(directory / "eval" / "eval.json").write_text(json.dumps(before))
"""


@pytest.fixture
def experiments(tmp_path, monkeypatch):
    """A function from names, "b<a" for one that starts from another, to experiments."""
    (tmp_path / "main.py").write_text(MAIN)
    monkeypatch.chdir(tmp_path)

    def make(*names, failing=()):
        made = []
        for name in names:
            name, _, start = name.partition("<")
            directory = tmp_path / name
            flags = (str(directory), *(["--fail"] if name in failing else []))
            made.append(Experiment(name, flags, directory, start or None))
        return made

    return make


def found_before(experiment):
    return json.loads((experiment.directory / "eval" / "eval.json").read_text())


def test_each_waits_for_what_it_starts_from(experiments):
    first, second, third = experiments("a", "b<a", "c<b")
    assert Trainings([first, second, third], [], [0, 0])() == []
    assert found_before(second) == ["a"]
    assert found_before(third) == ["a", "b"]


def test_what_is_done_is_not_done_again(experiments):
    (only,) = experiments("a")
    assert Trainings([only], [], [0])() == []
    log = only.directory / "log.txt"
    log.unlink()
    assert Trainings([only], [], [0])() == []
    assert not log.exists()


def test_what_starts_from_a_failure_is_not_begun(experiments):
    made = experiments("a", "b<a", "c", failing=("a",))
    assert Trainings(made, [], [0])() == ["a", "b"]
    assert not made[1].directory.exists()
    assert made[2].is_done


def test_an_unknown_name(monkeypatch, project_root, capsys):
    monkeypatch.chdir(project_root)
    monkeypatch.setattr(sys, "argv", ["x", "--only=sact_resnet33"])
    with pytest.raises(SystemExit) as stopped:
        results_training.main()
    assert stopped.value.code == 2
    assert "sact_resnet33" in capsys.readouterr().err
