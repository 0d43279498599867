"""Asks a served model about image files.

python -m export.client --images_pattern='photos/*.jpg' --model_name=sact
python -m export.client --help
"""

import dataclasses
import math
import sys
from pathlib import Path

from export.command_line import Exporter
from export.image_files import find_image_files
from sact_keras.serving.client.endpoint import check_server, connect
from sact_keras.serving.client.endpoint_error import EndpointError
from sact_keras.serving.client.image_client import BUDGET_SUFFIX, ImageClient
from sact_keras.serving.labels import read_labels
from sact_keras.training.flag_groups.flag_group import FlagGroup
from sact_keras.training.usage_error import UsageError, refuse

USAGE = """\
Sends image files to a model that TensorFlow Serving serves, and prints for each what
it is and what it cost to find out.

  python -m export.client --images_pattern='photos/*.jpg' --model_name=sact
  python -m export.client --server=grpc://host:8500 --compute_budget=0.5 \\
      --images_pattern='photos/*.jpg' --model_name=sact --output=json
"""


@dataclasses.dataclass(frozen=True)
class ClientOptions:
    """The options of the client, by the names of its flags."""

    server: str = "http://localhost:8501"
    model_name: str | None = None
    version: str | None = None
    timeout_s: float = 60.0
    images_pattern: str | None = None
    signature: str = "serve_bytes"
    compute_budget: float | None = None
    batch_size: int = 8
    top_k: int = 5
    labels_path: str | None = None
    output: str = "text"
    heatmaps_dir: str | None = None
    explicit: frozenset[str] = frozenset()
    argv: tuple[str, ...] = ()


def define_server(group: FlagGroup) -> None:
    """Defines the flags that say which model is asked."""
    group.text(
        "server",
        "Address of TensorFlow Serving: http://host:8501 or https://... for REST, "
        "grpc://host:8500 for gRPC, which needs the extra [serving].",
    )
    group.text("model_name", "What the server calls the model.")
    group.text("version", "Number or label of the version. Unset: the latest.")
    group.number("timeout_s", "Seconds that an answer may take.")


def define_request(group: FlagGroup) -> None:
    """Defines the flags that say what it is asked."""
    group.text(
        "images_pattern", "JPEG and PNG files ('photos/*.jpg', 'photos/**/*.png')."
    )
    group.text(
        "signature", "Signature that is asked, one that takes the bytes of files."
    )
    group.number(
        "compute_budget",
        "What each image may cost: it multiplies the odds in favour of running at each "
        "decision, from 0 (nothing that is decided about runs) to inf (everything). "
        "Unset: 1, as trained.",
    )
    group.integer("batch_size", "Images of a request.")


def define_output(group: FlagGroup) -> None:
    """Defines the flags that say what becomes of the answers."""
    group.integer("top_k", "Classes that are printed of each image.")
    group.text(
        "labels_path",
        "File with the names of the classes, one a line, as labels.txt among the "
        "assets of the SavedModel is. Unset: classes are numbers.",
    )
    group.choice(
        "output", ("text", "json"), "What is printed; json is a line for each image."
    )
    group.text(
        "heatmaps_dir",
        "Directory to which the ponder map of each image, over the image, is written "
        "as <name>_heatmap.png. Unset: none is asked for.",
    )


def check(options: ClientOptions) -> None:
    """Refuses options that cannot be meant.

    Raises:
        UsageError: Says which.
    """
    try:
        check_server(options.server)
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    for name in ("model_name", "images_pattern", "signature"):
        if not getattr(options, name):
            raise UsageError(f"--{name} must be given. Received: nothing")
    for name in ("batch_size", "top_k"):
        if getattr(options, name) < 1:
            refuse(name, "at least 1", getattr(options, name))
    if not 0 < options.timeout_s < math.inf:
        refuse("timeout_s", "a number of seconds above 0", options.timeout_s)
    budget = options.compute_budget
    if budget is not None and not budget >= 0:  # Neither is NaN.
        refuse("compute_budget", "at least 0", budget)
    if budget is None and options.signature.endswith(BUDGET_SUFFIX):
        raise UsageError(
            f"--compute_budget must be given with --signature={options.signature}. "
            "Received: nothing"
        )
    if budget is not None and options.heatmaps_dir is not None:
        raise UsageError(
            "--heatmaps_dir shows what images cost as trained, and does not go with "
            f"--compute_budget. Received: --compute_budget={budget:g}"
        )


def run(options: ClientOptions) -> None:
    """Asks, and prints the answers as they come.

    Raises:
        EndpointError: If the server does not answer as asked, or refuses an image.
        OSError: If an image cannot be read.
        DatasetError: If the labels are not the model's.
        MissingExtraError: For gRPC without the extra.
    """
    files = find_image_files(options.images_pattern)
    labels = None if options.labels_path is None else read_labels(options.labels_path)
    heatmaps_dir = options.heatmaps_dir
    client = ImageClient(
        connect(
            options.server,
            options.model_name,
            version=options.version,
            timeout_s=options.timeout_s,
        ),
        signature=options.signature,
        compute_budget=options.compute_budget,
        top_k=options.top_k,
        labels=labels,
        heatmaps_dir=None if heatmaps_dir is None else Path(heatmaps_dir),
        batch_size=options.batch_size,
    )
    for prediction in client(files):
        as_json = options.output == "json"
        print(prediction.to_json() if as_json else prediction, flush=True)
    if client.refused:
        names = ", ".join(map(str, client.refused))
        reason = next(iter(client.refused.values()))
        raise EndpointError(
            f"{len(client.refused)} of {len(files)} images were refused: {names}: "
            f"{reason}"
        )


CLIENT = Exporter(
    name="export.client",
    usage=USAGE,
    flags={
        "The server": define_server,
        "The request": define_request,
        "The answer": define_output,
    },
    options_class=ClientOptions,
    check=check,
    run=run,
    tensorflow=False,
)

if __name__ == "__main__":
    sys.exit(CLIENT(sys.argv))
