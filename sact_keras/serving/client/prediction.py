"""What a served model says of an image file."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from sact_keras.data.dataset_error import DatasetError
from sact_keras.serving.client.endpoint import Answer

OUTPUTS = ("probabilities", "classes", "scores", "flops", "num_units")
"""What a signature must return for a prediction."""


@dataclasses.dataclass(frozen=True)
class ScoredClass:
    """A class that an image may be of.

    Attributes:
        id: Its number.
        name: Its name; None where names are not known.
        score: Its probability.
    """

    id: int
    name: str | None
    score: float


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The likeliest classes of an image, and what it cost to find them.

    Attributes:
        file: The image.
        classes: The likeliest first.
        flops: 2 x multiply-accumulates that the image needed.
        num_units: Residual units executed, the mean over its pixels.
        heatmap: The picture of its ponder map; None if none was asked for.

    Example:
        >>> classes = (ScoredClass(3, "cat", 0.75), ScoredClass(5, "dog", 0.25))
        >>> print(Prediction(Path("a.jpg"), classes, 82_000_000, 12.5))
        a.jpg
          0.7500  cat (3)
          0.2500  dog (5)
          0.082 GFLOPs, 12.5 units
    """

    file: Path
    classes: tuple[ScoredClass, ...]
    flops: int
    num_units: float
    heatmap: Path | None = None

    @classmethod
    def of(
        cls,
        file: Path,
        answer: Answer,
        *,
        top_k: int,
        labels: Sequence[str] | None = None,
        heatmap: Path | None = None,
    ) -> "Prediction":
        """Reads a server's answer.

        Args:
            file: The image.
            answer: The outputs `OUTPUTS`.
            top_k: How many classes there are to be, if the model has as many.
            labels: Names of all the model's classes.
            heatmap: The picture of its ponder map.

        Raises:
            DatasetError: If there are not as many names as classes.
        """
        probabilities = answer["probabilities"]
        if labels is not None and len(labels) != len(probabilities):
            raise DatasetError(
                f"the labels must name the model's {len(probabilities)} classes. "
                f"Received: {len(labels)} names"
            )
        ids, scores = answer["classes"], answer["scores"]
        if top_k > len(ids):  # More than the signature was made to choose.
            ids = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
            scores = [probabilities[index] for index in ids]
        classes = [
            ScoredClass(index, labels[index] if labels else None, score)
            for index, score in zip(ids, scores, strict=True)
        ]
        flops, num_units = int(answer["flops"]), float(answer["num_units"])
        return cls(file, tuple(classes[:top_k]), flops, num_units, heatmap)

    def __str__(self) -> str:
        lines = [str(self.file)]
        for found in self.classes:
            name = f"class {found.id}"
            if found.name is not None:
                name = f"{found.name} ({found.id})"
            lines.append(f"  {found.score:.4f}  {name}")
        lines.append(f"  {self.flops / 1e9:.3g} GFLOPs, {self.num_units:.4g} units")
        if self.heatmap is not None:
            lines.append(f"  {self.heatmap}")
        return "\n".join(lines)

    def to_json(self) -> str:
        """The same in one line of JSON."""
        content = dataclasses.asdict(self)
        content["file"] = str(self.file)
        content["heatmap"] = None if self.heatmap is None else str(self.heatmap)
        return json.dumps(content, ensure_ascii=False)
