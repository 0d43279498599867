"""Makes a trained network ready to be shipped: `python -m export.pretrained`."""

import dataclasses
import sys
from pathlib import Path

from export.command_line import (
    NETWORK_FLAGS,
    Exporter,
    ExporterOptions,
    require_checkpoint,
)
from sact_keras.training.flag_groups.flag_group import FlagGroup
from sact_keras.training.usage_error import UsageError

USAGE = """\
Makes a trained network ready to be shipped: a checkpoint at half its size, what made
it, and what it reaches.

  python -m export.pretrained --checkpoint_dir=runs/table/sact_resnet32 \\
      --output_dir=sact_keras/pretrained/cifar10_sact_resnet32

The directory is a --checkpoint_dir like any other. It has no optimizer's state, and
its kernels are in float16. metrics.json is what main.py --mode=eval finds of it, of
the weights as they are written.
"""


@dataclasses.dataclass(frozen=True)
class PretrainedOptions(ExporterOptions):
    """The options of this program."""

    output_dir: str | None = None
    kernel_dtype: str = "float16"
    overwrite: bool = False


def define_pretrained(group: FlagGroup) -> None:
    """Defines the flags of what is written."""
    group.text(
        "output_dir",
        "Directory of the network; its parent is made if need be. Its name is what "
        "load_pretrained takes, below sact_keras/pretrained. Required.",
    )
    group.choice(
        "kernel_dtype",
        ("float16", "float32"),
        "Type of the kernels; all else is float32.",
    )
    group.switch("overwrite", "Replace the directory if it is there.")


def define_evaluation(group: FlagGroup) -> None:
    """Defines the flags of the evaluation."""
    group.choice(
        "split_name",
        ("train", "test", "validation"),
        "Split that is evaluated. Unset: test, for imagenet validation.",
    )
    group.integer("num_examples", "Evaluate the first so many images. Unset: all.")
    group.integer("eval_batch_size", "Images of an evaluation step.")


def check(options: PretrainedOptions) -> None:
    """Checks the flags of what is written.

    Raises:
        UsageError: If the directory is not said, or there already.
    """
    require_checkpoint(options)
    if not options.output_dir:
        raise UsageError(
            "--output_dir must say where the network is written. Received: none"
        )
    if Path(options.output_dir).exists() and not options.overwrite:
        raise UsageError(
            "--output_dir must not exist, unless --overwrite is given. Received: "
            f"--output_dir={options.output_dir}"
        )


def run(options: PretrainedOptions) -> None:
    """Writes the directory; prints its evaluation."""
    from export.pretrained_export import export_pretrained

    export_pretrained(options)


PRETRAINED = Exporter(
    name="export.pretrained",
    usage=USAGE,
    flags={
        **NETWORK_FLAGS,
        "The network that is written": define_pretrained,
        "The evaluation": define_evaluation,
    },
    options_class=PretrainedOptions,
    check=check,
    run=run,
)

if __name__ == "__main__":
    sys.exit(PRETRAINED(sys.argv))
