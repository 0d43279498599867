"""The table of the results, and its curves."""

import json

import pytest

from benchmarks import results_rows, results_table
from benchmarks.results_curves import draw_curves
from benchmarks.results_rows import Row, above_plain
from benchmarks.results_table import format_seeds, format_table, read_seeds


def row(method="sact", accuracy=0.8, seeds=(), **changes):
    given = {
        "name": f"cifar10_{method}_resnet32",
        "method": method,
        "variant": "sact",
        "layers": 32,
        "knob": "" if method == "vanilla" else "tau 0.01",
        "accuracy": accuracy,
        "flops_mean": 80_340_000.0,
        "flops_std": 4_120_000.0,
        "units": 7.26,
        "milliseconds": {1: 2.514, 128: 0.7449},
        "seeds": tuple(seeds),
        "sweep": (),
    }
    return Row(**{**given, **changes})


def test_a_row():
    line = format_table([row(accuracy=0.81234)]).splitlines()[2]
    assert line == (
        "| `sact`, ResNet-32, tau 0.01 | 81.23% | 80.3 ± 4.1 | 7.3 of 15 "
        "| 2.51 | 0.74 |"
    )
    untimed = format_table([row("vanilla", milliseconds={})]).splitlines()[2]
    assert untimed.startswith("| `vanilla`, ResNet-32 | ")
    assert untimed.endswith("| - | - |")
    other = format_table([row("vanilla", variant="aig")]).splitlines()[2]
    assert other.startswith("| `vanilla`, ResNet-32, post-activation (`aig`) | ")


def test_a_network_is_compared_with_a_plain_one_of_its_flops():
    line = [
        row("vanilla", 0.6, layers=8, flops_mean=2e7, name="cifar10_vanilla_resnet8"),
        row("vanilla", 0.8, flops_mean=1e8),
    ]
    half_way = row(accuracy=0.75, flops_mean=6e7)
    assert above_plain(half_way, [*line, half_way]) == pytest.approx(0.05)
    assert above_plain(line[0], line) is None
    assert above_plain(row(flops_mean=1.1e8), line) is None
    assert above_plain(row(flops_mean=1.9e7), line) is None
    assert above_plain(half_way, [half_way]) is None
    other = row("vanilla", 0.5, variant="aig", flops_mean=6e7)
    assert above_plain(other, [*line, other]) == pytest.approx(-0.2)
    table = format_table([*line, half_way], is_compared=True).splitlines()
    assert table[2].endswith(" | - | - |")
    assert table[3].endswith(" | - | 92.49% |")
    assert table[4].endswith(" | +5.0 | 91.82% at 82.4 |")


def seeds_of(*accuracies):
    return [
        {"seed": i, "accuracy": a, "flops_mean": 8e7} for i, a in enumerate(accuracies)
    ]


def test_the_spread_is_a_samples():
    several = row(seeds=seeds_of(0.80, 0.82, 0.84))
    assert several.spread("accuracy") == pytest.approx((0.82, 0.02))
    assert several.mean("flops_mean") == 8e7
    two = row(seeds=seeds_of(0.70, 0.82))
    assert two.spread("accuracy") is None
    assert two.mean("accuracy") == 0.8
    *_, line = format_seeds([several, row("act")]).splitlines()
    assert line == (
        "| `sact`, ResNet-32, tau 0.01 | 3 | 82.00% ± 2.00% | 80.0 ± 0.0 | - |"
    )


def test_means_are_compared_where_there_are_several_seeds():
    shallow = row("vanilla", 0.6, flops_mean=6e7, seeds=seeds_of(0.70, 0.71, 0.69))
    deep = row("vanilla", 0.8, flops_mean=1.2e8)
    several = row(flops_mean=1e8, seeds=seeds_of(0.80, 0.82, 0.84))
    # The line begins at the mean of the shallow network's seeds, 80 MFLOPs, 70%.
    assert above_plain(several, [shallow, deep, several]) == pytest.approx(0.12)
    *_, line = format_seeds([shallow, deep, several]).splitlines()
    assert line.endswith(" | 80.0 ± 0.0 | +12.0 |")


def test_repetitions_are_read_from_their_runs(tmp_path):
    for name, accuracy in (
        ("sact_resnet32_seed2", 0.7),
        ("sact_resnet32_seed13", 0.6),
        ("sact_resnet32_tau0.005_seed2", 0.5),
        ("sact_resnet32", 0.9),
    ):
        (tmp_path / name / "eval").mkdir(parents=True)
        values = {"eval/Accuracy": accuracy, "Total Flops/mean": 7e7}
        content = json.dumps({"values": values})
        (tmp_path / name / "eval" / "eval.json").write_text(content)
    found = read_seeds(tmp_path, [row(), row("act")])
    assert list(found) == ["cifar10_sact_resnet32"]
    accuracies = {
        one["seed"]: one["accuracy"] for one in found["cifar10_sact_resnet32"]
    }
    assert accuracies == {1: 0.8, 2: 0.7, 13: 0.6}


