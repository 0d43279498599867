"""Writes the report: one HTML file that needs nothing but a browser."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sact_keras.files.atomic_write import atomic_file
from sact_keras.files.errors_named import errors_named
from sact_keras.visualization.report.card import Card
from sact_keras.visualization.report.chosen_entries import choose_entries
from sact_keras.visualization.report.page import draw_page
from sact_keras.visualization.report.report_entry import ReportEntry
from sact_keras.visualization.report.report_statistics import ReportStatistics
from sact_keras.visualization.report.reported_network import ReportedNetwork
from sact_keras.visualization.report.spool import Spool

LIMIT = 200
FEATURED = 6  # Of the cheapest, and of the dearest.


def write_report(
    path: str | os.PathLike[str],
    entries: Iterable[ReportEntry],
    *,
    title: str,
    description: Mapping[str, str],
    block_names: Sequence[str],
    num_units: Sequence[int],
    low: float,
    high: float,
    quantity: str = "ponder cost",
    costs: Sequence[float] | None = None,
    limit: int = LIMIT,
) -> None:
    """Writes a self-contained page about the images that a network ran on.

    Summary figures and the distribution of cost are those of all entries. `limit` of
    them are shown: a third of these the cheapest, a third the dearest, and an even
    spread between.

    Args:
        path: The file, which is replaced where it exists. It appears whole or not at
            all; its directory must exist.
        entries: May be a generator over any number: one is held at a time.
        title: Heading of the page.
        description: What the network is, as name -> text, for instance
            `{"method": "SACT", "checkpoint": "/runs/sact/model.ckpt"}`.
        block_names: As the keys of `ReportEntry.block_maps`, in order.
        num_units: Units of each block.
        low: Value of the summed maps at the lower end of the colour scale.
        high: At the upper end, greater than `low`.
        quantity: What the maps and costs are: "ponder cost" or "executed units".
        costs: Costs of all entries in order, where they are known before: images that
            will not be shown are then not encoded, which saves time.
        limit: Images shown at most, 1 or more.

    Raises:
        ValueError: If there is no entry, or an argument or an entry has another shape
            or range.
        OSError: If the file cannot be written. It is then as it was.

    Example:
        >>> import numpy as np
        >>> entry = ReportEntry(
        ...     name="cat.jpg",
        ...     image=np.zeros((32, 32, 3), np.uint8),
        ...     ponder_cost_map=np.full((32, 32), 2.5),
        ...     block_maps={"block_1": np.full((32, 32), 2.5)},
        ...     cost=2.5,
        ...     flops=82_393_168,
        ...     num_units=2.0,
        ...     executed_units=np.array([1.0, 1.0, 0.0]),
        ... )
        >>> write_report(
        ...     "report.html",
        ...     [entry],
        ...     title="Where SACT looks",
        ...     description={"method": "SACT"},
        ...     block_names=["block_1"],
        ...     num_units=[3],
        ...     low=1.0,
        ...     high=4.0,
        ... )
    """
    network = ReportedNetwork(block_names, num_units, quantity, low, high)
    if limit < 1:
        raise ValueError(f"`limit` must be 1 or more. Received: limit={limit}")
    chosen = None if costs is None else set(choose_entries(costs, limit))
    statistics = ReportStatistics()
    with errors_named(path), Spool(Path(path).parent) as spool:
        for number, entry in enumerate(entries):
            if len(entry.executed_units) != sum(num_units):
                raise ValueError(
                    "`executed_units` must have one share for each unit, "
                    f"{sum(num_units)}. Received: {len(entry.executed_units)} of "
                    f"{entry.name!r}"
                )
            statistics.add(entry)
            if chosen is None or number in chosen:
                card = Card(entry, number, network)
                spool.add(number, card.whole(), card.featured())
        _check_number(len(statistics.costs), costs)
        order = choose_entries(statistics.costs if costs is None else costs, limit)
        featured = min(FEATURED, len(order) // 2)
        before, after = draw_page(
            title,
            description,
            network,
            statistics,
            cheapest=[spool.read(number)[1] for number in order[:featured]],
            dearest=[spool.read(number)[1] for number in order[: -featured - 1 : -1]],
            shown=len(order),
        )
        with atomic_file(path) as file:
            file.write(before.encode("utf-8", "replace"))
            for number in order:
                file.write(spool.read(number)[0].encode())
            file.write(after.encode("utf-8", "replace"))


def _check_number(entries: int, costs: Sequence[float] | None) -> None:
    if not entries:
        raise ValueError("`entries` must hold one image or more. Received: none")
    if costs is not None and len(costs) != entries:
        raise ValueError(
            "`costs` must be as many as `entries`. "
            f"Received: {len(costs)} costs and {entries} entries"
        )
