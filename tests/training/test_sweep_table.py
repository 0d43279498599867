import csv
import json
import math

import pytest
from made_up_sweep import made_up_sweep

from sact_keras.training.sweep_lists import (
    DEFAULT_COMPUTE_BUDGETS,
    parse_compute_budgets,
)
from sact_keras.training.sweep_table import format_sweep, sweep_as_csv, sweep_as_json


@pytest.mark.parametrize("ponder_cost", [None, 1 / 7])
def test_csv_holds_all_numbers_to_the_last_digit(ponder_cost):
    sweep = made_up_sweep(ponder_cost)
    rows = list(csv.DictReader(sweep_as_csv(sweep).splitlines()))
    assert len(rows) == 3
    for row, expected in zip(rows, sweep["budgets"], strict=True):
        assert {name: float(value) for name, value in row.items()} == expected
    assert next(iter(rows[0])) == "compute_budget"


def test_json_holds_the_same_without_a_number_that_json_has_not():
    def refuse(name):
        raise AssertionError(name)

    sweep = made_up_sweep()
    read = json.loads(sweep_as_json(sweep), parse_constant=refuse)
    assert read["header"] == sweep["header"]
    assert read["dense"] == sweep["dense"]
    budgets = [float(row.pop("compute_budget")) for row in read["budgets"]]
    assert budgets == [0.5, 1.0, math.inf]
    for row, expected in zip(read["budgets"], sweep["budgets"], strict=True):
        assert {"compute_budget": expected["compute_budget"], **row} == expected


def test_table():
    lines = format_sweep(made_up_sweep()).splitlines()
    assert lines[0] == "Sweep at step 7 on 24 images of shapes/test: runs/one"
    assert "ponder" not in lines[1]
    titles = lines[1].replace("of dense", "share").split()
    shown = dict(zip(titles, lines[2].split(), strict=True))
    assert shown == {
        "budget": "0.5",
        "accuracy": "50.00%",
        "MFLOPs": "100.00",
        "std": "0.33",
        "share": "25.0%",
        "units": "1.00",
        "ms": "1.000",
        "spread": "30%",
        "speed-up": "8.000",
    }
    assert lines[4].split()[0] == "inf"
    assert lines[5].startswith("Dense: 400.00 MFLOPs, 8.000 ms, spread 25%.")
    assert "batches of 16, medians of 3 rounds" in lines[5]
    assert len({len(line) for line in lines[1:5]}) == 1


def test_table_with_ponder_costs_and_without_a_step():
    sweep = made_up_sweep(ponder_cost=5.25)
    sweep["evaluated"]["step"] = None
    lines = format_sweep(sweep).splitlines()
    assert lines[0].startswith("Sweep on 24 images")
    assert "ponder" in lines[1]
    assert " 5.25 " in lines[2]


def test_budgets():
    assert parse_compute_budgets(None) is None
    assert parse_compute_budgets("1") == (1.0,)
    assert parse_compute_budgets("4, 0.25,inf,0,1e-3,4") == (0, 1e-3, 0.25, 4, math.inf)


@pytest.mark.parametrize("text", ["", "1,", "-1", "-inf", "nan", "1;2", "half"])
def test_no_budgets(text):
    with pytest.raises(ValueError, match=f"Received: compute_budgets={text}$"):
        parse_compute_budgets(text)


def test_default_budgets_are_in_order_and_hold_what_is_trained():
    assert set(DEFAULT_COMPUTE_BUDGETS) == {
        "act",
        "sact",
        "aig",
        "dynconv",
        "blockdrop",
    }
    for budgets in DEFAULT_COMPUTE_BUDGETS.values():
        assert 1.0 in budgets
        assert budgets == tuple(sorted(set(budgets)))