def test_rows_are_those_of_the_pretrained_networks(tmp_path, monkeypatch):
    for name, method, flops in (
        ("a", "sact", 5e7),
        ("b", "sact", 6e7),
        ("c", "vanilla", 1e8),
        ("d", "act", 1e8),
        ("e", "blockdrop", 2e8),
    ):
        (tmp_path / name).mkdir()
        metrics = {
            "dataset": "shapes" if name == "d" else "cifar10",
            "model_type": method,
            "model": "5",
            "variant": "aig",
            "stage": "pretrain" if method == "blockdrop" else None,
            "tau": 0.005 if method == "sact" else None,
            "executed_units": 7.5,
            "values": {
                "eval/Accuracy": 0.5,
                "Total Flops/mean": flops,
                "Total Flops/std": 1.0,
            },
        }
        (tmp_path / name / "metrics.json").write_text(json.dumps(metrics))
    speed = {
        "networks": {"a": {"128": {"milliseconds": 256.0}}},
        "sweeps": {"a": [{"compute_budget": 0.5, "images_per_second": 250.0}]},
    }
    (tmp_path / "speed.json").write_text(json.dumps(speed))
    points = [
        {"compute_budget": b, "accuracy": b, "flops_mean": 8e7 * b, "milliseconds": 9}
        for b in (0.5, 1.0)
    ]
    (tmp_path / "sweep_a.json").write_text(json.dumps({"budgets": points}))
    monkeypatch.setattr(results_rows, "RESULTS", tmp_path)
    monkeypatch.setattr(results_rows, "SPEED_FILE", tmp_path / "speed.json")
    monkeypatch.setattr(results_rows, "SEEDS_FILE", tmp_path / "none.json")
    monkeypatch.setattr(results_rows, "pretrained_names", lambda: tuple("abcde"))
    monkeypatch.setattr(results_rows, "pretrained_directory", tmp_path.joinpath)
    rows = results_rows.read_rows()
    assert [found.name for found in rows] == ["e", "c", "b", "a"]
    # What BlockDrop's policy learns on runs every unit.
    assert rows[0].is_static
    assert rows[3].milliseconds == {128: 2.0}
    # Its own times were not taken beside those of the others.
    assert rows[3].sweep == (
        {
            "compute_budget": 0.5,
            "accuracy": 0.5,
            "flops_mean": 4e7,
            "milliseconds": 4.0,
        },
        {"compute_budget": 1.0, "accuracy": 1.0, "flops_mean": 8e7},
    )
    assert rows[2].sweep == ()
    assert (rows[1].knob, rows[2].knob) == ("", "tau 0.005")


def test_a_table_takes_the_place_of_the_one_before():
    begin, end = (
        mark.format("table") for mark in (results_table._BEGIN, results_table._END)
    )
    page = f"Above\n{begin}\nold | table\n{end}\nbelow"
    replaced = results_table.replace_table(page, "new \\1 table")
    assert replaced == f"Above\n{begin}\n\nnew \\1 table\n\n{end}\nbelow"
    with pytest.raises(ValueError, match="must have the marks"):
        results_table.replace_table(page, "new", of="seeds")


def test_the_curves_are_a_picture():
    rows = [row("vanilla", layers=n, flops_mean=n * 1e6) for n in (8, 32)]
    rows += [row("vanilla", variant="aig")]
    rows += [row(seeds=seeds_of(0.80, 0.82, 0.84)), row("act", milliseconds={})]
    point = {"compute_budget": 0.5, "accuracy": 0.75, "flops_mean": 4e7}
    timed = {**point, "milliseconds": 0.5}
    rows += [row("dynconv", sweep=(timed, timed)), row("aig", sweep=(point, point))]
    rows += [row("vanilla", layers=20, seeds=seeds_of(0.80, 0.82, 0.84))]
    assert draw_curves(rows).startswith(b"\x89PNG")


def test_the_pages_hold_the_table_of_the_files(project_root, monkeypatch):
    """What the documentation says is what the files say, digit by digit."""
    monkeypatch.chdir(project_root)
    rows = results_rows.read_rows()
    for path, is_compared in zip(results_table.PAGES, (False, True), strict=True):
        table = format_table(rows, is_compared=is_compared)
        assert table in path.read_text(), "run python -m benchmarks.results_table"
    if any(row.seeds for row in rows):
        assert format_seeds(rows) in results_table.PAGES[1].read_text()
