"""Writes the table of README.md and docs/results.md, and the curves, from files.

Reads metrics.json of each network in sact_keras/pretrained, docs/results/speed.json
(benchmarks.results_speed), docs/results/seeds.json, and the sweeps
docs/results/sweep_*.json (main.py --mode=sweep). With --runs, reads the repetitions of
benchmarks.results_training --seed=... first and writes docs/results/seeds.json.

Example:
    python -m benchmarks.results_table
    python -m benchmarks.results_table --runs=runs/table
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command_line import make_parser
from benchmarks.results_curves import draw_curves
from benchmarks.results_rows import PAPERS, SEEDS_FILE, Row, above_plain, read_rows
from sact_keras.files.atomic_write import atomic_write

PAGES = (Path("README.md"), Path("docs/results.md"))
PICTURE = Path("docs/images/cifar10_results.png")
_BEGIN = "<!-- {}: python -m benchmarks.results_table -->"
_END = "<!-- end of {} -->"

_HEADER = (
    "network",
    "accuracy",
    "MFLOPs, mean ± std",
    "units run",
    "ms, 1 image",
    "ms of an image, 128",
)
_COMPARISON = ("above the plain line", "paper: accuracy at MFLOPs")


def format_table(rows: Sequence[Row], *, is_compared: bool = False) -> str:
    """The rows as a table of Markdown.

    Args:
        rows: As `read_rows` gives them.
        is_compared: Whether two more columns say by how much a network is better than a
            plain one of the same FLOPs, in points, and what its paper reports.

    Example:
        >>> lines = format_table(read_rows()).splitlines()
        >>> lines[0].split(" | ")[1]
        'accuracy'
    """
    header = (*_HEADER, *(_COMPARISON if is_compared else ()))
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    for row in rows:
        cells = (
            row.label,
            f"{row.accuracy:.2%}",
            f"{row.flops_mean / 1e6:.1f} ± {row.flops_std / 1e6:.1f}",
            f"{row.units:.1f} of {(row.layers - 2) // 2}",
            *(_milliseconds(row, size) for size in (1, 128)),
            *(_compared(row, rows) if is_compared else ()),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _compared(row: Row, rows: Sequence[Row]) -> tuple[str, str]:
    return _points(row, rows), PAPERS.get(row.name, "-")


def _points(row: Row, rows: Sequence[Row]) -> str:
    points = above_plain(row, rows)
    return "-" if points is None else f"{100 * points:+.1f}"


def _milliseconds(row: Row, size: int) -> str:
    return f"{row.milliseconds[size]:.2f}" if size in row.milliseconds else "-"


def format_seeds(rows: Sequence[Row]) -> str:
    """What several seeds give, as a table of Markdown."""
    header = ("network", "seeds", "accuracy", "MFLOPs", "above the plain line")
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    for row in rows:
        if (accuracy := row.spread("accuracy")) is None:
            continue
        flops = [value / 1e6 for value in row.spread("flops_mean")]
        lines.append(
            f"| {row.label} | {len(row.seeds)} | {accuracy[0]:.2%} ± {accuracy[1]:.2%}"
            f" | {flops[0]:.1f} ± {flops[1]:.1f} | {_points(row, rows)} |"
        )
    return "\n".join(lines)


def read_seeds(runs: Path, rows: Sequence[Row]) -> dict[str, list[dict]]:
    """What the repetitions of the rows have reached.

    Args:
        runs: The directory of `configs/table`'s runs.
        rows: The table's.

    Returns:
        Row -> "seed", "accuracy" and "flops_mean" of each run, the row's own first.
    """
    found: dict[str, list[dict]] = {}
    for row in rows:
        run = row.name.removeprefix("cifar10_")
        for path in sorted(runs.glob(f"{run}_seed*/eval/eval.json")):
            values = json.loads(path.read_text(encoding="utf-8"))["values"]
            seed = int(path.parent.parent.name.rpartition("_seed")[2])
            own = {"seed": 1, "accuracy": row.accuracy, "flops_mean": row.flops_mean}
            found.setdefault(row.name, [own]).append(
                {
                    "seed": seed,
                    "accuracy": values["eval/Accuracy"],
                    "flops_mean": values["Total Flops/mean"],
                }
            )
    return found


def replace_table(page: str, table: str, of: str = "table") -> str:
    """Puts a table between the marks of a page.

    Args:
        page: The text of the page.
        table: The new table.
        of: What the marks call it.

    Raises:
        ValueError: If the page does not have the marks.

    Example:
        >>> begin, end = (mark.format("table") for mark in (_BEGIN, _END))
        >>> replace_table(f"{begin}old{end} text", "new").splitlines()[2]
        'new'
    """
    begin, end = _BEGIN.format(of), _END.format(of)
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page must have the marks {begin} and {end}")
    return pattern.sub(lambda found: f"{begin}\n\n{table}\n\n{end}", page, count=1)


def main() -> int:
    """Writes the table and the curves."""
    parser = make_parser("results_table", __doc__)
    parser.add_argument("--runs", type=Path, help="directory of the table's runs")
    arguments = parser.parse_args()
    rows = read_rows()
    if arguments.runs is not None:
        seeds = read_seeds(arguments.runs, rows)
        SEEDS_FILE.parent.mkdir(exist_ok=True)
        atomic_write(SEEDS_FILE, json.dumps(seeds, indent=1) + "\n")
        rows = read_rows()
    table = format_table(rows)
    readme, results = (path.read_text(encoding="utf-8") for path in PAGES)
    compared = format_table(rows, is_compared=True)
    pages = replace_table(readme, table), replace_table(results, compared)
    if any(row.seeds for row in rows):
        pages = pages[0], replace_table(pages[1], format_seeds(rows), of="seeds")
    for path, page in zip(PAGES, pages, strict=True):
        atomic_write(path, page)
    atomic_write(PICTURE, draw_curves(rows))
    print(compared)
    return 0


if __name__ == "__main__":
    sys.exit(main())
