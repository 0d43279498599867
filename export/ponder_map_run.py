"""One run of `python -m export.ponder_maps`."""

import contextlib
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from export.image_file_maps import map_image_files
from export.image_files import find_image_files
from export.map_pictures import MapPictures
from export.map_report import write_map_report
from export.mapped_network import MappedNetwork, load_mapped_network
from export.ponder_map_options import PonderMapOptions
from export.split_maps import MAP, draw_split, map_split, scale_of
from sact_keras.files.temporary import temporary_directory
from sact_keras.training.command_line import FAILURE, SUCCESS
from sact_keras.training.driver import open_dataset_of
from sact_keras.training.usage_error import UsageError
from sact_keras.training.writable import check_writable
from sact_keras.visualization.ponder_map_reading import read_ponder_map_batches

logger = logging.getLogger(__name__)

REPORT_FILE = "report.html"


class PonderMapRun:
    """Maps what the options ask for; call it once.

    Args:
        options: As the command line gives them.
    """

    def __init__(self, options: PonderMapOptions) -> None:
        self._options = options
        self._files: list[Path] = []
        self._scales: list[tuple[float, float]] = []
        self._about: dict[str, str] = {}

    def __call__(self) -> int:
        """Writes all results.

        Returns:
            0, or 1 where some image files could not be mapped.

        Raises:
            FileNotFoundError: If no file matches, or there is no checkpoint.
            OSError: If results cannot be written.
            DatasetError: If the data set cannot be read.
            UsageError: If the flags do not fit the checkpoint.
        """
        options = self._options
        # Before the network is loaded, which takes longer.
        if options.output_dir is not None:
            check_writable(Path(options.output_dir), "--output_dir")
        pattern = options.images_pattern
        paths = find_image_files(pattern) if pattern else []
        network = load_mapped_network(options)
        directory = Path(options.output_dir or network.directory / "ponder_maps")
        _check_apart(directory, paths)
        check_writable(directory, "--output_dir")
        class_names, faults, dataset = network.class_names, [], None
        if options.maps_split:
            dataset, split_options = open_dataset_of(
                network.options.resolve_evaluation()
            )
            class_names = dataset.class_names
        directory.mkdir(parents=True, exist_ok=True)
        with self._files_directory(directory) as files_dir:
            if paths:
                faults = self._map_files(network, paths, directory, files_dir)
            if dataset is not None:
                path = map_split(network, dataset, split_options, files_dir)
                self._finish_split(network, path, directory)
            if options.report and self._files:
                scale = (
                    min(low for low, _ in self._scales),
                    max(high for _, high in self._scales),
                )
                write_map_report(
                    directory / REPORT_FILE,
                    network,
                    self._files,
                    scale,
                    about=self._about,
                    class_names=class_names,
                )
        logger.info("Written to %s", directory)
        return _say_faults(faults, len(paths))

    def _map_files(
        self,
        network: MappedNetwork,
        paths: Sequence[Path],
        directory: Path,
        files_dir: Path,
    ) -> list[str]:
        files, faults = map_image_files(
            network,
            paths,
            self._options.image_size,
            files_dir=files_dir,
            pictures=self._pictures(network, directory, "jpg"),
        )
        self._files += files
        for file in files:
            (ponder_map,) = read_ponder_map_batches(file, MAP)
            self._scales.append((float(ponder_map.min()), float(ponder_map.max())))
        self._about["image files"] = f"{len(files)} of {self._options.images_pattern}"
        return faults

    def _finish_split(
        self, network: MappedNetwork, path: Path, directory: Path
    ) -> None:
        size = sum(len(maps) for maps in read_ponder_map_batches(path, MAP))
        scale = scale_of(path)
        name = path.stem.removesuffix("_ponder")
        print(
            f"{name}: Minimum/maximum ponder cost {scale[0]:.2f}/{scale[1]:.2f}",
            flush=True,
        )
        pictures = self._pictures(network, directory, "png")
        if pictures is not None:
            draw_split(path, size, pictures, scale)
        self._files.append(path)
        self._scales.append(scale)
        self._about["data set"] = f"{size} images of {name}"

    def _pictures(
        self, network: MappedNetwork, directory: Path, picture_format: str
    ) -> MapPictures | None:
        if not self._options.pictures:
            return None
        return MapPictures(network, directory, picture_format)

    @contextlib.contextmanager
    def _files_directory(self, directory: Path) -> Iterator[Path]:
        """Where maps are kept: with the results, or until pictures are drawn."""
        if self._options.hdf5:
            yield directory
            return
        with temporary_directory(directory / "maps") as temporary:
            yield temporary


def _check_apart(directory: Path, paths: Sequence[Path]) -> None:
    if directory.resolve() in {path.resolve().parent for path in paths}:
        raise UsageError(
            "--output_dir must be another directory than the images', where the next "
            f"call would take pictures for images. Received: --output_dir={directory}"
        )


def _say_faults(faults: Sequence[str], number: int) -> int:
    if not faults:
        return SUCCESS
    print(
        f"export.ponder_maps: error: {len(faults)} of {number} image files could not "
        "be mapped:",
        *faults,
        sep="\n  ",
        file=sys.stderr,
        flush=True,
    )
    return FAILURE
