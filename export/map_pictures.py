"""Writes the pictures of images and their maps."""

from pathlib import Path

from export.map_records import MapRecord
from export.mapped_network import MappedNetwork
from sact_keras.files.atomic_write import atomic_write
from sact_keras.visualization.ponder_map_pictures import (
    colour_ponder_map,
    draw_colour_bar,
    overlay_ponder_map,
    save_picture,
)
from sact_keras.visualization.unit_strip import draw_unit_strip


class MapPictures:
    """Writes an image's pictures, all under names that begin alike.

    `<name>_im.jpg` is the image as the network saw it, `<name>_ponder.png` or `.jpg`
    its map, `<name>_overlay.png` the map over the greyed image; each has a pixel for
    each of the image. Where whole images are decided about, the map has one colour,
    and `<name>_units.png` shows which units ran.

    Args:
        network: What is mapped.
        directory: Where to.
        picture_format: Of the maps: "png" or "jpg".
    """

    def __init__(
        self, network: MappedNetwork, directory: Path, picture_format: str
    ) -> None:
        self._num_units = network.num_units
        self._strength = network.options.overlay_strength
        self._bar_format = network.options.colorbar_format
        self._directory = directory
        self._format = network.options.picture_format or picture_format

    def write(self, record: MapRecord, name: str, scale: tuple[float, float]) -> None:
        """Writes the pictures of an image.

        Args:
            record: The image and its maps.
            name: What the files' names begin with.
            scale: The values of the first and of the last colour.
        """
        coloured = colour_ponder_map(record.ponder_map, *scale)
        overlay = overlay_ponder_map(record.pixels, coloured, self._strength)
        pictures = {
            "im.jpg": record.pixels,
            f"ponder.{self._format}": coloured,
            "overlay.png": overlay,
        }
        if not record.is_spatial:
            pictures["units.png"] = draw_unit_strip(
                record.maps["executed_units"], self._num_units
            )
        for ending, picture in pictures.items():
            save_picture(self._directory / f"{name}_{ending}", picture)

    def write_colour_bar(self, prefix: str, scale: tuple[float, float]) -> None:
        """Writes `<prefix>colorbar.pdf` or `.png`."""
        path = self._directory / f"{prefix}colorbar.{self._bar_format}"
        atomic_write(path, draw_colour_bar(*scale, self._bar_format))
