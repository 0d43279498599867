import pytest
from made_up_report import made_up_report

from sact_keras.benchmarking import format_report
from sact_keras.benchmarking.table import describe_case, format_row


def test_a_line_for_each_case_under_its_titles():
    report = made_up_report()
    lines = format_report(report).splitlines()
    titles = lines.index("") + 1
    rows = lines[titles + 1 : titles + 1 + len(report["cases"])]
    assert {len(row) for row in rows} == {len(lines[titles])}
    for row, case in zip(rows, report["cases"], strict=True):
        cells = dict(zip(lines[titles].split(), row.split(), strict=True))
        assert cells["batch"] == str(case["batch_size"])
        assert cells["effic."] == f"{case['efficiency']:.3f}"
        assert cells["real"] == f"{case['realised_speedup']:.3f}"
        assert cells["compact"] == "2.00"
        assert cells["spread"] == "50%"
        assert cells["difference"] == "2.5e-07"


def test_the_header_stands_above():
    lines = format_report(made_up_report()).splitlines()
    assert lines[0] == "model: model_type aig, num_units 1_2_1, arguments rate 0.6"
    assert lines[1] == "image_size: 32x40"


def test_rates_and_shares():
    forced, own = made_up_report()["cases"][0], made_up_report()["cases"][-1]
    assert format_row(forced).split()[1:4] == ["0.5", "0.600", "0.500"]
    assert format_row(own).split()[1:4] == ["own", "1.000", "-"]


@pytest.mark.parametrize("name", ["masks_equal", "flops_equal"])
def test_different_decisions_are_marked(name):
    case = made_up_report()["cases"][0]
    assert not format_row(case).endswith("!")
    case["agreement"][name] = False
    assert format_row(case).endswith(" !")


def test_a_case_in_a_sentence():
    case = made_up_report()["cases"][0]
    said = describe_case(case)
    assert said.startswith("Batch 8 at rate 0.5: dense 4.00 ms, dense_folded 3.00 ms")
    assert said.endswith("speed-up 2.000 of 2.500, efficiency 0.800")
