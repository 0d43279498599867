"""Draws where a network computes, on image files and data sets.

python -m export.ponder_maps --checkpoint_dir=RUN --images_pattern='photos/*.jpg'
python -m export.ponder_maps --help
"""

import sys

from export.command_line import NETWORK_FLAGS, Exporter
from export.ponder_map_options import (
    PonderMapOptions,
    check_ponder_maps,
    define_images,
    define_results,
    define_source,
)

USAGE = """\
Draws where a network computes: on image files, on a data set, or on both.

  python -m export.ponder_maps --checkpoint_dir=runs/cifar10_sact_5_tau0.01 \\
      --split_name=test --num_examples=100
  python -m export.ponder_maps --saved_model=exported/sact --output_dir=maps \\
      --images_pattern='photos/*.jpg' --image_size=320

Of each image there are the image itself, its map and an overlay as pictures, all
numbers as HDF5, and report.html is a page to look through.
"""


def run_ponder_maps(options: PonderMapOptions) -> int | None:
    """Does what the command line asks for."""
    from export.ponder_map_run import PonderMapRun

    return PonderMapRun(options)()


PONDER_MAPS = Exporter(
    name="export.ponder_maps",
    usage=USAGE,
    flags={
        **NETWORK_FLAGS,
        "Instead of a checkpoint, and how it is run": define_source,
        "The images": define_images,
        "The results": define_results,
    },
    options_class=PonderMapOptions,
    check=check_ponder_maps,
    run=run_ponder_maps,
)

if __name__ == "__main__":
    sys.exit(PONDER_MAPS(sys.argv))
