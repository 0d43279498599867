"""Measures one case of the benchmark."""

import functools
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from sact_keras.benchmarking.executors import EXECUTORS, Run
from sact_keras.benchmarking.turns import describe_times, take_turns
from sact_keras.kernels.types import Tensor
from sact_keras.models import AdaptiveResNet
from sact_keras.models.decided_units import decided_units

_WARM_UP_CALLS = 2


def measure_case(
    model: AdaptiveResNet,
    executors: Mapping[str, Run],
    images: Tensor,
    masks: list[Tensor] | None,
    rounds: int,
    turn_seconds: float,
) -> dict[str, Any]:
    """Lets the executors take turns on a batch, and compares what they give.

    Args:
        model: The network, which knows what it decides about.
        executors: Those of `make_executors`.
        images: The batch, [N, H, W, 3].
        masks: To force upon the network, or None.
        rounds: See `take_turns`.
        turn_seconds: Likewise.

    Returns:
        A case of the report, without its name; see
        `sact_keras.benchmarking.benchmark`.
    """
    calls = {
        name: functools.partial(_fetch, executors[name], images, masks)
        for name in EXECUTORS
    }
    for _ in range(_WARM_UP_CALLS):
        outputs = {name: call() for name, call in calls.items()}
    seconds = take_turns(calls, rounds, turn_seconds)
    times = {name: describe_times(seconds[name], len(images)) for name in calls}
    median = {name: times[name]["milliseconds"] for name in times}
    masked = outputs["masked"]
    dense_flops = int(outputs["dense"]["flops"][0])
    needed_flops = float(np.mean(masked["flops"]))
    ideal, realised = dense_flops / needed_flops, median["dense"] / median["compact"]
    return {
        "active_share": _active_shares(model, masked["masks"]),
        "dense_flops": dense_flops,
        "needed_flops": needed_flops,
        "ideal_speedup": ideal,
        "realised_speedup": realised,
        "efficiency": realised / ideal,
        "speedup_over_folded": median["dense_folded"] / median["compact"],
        "agreement": _compare(masked, outputs["compact"]),
        "executors": times,
    }


def _fetch(run: Run, images: Tensor, masks: list[Tensor] | None) -> dict[str, Any]:
    """Runs; what it returns has been computed."""
    outputs = run(images, masks)
    outputs["logits"].numpy()
    return outputs


def _active_shares(
    model: AdaptiveResNet, masks: list[Tensor]
) -> dict[str, float | None]:
    """Mean share of a unit that runs: of all units, and of those decided about."""
    shares = [float(np.mean(mask)) for mask in masks]
    of_decided = list(itertools.compress(shares, decided_units(model)))
    return {
        "all": float(np.mean(shares)),
        "decided": float(np.mean(of_decided)) if of_decided else None,
    }


def _compare(masked: dict[str, Any], compact: dict[str, Any]) -> dict[str, Any]:
    difference = np.abs(masked["logits"].numpy() - compact["logits"].numpy())
    pairs = zip(masked["masks"], compact["masks"], strict=True)
    return {
        "masks_equal": all(np.array_equal(one, other) for one, other in pairs),
        "flops_equal": bool(np.array_equal(masked["flops"], compact["flops"])),
        "largest_logit_difference": float(difference.max()),
        "largest_logit": float(np.abs(masked["logits"]).max()),
    }
