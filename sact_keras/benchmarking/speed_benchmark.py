"""How much faster a network runs that computes only what its masks keep."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sact_keras.benchmarking.case import measure_case
from sact_keras.benchmarking.executors import make_executors
from sact_keras.benchmarking.header import describe_run
from sact_keras.benchmarking.mask_drawing import forced_masks
from sact_keras.benchmarking.table import describe_case
from sact_keras.benchmarking.turns import TURN_SECONDS
from sact_keras.models import AdaptiveResNet
from sact_keras.models.decided_units import decided_units

logger = logging.getLogger(__name__)


def benchmark(
    model: AdaptiveResNet,
    images: np.ndarray,
    batch_sizes: int | Sequence[int] = (1, 32),
    force_rate: float | Sequence[float] | None = None,
    rounds: int = 7,
    seed: int = 0,
    turn_seconds: float = TURN_SECONDS,
) -> dict[str, Any]:
    """Measures what skipping computation saves, in FLOPs and in time.

    Each case is a batch size and, with `force_rate`, a rate. In each, four ways to run
    the network take turns (`take_turns`), on the same images and masks:

        dense: the vanilla network of the same body and weights, as a `tf.function` of
            the Keras model: every unit, no masks, nothing decided.
        dense_folded: the same in the compact executor. It tells what folding batch
            norms gives from what skipping gives.
        masked: `model(images, training=False)` as a `tf.function`.
        compact: `sact_keras.compact(model)`.

    All are compiled and warmed up before the clock starts, and their logits fetched in
    each call.

    Args:
        model: A network of `sact_keras.build_model`.
        images: Preprocessed, float32 [n, H, W, 3]. Batches take the first of them, and
            begin again where they are too few.
        batch_sizes: Images of a call, one number or several.
        force_rate: Share of what is decided about that is to run, in [0, 1], one number
            or several: random masks take the place of the decisions, which are made all
            the same (see `forced_masks`). None for what the network decides.
        rounds: How often each takes its turn.
        seed: Of random masks.
        turn_seconds: How long a turn lasts at least; always one call.

    Returns:
        A report that JSON can hold:
            header: What was measured, with what, on what (`describe_run`).
            cases: For each case "batch_size", "force_rate", "active_share" (`all`
                units, and those `decided` about), "dense_flops" and "needed_flops" of
                an image (the latter a mean, with what deciding costs),
                "ideal_speedup" (dense FLOPs / needed FLOPs), "realised_speedup" (dense
                time / compact time), "efficiency" (realised / ideal),
                "speedup_over_folded" (dense_folded time / compact time), "agreement"
                of masked and compact (`masks_equal`, `flops_equal`,
                `largest_logit_difference`, and `largest_logit`, which it is to be seen
                against: fresh weights may make logits of thousands) and "executors":
                name -> times of a call (`describe_times`), from whose medians the
                speed-ups are.

    Raises:
        TypeError: If the model is of another kind.
        ValueError: If another argument is out of range, or a rate is forced upon a
            network that decides about nothing.
        RuntimeError: If Keras runs on another backend than TensorFlow.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("aig", model="1", base_channels=4)
        >>> images = np.zeros((1, 32, 32, 3), "float32")
        >>> report = benchmark(model, images, 2, 0.5, rounds=1, turn_seconds=0)
        >>> report["cases"][0]["active_share"]
        {'all': 0.5, 'decided': 0.5}
    """
    images = np.asarray(images, np.float32)
    batch_sizes = np.atleast_1d(batch_sizes).tolist()
    rates = [None] if force_rate is None else np.atleast_1d(force_rate).tolist()
    _check(images, batch_sizes, rates, rounds)
    executors = make_executors(model)
    if force_rate is not None:
        check_decides(model)
    size = images.shape[1:3]
    cases = []
    for batch_size in batch_sizes:
        batch = tf.constant(images[np.arange(batch_size) % len(images)])
        for rate in rates:
            masks = None
            if rate is not None:
                masks = forced_masks(model, batch_size, size, rate, seed)
                masks = [tf.constant(mask) for mask in masks]
            case = measure_case(model, executors, batch, masks, rounds, turn_seconds)
            cases.append({"batch_size": batch_size, "force_rate": rate, **case})
            logger.info("%s", describe_case(cases[-1]))
    header = describe_run(model, size)
    return {"header": {**header, "rounds": rounds, "seed": seed}, "cases": cases}


def check_decides(model: AdaptiveResNet) -> None:
    """Checks that there are decisions whose place a rate can take.

    Raises:
        ValueError: If the network decides about no unit.
    """
    if not any(decided_units(model)):
        raise ValueError(
            "force_rate must be None for a network that decides about no unit. "
            f"Received: a rate for {model.name}"
        )


def _check(
    images: np.ndarray,
    batch_sizes: Sequence[int],
    rates: Sequence[float | None],
    rounds: int,
) -> None:
    if images.ndim != 4 or images.shape[-1] != 3 or not len(images):
        raise ValueError(
            "images must be at least one, [n, H, W, 3]. "
            f"Received: images of shape {list(images.shape)}"
        )
    if not batch_sizes or not all(isinstance(n, int) and n > 0 for n in batch_sizes):
        raise ValueError(
            "batch_sizes must be whole numbers of at least 1. "
            f"Received: batch_sizes={batch_sizes}"
        )
    if not rates or not all(rate is None or 0 <= rate <= 1 for rate in rates):
        raise ValueError(f"force_rate must be in [0, 1]. Received: force_rate={rates}")
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1. Received: rounds={rounds}")
