"""The projected scaling of networks: as figures and as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.interconnect import Interconnect
from benchmarks.scaling_projection import Projection, StepTime, replicas_below
from benchmarks.step_exchanges import (
    GRADIENTS,
    KINDS,
    OF_SYNCHRONIZED_NORMS,
    Exchange,
)

NORMS = {"own": False, "synchronized": True}
"""Whose moments batch norms use -> whether they exchange anything."""

CURVE = tuple(2**power for power in range(13))
"""The numbers of replicas that are drawn."""


def sum_exchanges(exchanges: Sequence[Exchange]) -> dict[str, dict[str, int]]:
    """How many exchanges of each kind a step has, and of how many bytes together."""
    found = {kind: [e.num_bytes for e in exchanges if e.kind == kind] for kind in KINDS}
    return {
        kind: {"number": len(sizes), "bytes": sum(sizes)}
        for kind, sizes in found.items()
    }


def project(
    exchanges: Sequence[Exchange],
    step: StepTime,
    interconnect: Interconnect,
    *,
    replicas: Sequence[int],
    batch_size: int,
    replica_batch_size: int,
) -> dict[str, Any]:
    """What becomes of a training on several numbers of replicas.

    Args:
        exchanges: Of a step, synchronized batch norms' included.
        step: What a step takes on one replica.
        interconnect: What joins the replicas.
        replicas: Their numbers.
        batch_size: Of a step, where the batch is held fixed ("strong" scaling).
        replica_batch_size: Of each replica, where the batch grows ("weak").

    Returns:
        For batch norms with moments of their "own" and "synchronized": "replicas", a
        row for each of the numbers; "curve", one for each of `CURVE`; and from how many
        on efficiency is below a half.
    """
    return {
        name: _project(
            Projection(
                step,
                [
                    exchange.num_bytes
                    for exchange in exchanges
                    if synchronized or exchange.kind not in OF_SYNCHRONIZED_NORMS
                ],
                interconnect,
            ),
            replicas,
            batch_size,
            replica_batch_size,
        )
        for name, synchronized in NORMS.items()
    }


def _project(
    projection: Projection, replicas: Sequence[int], batch_size: int, images: int
) -> dict[str, Any]:
    def weak(number: int) -> float:
        return projection.weak_efficiency(number, images)

    def strong(number: int) -> float | None:
        return projection.strong_efficiency(number, batch_size)

    def row(number: int) -> dict[str, Any]:
        return {
            "replicas": number,
            "sent_bytes": 2 * (number - 1) / number * sum(projection.exchanged),
            "communication_ms": 1e3 * projection.communication_seconds(number),
            "weak_efficiency": weak(number),
            "strong_efficiency": strong(number),
        }

    return {
        "replicas": [row(number) for number in replicas],
        "curve": [row(number) for number in CURVE],
        "weak_below_half": replicas_below(weak),
        "strong_below_half": replicas_below(strong),
    }


def format_exchanges(networks: Sequence[Mapping[str, Any]]) -> str:
    """What is exchanged in a step, as a table in Markdown."""
    rows = [
        [
            network["name"],
            f"{network['exchanges'][GRADIENTS]['bytes'] / 1e6:,.2f} MB",
            *(
                _number_and_bytes(network["exchanges"][kind])
                for kind in KINDS
                if kind != GRADIENTS
            ),
            " / ".join(
                f"{row['sent_bytes'] / 1e6:,.2f}"
                for row in network["norms"]["synchronized"]["replicas"]
            ),
        ]
        for network in networks
    ]
    counted = [f"{kind}: number, bytes" for kind in KINDS if kind != GRADIENTS]
    sent = f"sent by each of {_numbers(networks)} in rings, MB"
    return _table(["", "gradients", *counted, sent], rows)


def format_projections(networks: Sequence[Mapping[str, Any]]) -> str:
    """How networks scale, as a table in Markdown."""
    listed = _numbers(networks)
    rows = []
    for network in networks:
        for name, found in network["norms"].items():
            each = found["replicas"]
            rows.append(
                [
                    network["name"],
                    name,
                    f"{network['step']['fixed_ms']:.1f} + "
                    f"{network['step']['ms_per_image']:.3g} an image",
                    " / ".join(f"{row['communication_ms']:.1f}" for row in each),
                    " / ".join(_percent(row["weak_efficiency"]) for row in each),
                    _limit(found["weak_below_half"]),
                    " / ".join(_percent(row["strong_efficiency"]) for row in each),
                    _limit(found["strong_below_half"]),
                ]
            )
    titles = ["", "norms", "step alone, ms", f"exchanges, ms, on {listed}"]
    for growth in ("batch grows", "batch fixed"):
        titles += [f"{growth}: efficiency on {listed}", "below 50% from"]
    return _table(titles, rows)


def _numbers(networks: Sequence[Mapping[str, Any]]) -> str:
    found = networks[0]["norms"]["own"]["replicas"]
    return " / ".join(str(row["replicas"]) for row in found)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number_and_bytes(found: Mapping[str, int]) -> str:
    return f"{found['number']}, {found['bytes']:,}" if found["number"] else "none"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _limit(replicas: int | None) -> str:
    return "-" if replicas is None else f"{replicas:,}"
