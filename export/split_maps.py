"""Maps of a data set's split, on one scale."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.map_pictures import MapPictures
from export.map_records import entries_beside_maps, file_attributes, read_records
from export.mapped_network import MappedNetwork
from sact_keras.data import ImageDataset
from sact_keras.training.data_faults import faults_of
from sact_keras.training.image_groups import image_groups
from sact_keras.training.options import Options
from sact_keras.visualization.ponder_map_file import PonderMapFile
from sact_keras.visualization.ponder_map_reading import read_ponder_map_batches
from sact_keras.visualization.value_range import value_range

MAP = "ponder_cost_map"


def map_split(
    network: MappedNetwork, dataset: ImageDataset, options: Options, files_dir: Path
) -> Path:
    """Maps a split into one HDF5 file, a batch at a time.

    Args:
        network: What is mapped.
        dataset: The data set.
        options: Which split of it, how many examples, and how many at a time.
        files_dir: Where the file is written.

    Returns:
        The file.

    Raises:
        DatasetError: If an example cannot be read.
    """
    size = options.num_examples or dataset.num_examples[options.split_name]
    path = files_dir / f"{options.dataset}_{options.split_name}_ponder.h5"
    batches = dataset.evaluation_batches(
        options.batch_size,
        split=options.split_name,
        num_examples=options.num_examples,
        preprocessing=options.preprocessing,
        normalized=False,
    )
    groups = image_groups(
        batches, options.batch_size, num_examples=size, description="Mapping"
    )
    with faults_of(dataset), PonderMapFile(path, file_attributes(network)) as file:
        for group in groups:
            count = slice(group.count)
            maps = {
                name: values[count]
                for name, values in network.run(group.images).items()
            }
            extras = entries_beside_maps(maps, group.images[count], group.labels[count])
            indices = file.num_images + np.arange(group.count)
            file.append(maps, {"indices": indices, **extras})
    return path


def scale_of(path: Path) -> tuple[float, float]:
    """The 0.1 and 99.9 percentiles of all maps of a file, exactly."""
    total = sum(maps.size for maps in read_ponder_map_batches(path, MAP))
    return value_range(read_ponder_map_batches(path, MAP), total)


def draw_split(
    path: Path, size: int, pictures: MapPictures, scale: tuple[float, float]
) -> None:
    """Writes the pictures of a split's images, named by mean ponder cost and place."""
    for record in tqdm(read_records([path]), "Drawing", size, unit=" images"):
        pictures.write(record, f"{record.mean:.2f}_{record.name}", scale)
    pictures.write_colour_bar("", scale)


def mean_costs(path: Path) -> Iterator[float]:
    """The mean ponder cost of each image of a file."""
    for maps in read_ponder_map_batches(path, MAP):
        yield from maps.mean(axis=(1, 2), dtype=np.float64).tolist()
