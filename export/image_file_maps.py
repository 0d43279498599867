"""Maps of image files, each at its own size and on its own scale."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from export.map_pictures import MapPictures
from export.map_records import entries_beside_maps, file_attributes, read_records
from export.mapped_network import MappedNetwork
from sact_keras.data.image_files import read_image_file
from sact_keras.visualization.ponder_map_file import PonderMapFile


def name_results(paths: Iterable[Path]) -> list[str]:
    """A name for the results of each file: its own without the ending, made unique.

    Example:
        >>> name_results([Path("a/cat.jpg"), Path("b/cat.jpg"), Path("b/dog.png")])
        ['cat', 'cat_2', 'dog']
    """
    paths = list(paths)
    taken = set()
    names = []
    for path in paths:
        name, number = path.stem, 1
        while name in taken:
            number += 1
            name = f"{path.stem}_{number}"
        taken.add(name)
        names.append(name)
    return names


def map_image_files(
    network: MappedNetwork,
    paths: Sequence[Path],
    image_size: int | None,
    *,
    files_dir: Path,
    pictures: MapPictures | None,
) -> tuple[list[Path], list[str]]:
    """Maps image files one by one, and writes what there is to each.

    A file that is no image, or with which the network cannot be run, does not stop the
    others.

    Args:
        network: What is mapped.
        paths: The files.
        image_size: Pixels of the longer edge; None leaves images at their size.
        files_dir: Where an HDF5 file is written for each image.
        pictures: Writes its pictures; None for none.

    Returns:
        The HDF5 files, and what was wrong with the images that have none.
    """
    written, faults = [], []
    attributes = file_attributes(network)
    named = zip(paths, name_results(paths), strict=True)
    for path, name in tqdm(named, "Mapping files", len(paths), unit=" images"):
        try:
            pixels = read_image_file(path, image_size)[np.newaxis]
            maps = network.run(pixels)
        except (OSError, ValueError) as error:
            faults.append(str(error))
            continue
        except (tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError) as e:
            height, width = pixels.shape[1:3]
            faults.append(
                f"{path} cannot be run at {width}x{height} pixels: {e.message}"
            )
            continue
        file_path = files_dir / f"{name}_ponder.h5"
        with PonderMapFile(file_path, attributes) as file:
            file.append(
                maps,
                {"file_names": [str(path)], **entries_beside_maps(maps, pixels, None)},
            )
        written.append(file_path)
        (record,) = read_records([file_path])
        lowest, highest = record.ponder_map.min(), record.ponder_map.max()
        tqdm.write(
            f"{path.name}: Minimum/maximum ponder cost {lowest:.2f}/{highest:.2f}"
        )
        if pictures is not None:
            # What is constant over each image is drawn on a scale for all.
            scale = (lowest, highest) if record.is_spatial else (0, network.maximum)
            pictures.write(record, name, scale)
            pictures.write_colour_bar(f"{name}_", scale)
    return written, faults
