import io

import numpy as np
import pytest
from made_up_sweep import made_up_sweep
from matplotlib.figure import Figure
from PIL import Image

from sact_keras.visualization.budget_curve import draw_budget_curve


@pytest.fixture
def drawn(monkeypatch):
    """A function from a sweep to the axes of its picture."""

    def draw(sweep):
        figures = []
        save = Figure.savefig

        def savefig(figure, *arguments, **others):
            figures.append(figure)
            save(figure, *arguments, **others)

        monkeypatch.setattr(Figure, "savefig", savefig)
        with Image.open(io.BytesIO(draw_budget_curve(sweep))) as image:
            assert np.asarray(image.convert("L")).std() > 1
        return figures[0].axes

    return draw


def points(line):
    return np.stack(line.get_data(), axis=1).tolist()


def test_points_are_those_of_the_sweep(drawn):
    sweep = made_up_sweep()
    rows = sweep["budgets"]
    left, right = drawn(sweep)
    assert points(left.lines[0]) == [
        [row["flops_mean"] / 1e6, row["accuracy"]] for row in rows
    ]
    assert points(right.lines[0]) == [
        [row["milliseconds"], row["accuracy"]] for row in rows
    ]
    for axis in (left, right):
        assert [text.get_text() for text in axis.texts] == ["1", "0.5", "inf"]
    assert "MFLOPs" in left.get_xlabel()
    assert "batches of 16" in right.get_xlabel()


def test_what_was_trained_is_marked_and_dense_is_a_line(drawn):
    left, right = drawn(made_up_sweep())
    for axis, trained, dense in ((left, 200.0, 400.0), (right, 2.0, 8.0)):
        lines = {line.get_label(): line for line in axis.lines}
        assert points(lines["as trained"]) == [[trained, 0.7]]
        assert set(lines["dense"].get_xdata()) == {dense}


def test_large_networks_and_a_single_point_that_was_not_trained(drawn):
    sweep = made_up_sweep()
    sweep["dense"]["flops"] = 4e9
    sweep["budgets"] = sweep["budgets"][:1]
    left, _ = drawn(sweep)
    assert points(left.lines[0]) == [[0.1, 0.5]]
    assert "GFLOPs" in left.get_xlabel()
    assert "as trained" not in [line.get_label() for line in left.lines]


def test_labels_that_would_lie_on_each_other_are_left_out(drawn):
    sweep = made_up_sweep()
    *_, last = sweep["budgets"]
    crowd = [{**last, "compute_budget": budget} for budget in (2.0, 1.0, 4.0)]
    sweep["budgets"] = [sweep["budgets"][0], *crowd]
    left, _ = drawn(sweep)
    assert len(points(left.lines[0])) == 4
    assert [text.get_text() for text in left.texts] == ["1", "0.5"]
