"""Sends image files to a served model, and collects what it says."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sact_keras.files.atomic_write import atomic_write
from sact_keras.serving.client.endpoint import Answer, Endpoint
from sact_keras.serving.client.endpoint_error import EndpointError
from sact_keras.serving.client.prediction import OUTPUTS, Prediction

HEATMAP_SIGNATURE, HEATMAP_OUTPUT = "ponder_map_bytes", "heatmap_bytes"
BUDGET_SUFFIX = "_with_budget"


class ImageClient:
    """Asks a model about image files, a batch at a time.

    A server refuses a batch for one bad image. The images are then sent one by one, so
    that the others are answered and it is known which is bad.

    Args:
        endpoint: Where the model is.
        signature: A signature that takes `image_bytes` and returns `OUTPUTS`.
        compute_budget: What each image may cost, from 0 to infinity, where 1 is as
            trained; None to leave it to the signature. With a budget the signature
            `<signature>_with_budget` is asked.
        top_k: Classes of a prediction, at most.
        labels: Names of the model's classes.
        heatmaps_dir: Where pictures of the ponder maps are written to; created if need
            be. None for none.
        batch_size: Images of a request.

    Attributes:
        refused: The images that the server has refused, and what it said.

    Example:
        >>> class Five:
        ...     def predict(self, signature, inputs, outputs):
        ...         answer = dict(zip(OUTPUTS, ([0.2, 0.8], [1], [0.8], 7, 3.0)))
        ...         return [answer for _ in inputs["image_bytes"]]
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".png") as file:
        ...     (prediction,) = ImageClient(Five())([Path(file.name)])
        >>> prediction.classes[0].id, prediction.flops
        (1, 7)
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        signature: str = "serve_bytes",
        compute_budget: float | None = None,
        top_k: int = 5,
        labels: Sequence[str] | None = None,
        heatmaps_dir: Path | None = None,
        batch_size: int = 8,
    ) -> None:
        if compute_budget is not None and not signature.endswith(BUDGET_SUFFIX):
            signature += BUDGET_SUFFIX
        self.endpoint = endpoint
        self.signature = signature
        self.compute_budget = compute_budget
        self.top_k = top_k
        self.labels = labels
        self.heatmaps_dir = heatmaps_dir
        self.batch_size = batch_size
        self.refused: dict[Path, EndpointError] = {}
        self._heatmaps: set[Path] = set()

    def __call__(self, files: Sequence[Path]) -> Iterator[Prediction]:
        """Asks about `files`.

        Yields:
            A prediction of each that the server has not refused, in their order.

        Raises:
            EndpointError: If the server does not answer, or refuses all of the first
                batch: it then is not about the images.
            OSError: If a file cannot be read, or a picture not be written.
        """
        for start in range(0, len(files), self.batch_size):
            batch = files[start : start + self.batch_size]
            images = {file: file.read_bytes() for file in batch}
            answers = self._ask(self.signature, images, OUTPUTS)
            if start == 0 and not answers:
                raise self.refused[batch[0]]
            accepted = {file: images[file] for file in answers}
            heatmaps: dict[Path, Answer] = {}
            if self.heatmaps_dir is not None and accepted:
                heatmaps = self._ask(HEATMAP_SIGNATURE, accepted, [HEATMAP_OUTPUT])
            for file, answer in answers.items():
                heatmap = None
                if file in heatmaps:
                    heatmap = self._save(file, heatmaps[file][HEATMAP_OUTPUT])
                yield Prediction.of(
                    file, answer, top_k=self.top_k, labels=self.labels, heatmap=heatmap
                )

    def _ask(
        self, signature: str, images: dict[Path, bytes], outputs: Sequence[str]
    ) -> dict[Path, Answer]:
        inputs: dict[str, list[Any]] = {"image_bytes": list(images.values())}
        if signature == self.signature and self.compute_budget is not None:
            inputs["compute_budget"] = [float(self.compute_budget)] * len(images)
        try:
            answers = self.endpoint.predict(signature, inputs, outputs)
        except EndpointError as error:
            if not error.invalid_request:
                raise
            if len(images) == 1:
                self.refused.update(dict.fromkeys(images, error))
                return {}
        else:
            return dict(zip(images, answers, strict=True))
        return {
            name: answer
            for file, image in images.items()
            for name, answer in self._ask(signature, {file: image}, outputs).items()
        }

    def _save(self, file: Path, picture: bytes) -> Path:
        self.heatmaps_dir.mkdir(parents=True, exist_ok=True)
        path, number = self.heatmaps_dir / f"{file.stem}_heatmap.png", 1
        while path in self._heatmaps:  # Files of one name, in several directories.
            number += 1
            path = path.with_name(f"{file.stem}_{number}_heatmap.png")
        self._heatmaps.add(path)
        atomic_write(path, picture)
        return path
