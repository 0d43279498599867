"""The options of `python -m export.ponder_maps`."""

import dataclasses

from export.command_line import ExporterOptions, require_checkpoint
from sact_keras.training.flag_groups.flag_group import FlagGroup
from sact_keras.training.usage_error import UsageError, refuse

_RESULTS = ("hdf5", "pictures", "report")


@dataclasses.dataclass(frozen=True)
class PonderMapOptions(ExporterOptions):
    """What is mapped, and what is written about it.

    The attributes bear the names of the flags; `image_size` is that of image files.
    """

    saved_model: str | None = None
    execution: str = "compact"
    images_pattern: str | None = None
    batch_size: int = 32
    output_dir: str | None = None
    hdf5: bool = True
    pictures: bool = True
    report: bool = True
    picture_format: str | None = None
    colorbar_format: str = "pdf"
    overlay_strength: float = 0.6

    @property
    def of_network(self) -> "PonderMapOptions":
        """The options without the image size, which to the network is the data's."""
        return self.replace(image_size=None)

    @property
    def maps_split(self) -> bool:
        """Whether images of a data set are mapped."""
        return self.split_name is not None or self.num_examples is not None


def define_source(group: FlagGroup) -> None:
    """Defines the flags of what is run besides a checkpoint, and how."""
    group.text(
        "saved_model",
        "In place of a checkpoint: a SavedModel of export.saved_model, or the "
        "directory of its versions, of which the latest is taken.",
    )
    group.choice(
        "execution",
        ("compact", "masked"),
        "Whether a checkpoint's network computes only what its decisions keep, or "
        "everything and masks it. The maps are the same.",
    )


def define_images(group: FlagGroup) -> None:
    """Defines the flags of which images are mapped."""
    group.text(
        "images_pattern",
        "Image files, JPEG or PNG: 'photos/*.jpg', or 'photos/**/*.png' for those in "
        "all folders below. Each is run as it is, and nothing is cropped.",
    )
    group.integer(
        "image_size",
        "Scale image files so that the longer edge has so many pixels. Unset: leave "
        "them at their size.",
    )
    group.choice(
        "split_name",
        ("train", "test", "validation"),
        "Map this split of the data set. Unset: none, and with --num_examples test, "
        "for imagenet, and a folder without test, validation.",
    )
    group.integer(
        "num_examples", "Map the first so many images of the split. Unset: all."
    )
    group.switch("skip_bad_records", "imagenet and folder: leave bad records out.")
    group.integer("batch_size", "Images of the data set that are run at a time.")


def define_results(group: FlagGroup) -> None:
    """Defines the flags of what is written."""
    group.text(
        "output_dir",
        "Directory of the results, made if need be. Unset: ponder_maps in the run's "
        "directory, or in or beside --checkpoint_dir where that is part of no run.",
    )
    group.switch("hdf5", "Write the maps as HDF5.")
    group.switch("pictures", "Write pictures of each image.")
    group.switch("report", "Write report.html, a page to look through.")
    group.choice(
        "picture_format",
        ("png", "jpg"),
        "Format of the maps' pictures. Unset: as SACT's, jpg for image files and png "
        "for a data set.",
    )
    group.choice("colorbar_format", ("pdf", "png"), "Format of the colour bars.")
    group.number(
        "overlay_strength",
        "The map's share in the overlay on the greyed image, in [0, 1].",
    )


def check_ponder_maps(options: PonderMapOptions) -> None:
    """Checks the options before any work.

    Raises:
        UsageError: If they cannot be meant.
    """
    if options.saved_model is None:
        require_checkpoint(options)
    elif options.checkpoint_dir or options.train_log_dir:
        raise UsageError(
            "--saved_model takes the place of --checkpoint_dir. Received: both"
        )
    elif options.output_dir is None:
        refuse("output_dir", "given with --saved_model", None)
    if not options.images_pattern and not options.maps_split:
        raise UsageError(
            "--images_pattern, --split_name or --num_examples must say which images. "
            "Received: none of them"
        )
    if options.image_size is not None:
        if options.image_size < 1:
            refuse("image_size", "at least 1", options.image_size)
        if not options.images_pattern:
            raise UsageError(
                "--image_size is that of image files and needs --images_pattern. "
                f"Received: --image_size={options.image_size} without it"
            )
    if not any(getattr(options, name) for name in _RESULTS):
        raise UsageError(
            "one of --hdf5, --pictures and --report must be left on. Received: none"
        )
    if not 0 <= options.overlay_strength <= 1:
        refuse("overlay_strength", "in [0, 1]", options.overlay_strength)
