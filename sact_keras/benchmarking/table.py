"""The benchmark's report as text: a header, and a line for each case."""

from collections.abc import Mapping
from typing import Any

_COLUMNS = (
    ("batch", 5),
    ("rate", 6),
    ("active", 6),
    ("decided", 7),
    ("dense", 9),
    ("folded", 9),
    ("masked", 9),
    ("compact", 9),
    ("spread", 6),
    ("images/s", 9),
    ("ideal", 6),
    ("real", 6),
    ("effic.", 6),
    ("/folded", 7),
    ("difference", 10),
)


def format_report(report: Mapping[str, Any]) -> str:
    """The whole report, for people.

    Args:
        report: What `sact_keras.benchmark` returns.

    Returns:
        A line for each entry of the header, and a table (`format_row`).
    """
    header = dict(report["header"])
    header["image_size"] = "x".join(str(side) for side in header["image_size"])
    facts = [f"{name}: {_text(value)}" for name, value in header.items()]
    titles = " ".join(f"{title:>{width}}" for title, width in _COLUMNS)
    legend = (
        "Milliseconds a batch, medians; spread: interquartile range / median, the "
        "larger of dense and compact;\nimages/s of compact; ideal = dense / needed "
        "FLOPs, real = dense / compact time, effic. = real / ideal,\n/folded = "
        "dense_folded / compact time; difference: the largest between the logits of "
        "masked and compact,\nof the largest logit."
    )
    return "\n".join([*facts, "", titles, *map(format_row, report["cases"]), legend])


def format_row(case: Mapping[str, Any]) -> str:
    """One case as a line of the table.

    A "!" at the end says that masked and compact differ in their masks or FLOPs.
    """
    active, executors = case["active_share"], case["executors"]
    times = [executors[name]["milliseconds"] for name in executors]
    rate, decided = case["force_rate"], active["decided"]
    agreement = case["agreement"]
    values = (
        f"{case['batch_size']}",
        "own" if rate is None else f"{rate:g}",
        f"{active['all']:.3f}",
        "-" if decided is None else f"{decided:.3f}",
        *(f"{time:.2f}" for time in times),
        f"{max(_spread(executors[name]) for name in ('dense', 'compact')):.0%}",
        f"{executors['compact']['images_per_second']:.1f}",
        f"{case['ideal_speedup']:.3f}",
        f"{case['realised_speedup']:.3f}",
        f"{case['efficiency']:.3f}",
        f"{case['speedup_over_folded']:.3f}",
        f"{_relative_difference(agreement):.1e}",
    )
    line = " ".join(
        f"{value:>{width}}" for value, (_, width) in zip(values, _COLUMNS, strict=True)
    )
    agree = agreement["masks_equal"] and agreement["flops_equal"]
    return line if agree else f"{line} !"


def describe_case(case: Mapping[str, Any]) -> str:
    """One case in a sentence, to show how far the benchmark has come."""
    rate = case["force_rate"]
    forced = "" if rate is None else f" at rate {rate:g}"
    times = ", ".join(
        f"{name} {times['milliseconds']:.2f} ms"
        for name, times in case["executors"].items()
    )
    return (
        f"Batch {case['batch_size']}{forced}: {times}; speed-up "
        f"{case['realised_speedup']:.3f} of {case['ideal_speedup']:.3f}, "
        f"efficiency {case['efficiency']:.3f}"
    )


def _relative_difference(agreement: Mapping[str, float]) -> float:
    largest = agreement["largest_logit"]
    return agreement["largest_logit_difference"] / largest if largest else 0.0


def _spread(times: Mapping[str, float]) -> float:
    return (times["upper_quartile"] - times["lower_quartile"]) / times["milliseconds"]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "_".join(str(part) for part in value)
    return str(value)
