"""Requests to a SavedModel of this package, and what each of them has to return."""

import dataclasses
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

TOLERANCE = 1e-5
"""Largest difference of probabilities and maps from those of a single request."""

NEAR_TIE = 1e-2
"""Largest relative difference of what was computed that a near tie explains."""

Arrays = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of request.

    Attributes:
        signature: The signature that is called.
        batch_size: Examples of a request.
        examples: Where they come from: the size of images, or "files" of all sizes.
    """

    signature: str
    batch_size: int
    examples: str

    def __str__(self) -> str:
        return f"{self.signature}, {self.batch_size} x {self.examples}"


@dataclasses.dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        kind: Its kind.
        indices: Which of the kind's examples it carries.
    """

    kind: Kind
    indices: tuple[int, ...]


class RequestPool:
    """Draws requests, sends them, and knows the result of each example by itself.

    Args:
        signatures: Of the loaded SavedModel.
        image_size: Height and width of the smallest images.
        number: Examples of each group, of different contrast and detail.
        seed: Of the images.

    Example:
        >>> pool = RequestPool({}, image_size=8, number=2)
        >>> pool.kinds
        []
    """

    def __init__(
        self,
        signatures: Mapping[str, Any],
        image_size: int,
        number: int = 8,
        seed: int = 0,
    ) -> None:
        self._signatures = signatures
        rng = np.random.default_rng(seed)
        sizes = [
            (image_size, image_size),
            (image_size, image_size * 5 // 4),
            (image_size * 3 // 2 + 1, image_size + 1),
        ]
        groups = {"files": [_encode(rng, image_size, i) for i in range(number)]}
        names = [f"{height}x{width}" for height, width in sizes]
        for name, size in zip(names, sizes, strict=True):
            groups[name] = [_draw_image(rng, *size, i / number) for i in range(number)]
        self._groups = {name: np.array(values) for name, values in groups.items()}
        square, wide, odd = names
        self.kinds = [
            kind
            for kind in (
                Kind("serving_default", 1, square),
                Kind("serving_default", 3, square),
                Kind("serving_default", 8, square),
                Kind("serving_default", 1, wide),
                Kind("serving_default", 3, odd),
                Kind("serve_bytes", 1, "files"),
                Kind("serve_bytes", 3, "files"),
                Kind("ponder_map", 1, square),
                Kind("ponder_map", 3, odd),
                Kind("ponder_map_bytes", 1, "files"),
            )
            if kind.signature in signatures
        ]
        self._alone: dict[tuple[str, str, int], Arrays] = {}

    def draw(self, rng: random.Random) -> Request:
        """Draws a request of any kind."""
        kind = rng.choice(self.kinds)
        chosen = rng.choices(range(len(self._groups[kind.examples])), k=kind.batch_size)
        return Request(kind, tuple(chosen))

    def send(self, request: Request) -> Arrays:
        """Calls the signature; returns its outputs."""
        examples = tf.constant(
            self._groups[request.kind.examples][list(request.indices)]
        )
        name = "image_bytes" if request.kind.examples == "files" else "images"
        outputs = self._signatures[request.kind.signature](**{name: examples})
        return {name: value.numpy() for name, value in outputs.items()}

    def run_alone(self) -> None:
        """Runs every example by itself, so that results can be compared with that."""
        for kind in self.kinds:
            for index in range(len(self._groups[kind.examples])):
                key = (kind.signature, kind.examples, index)
                if key not in self._alone:
                    single = Request(dataclasses.replace(kind, batch_size=1), (index,))
                    found = self.send(single)
                    self._alone[key] = {k: value[0] for k, value in found.items()}

    def compare(self, request: Request, found: Arrays) -> str:
        """Compares a request's outputs with those of its examples by themselves.

        Returns:
            "equal"; "near tie" where so little else was computed that a decision near
            its threshold explains it; or "different".
        """
        kind, verdicts = request.kind, set()
        for row, index in enumerate(request.indices):
            alone = self._alone[kind.signature, kind.examples, index]
            mine = {name: value[row] for name, value in found.items()}
            verdicts.add(_compare(mine, alone))
        worst = [name for name in ("different", "near tie") if name in verdicts]
        return worst[0] if worst else "equal"


def _compare(found: Arrays, expected: Arrays) -> str:
    if set(found) != set(expected):
        return "different"
    if "flops" in expected and found["flops"] != expected["flops"]:
        near = abs(found["flops"] / expected["flops"] - 1) <= NEAR_TIE
        return "near tie" if near else "different"
    if "num_units_map" in expected:
        share = np.mean(found["num_units_map"] != expected["num_units_map"])
        if share:
            return "near tie" if share <= NEAR_TIE else "different"
    for name, value in expected.items():
        if name == "classes":
            # Those whose scores are tied may have changed places.
            value, mine = (expected["probabilities"][c] for c in (value, found[name]))
        else:
            mine = found[name]
        if np.asarray(value).dtype.kind == "f":
            same = np.allclose(mine, value, rtol=TOLERANCE, atol=TOLERANCE)
        else:
            same = np.array_equal(mine, value)
        if not same:
            return "different"
    return "equal"


def _draw_image(
    rng: np.random.Generator, height: int, width: int, detail: float
) -> np.ndarray:
    """A coarse pattern under noise, float32 [height, width, 3] of whole numbers."""
    coarse = rng.uniform(0, 255, (1 + height // 8, 1 + width // 8, 3))
    image = coarse.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    image = image * (0.3 + 0.7 * detail) + rng.normal(0, 60 * detail, image.shape)
    return np.clip(image, 0, 255).round().astype(np.float32)


def _encode(rng: np.random.Generator, image_size: int, index: int) -> bytes:
    """A JPEG or a PNG, each of another size."""
    height, width = image_size + 7 * index, image_size * 2 - 5 * index
    pixels = _draw_image(rng, height, max(width, 8), index % 3 / 2).astype(np.uint8)
    encode = tf.io.encode_png if index % 2 else tf.io.encode_jpeg
    return encode(pixels).numpy()
