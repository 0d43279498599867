"""Hands maps to the report."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from export.map_records import MapRecord, read_records
from export.mapped_network import MappedNetwork
from export.split_maps import mean_costs
from sact_keras.visualization.ponder_map_computation import block_names
from sact_keras.visualization.report import ReportEntry, write_report


def write_map_report(
    path: Path,
    network: MappedNetwork,
    files: Sequence[Path],
    scale: tuple[float, float],
    *,
    about: dict[str, str],
    class_names: Sequence[str] | None,
) -> None:
    """Writes the report about all images of HDF5 files.

    Args:
        path: The page.
        network: What is mapped.
        files: Of the maps.
        scale: The values of the first and of the last colour.
        about: What the page says besides the network's own description.
        class_names: One for each class, where they are known.
    """

    def entries() -> Iterator[ReportEntry]:
        for record in read_records(files):
            yield _entry(record, network, class_names)

    write_report(
        path,
        entries(),
        title=f"Ponder maps of {network.options.model_type} {network.options.model}",
        description={**network.description, **about},
        block_names=[f"block_{i + 1}" for i in range(len(network.num_units))],
        num_units=network.num_units,
        low=scale[0],
        high=scale[1],
        quantity="ponder cost" if network.has_remainders else "executed units",
        costs=[cost for file in files for cost in mean_costs(file)],
    )


def _entry(
    record: MapRecord, network: MappedNetwork, class_names: Sequence[str] | None
) -> ReportEntry:
    maps = record.maps

    def class_of(entry: str) -> str | None:
        if entry not in maps:
            return None
        number = int(maps[entry])
        is_named = class_names is not None and number < len(class_names)
        return class_names[number] if is_named else str(number)

    blocks = block_names(maps) if record.is_spatial else ()
    return ReportEntry(
        name=Path(record.name).name,
        image=record.pixels,
        ponder_cost_map=record.ponder_map,
        block_maps={block: maps[f"{block}/ponder_cost"] for block in blocks},
        cost=record.mean,
        flops=float(maps["flops"]),
        num_units=float(np.mean(maps["num_units_map"], dtype=np.float64)),
        executed_units=np.clip(maps["executed_units"], 0, 1),
        spatial=record.is_spatial,
        dense_flops=network.dense_flops(record.pixels.shape[:2]),
        label=class_of("labels"),
        prediction=class_of("predictions"),
    )
