"""What is known about single images, read back from the files of their maps."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from export.mapped_network import MappedNetwork
from sact_keras import provenance
from sact_keras.visualization.ponder_map_computation import Maps
from sact_keras.visualization.ponder_map_pictures import as_picture
from sact_keras.visualization.ponder_map_reading import read_ponder_maps

IMAGES_AT_A_TIME = 16

# Of no use for pictures, and large.
_UNUSED = ("images", "logits", "probabilities")


@dataclasses.dataclass(frozen=True)
class MapRecord:
    """An image and its maps.

    Attributes:
        name: The image file's, or the example's place in its split.
        maps: The entries of its file, without the axis of the images.
    """

    name: str
    maps: Maps

    @property
    def pixels(self) -> np.ndarray:
        """The image as it looks, uint8 [H, W, 3]."""
        return self.maps["pixels"]

    @property
    def ponder_map(self) -> np.ndarray:
        """Ponder cost by pixel, [H, W]."""
        return self.maps["ponder_cost_map"]

    @property
    def is_spatial(self) -> bool:
        """Whether decisions vary over the image."""
        return self.maps["block_1/num_units"].ndim == 2

    @property
    def mean(self) -> float:
        """Mean ponder cost."""
        return float(self.ponder_map.mean(dtype=np.float64))


def entries_beside_maps(
    maps: Maps, pixels: np.ndarray, labels: np.ndarray | None
) -> Maps:
    """What our files hold besides the original's entries and those of `ponder_maps`.

    Args:
        maps: Of the images.
        pixels: The images as they look, [N, H, W, 3] in about [0, 255].
        labels: The right classes, [N], where they are known.

    Returns:
        `pixels`, uint8, `labels` and `predictions`, int64 [N], as far as known.
    """
    entries = {"pixels": as_picture(pixels)}
    scores = maps.get("logits", maps.get("probabilities"))
    if scores is not None:
        entries["predictions"] = scores.argmax(axis=-1).astype(np.int64)
    if labels is not None:
        entries["labels"] = np.asarray(labels, np.int64)
    return entries


def file_attributes(network: MappedNetwork) -> dict[str, object]:
    """The attributes of a network's files."""
    return {
        "num_units": network.num_units,
        "maximum": network.maximum,
        "preprocessing": network.options.preprocessing,
        **{name.replace(" ", "_"): text for name, text in network.description.items()},
        "model_type": network.options.model_type,
        "versions": [f"{name} {text}" for name, text in provenance.versions().items()],
    }


def read_records(paths: Sequence[Path]) -> Iterator[MapRecord]:
    """Yields the images of files, holding a few at a time."""
    for path in paths:
        begin, size = 0, IMAGES_AT_A_TIME
        while size == IMAGES_AT_A_TIME:
            part = read_ponder_maps(
                path, begin, begin + IMAGES_AT_A_TIME, without=_UNUSED
            )
            size = len(part["flops"])
            for row in range(size):
                maps = {name: values[row] for name, values in part.items()}
                yield MapRecord(_name(maps), maps)
            begin += size


def _name(maps: Maps) -> str:
    return str(maps["file_names"] if "file_names" in maps else maps["indices"])
