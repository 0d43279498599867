"""Evaluates a model on images and on an attack on them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sact_keras.models.decided_units import decided_units
from sact_keras.training.attack_decisions import changed_decisions
from sact_keras.training.attack_evaluation import VERSIONS, AttackEvaluation
from sact_keras.training.attack_jpeg import compress_as_jpeg
from sact_keras.training.attack_methods import ATTACKS
from sact_keras.training.image_groups import image_groups
from sact_keras.training.random_states import kept_random_states
from sact_keras.training.unit_rates import unit_names

NUM_PICTURES = 8


class AttackEvaluator:
    """Measures how accuracy, FLOPs and decisions stand up to an attack.

    Each image is evaluated in four versions: clean and attacked, and both after JPEG
    compression (Veit & Belongie 2018, arXiv 1711.11503). A decision has changed if it
    is not that about the clean image. In their mean all units that are decided about
    weigh the same, whatever the resolution of their masks.

    Where a network draws at random, an image meets the same draws in all versions.

    Args:
        model: A built model.
        normalize: From pixels, float32 in [0, 255], to the model's input.
        batch_size: Images run at a time; see `image_groups`.
        epsilon: The largest change of a pixel, as a part of its range.
        attack: A key of `ATTACKS`.
        jpeg_quality: From 1 to 100.
        jit_compile: Whether XLA compiles the network and the attack.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("sact", model="1_2_1", base_channels=4)
        >>> evaluator = AttackEvaluator(
        ...     model, lambda x: x / 255, batch_size=2, epsilon=0.02, jit_compile=False
        ... )
        >>> pixels = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3))
        >>> found = evaluator([(pixels, np.array([1, 2, 3]))])
        >>> found.num_examples, list(found.changed_decisions["attacked"])
        (3, ['block_2/unit_2'])
    """

    def __init__(
        self,
        model: keras.Model,
        normalize: Callable[[tf.Tensor], tf.Tensor],
        batch_size: int,
        *,
        epsilon: float,
        attack: str = "fgsm",
        jpeg_quality: int = 75,
        jit_compile: bool = True,
    ) -> None:
        self.model = model
        self.batch_size = batch_size

        def predict(pixels: tf.Tensor) -> dict[str, Any]:
            outputs = model(normalize(pixels), training=False)
            return {name: outputs[name] for name in ("logits", "flops", "masks")}

        def perturb(pixels: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
            return ATTACKS[attack](model, normalize, pixels, labels, epsilon)

        compiled = {"autograph": False, "jit_compile": jit_compile}
        self._predict = tf.function(predict, **compiled)
        self._perturb = tf.function(perturb, **compiled)
        # XLA knows no JPEG.
        self._compress = tf.function(
            lambda pixels: compress_as_jpeg(pixels, jpeg_quality), autograph=False
        )

    def __call__(
        self, batches: Iterable[tuple], num_examples: int | None = None
    ) -> AttackEvaluation:
        """Attacks, and evaluates.

        Args:
            batches: (pixels [B, H, W, 3] in [0, 255], labels [B] integer), of any B.
            num_examples: Images in all, for the progress bar that is shown where it
                takes more than a few seconds.

        Returns:
            What was found.

        Raises:
            ValueError: If there is no image in `batches`.
        """
        parts: dict[str, list[np.ndarray]] = defaultdict(list)
        groups = image_groups(
            batches,
            self.batch_size,
            num_examples=num_examples,
            description="Attacking",
        )
        for images, labels, count in groups:
            room = max(0, NUM_PICTURES - sum(map(len, parts["labels"])))
            for name, values in self._run_group(images, labels).items():
                of_pictures = name.endswith("/picture")
                parts[name].append(values[: min(count, room) if of_pictures else count])
        if not parts:
            raise ValueError("batches must hold at least one image. Received: none")
        collected = {name: np.concatenate(values) for name, values in parts.items()}
        pictures = {name: collected[f"{name}/picture"] for name in VERSIONS}
        changed = self._changed_decisions(collected)
        return AttackEvaluation(
            num_examples=len(collected["labels"]),
            values=_summarize(collected, changed),
            changed_decisions=changed,
            pictures=pictures,
            predictions={
                name: collected[f"{name}/predicted"][:NUM_PICTURES] for name in VERSIONS
            },
            labels=collected["labels"][:NUM_PICTURES],
        )

    def _run_group(
        self, images: np.ndarray, labels: np.ndarray
    ) -> dict[str, np.ndarray]:
        """For each version what it looks like, and what the network made of it."""
        clean = tf.constant(images, tf.float32)
        with kept_random_states(self.model):
            attacked = self._perturb(clean, tf.constant(labels))
        versions = {
            "clean": clean,
            "clean_jpeg": self._compress(clean),
            "attacked": attacked,
            "attacked_jpeg": self._compress(attacked),
        }
        results, clean_masks = {"labels": labels}, None
        for name, pixels in versions.items():
            # What the last version draws is not taken back: the next images are to
            # meet other draws.
            is_last = name == list(versions)[-1]
            with nullcontext() if is_last else kept_random_states(self.model):
                outputs = self._predict(pixels)
            masks = outputs["masks"]
            clean_masks = masks if clean_masks is None else clean_masks
            results[f"{name}/picture"] = np.rint(pixels).astype(np.uint8)
            results[f"{name}/predicted"] = np.argmax(outputs["logits"], axis=1)
            results[f"{name}/flops"] = outputs["flops"].numpy()
            results[f"{name}/changed"] = changed_decisions(masks, clean_masks).numpy()
        return results

    def _changed_decisions(
        self, collected: Mapping[str, np.ndarray]
    ) -> dict[str, dict[str, float]]:
        """Version -> unit that is decided about -> share of its decisions."""
        decided = decided_units(self.model)
        names = np.array(unit_names(self.model.num_units))[decided]
        shares = {
            version: collected[f"{version}/changed"].mean(axis=0, dtype=np.float64)
            for version in VERSIONS
            if version != "clean" and any(decided)
        }
        return {
            version: dict(zip(names.tolist(), share[decided].tolist(), strict=True))
            for version, share in shares.items()
        }


def _summarize(
    collected: Mapping[str, np.ndarray], changed: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    values = {}
    for version, prefix in VERSIONS.items():
        right = collected[f"{version}/predicted"] == collected["labels"]
        values[f"attack/{prefix}Accuracy"] = float(right.mean())
    for version, prefix in VERSIONS.items():
        values[f"attack/{prefix}Flops"] = float(collected[f"{version}/flops"].mean())
    for version, shares in changed.items():
        mean = float(np.mean(list(shares.values())))
        values[f"attack/{VERSIONS[version]}Changed_Decisions"] = mean
    return values
