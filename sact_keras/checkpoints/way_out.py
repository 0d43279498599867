"""Says in a sentence why a checkpoint does not fit a model, and what to do."""

from collections.abc import Collection, Sequence

from sact_keras.checkpoints.network_description import (
    is_classifier,
    is_decision,
    is_policy,
)

_DECIDED_UNITS = ("policy/logits/bias", "agent.logit.bias")
"""What has one number for each unit that a policy network decides about."""


def find_way_out(
    model: Collection[str],
    checkpoint: Collection[str],
    wrong_shapes: Sequence[tuple[str, tuple[int, ...], tuple[int, ...]]],
    *,
    skip_decisions: bool = False,
    only_decisions: bool = False,
) -> str | None:
    """A sentence about a checkpoint that does not fit, where there is more to say.

    Args:
        model: Names of the model's variables, of those that are to be loaded.
        checkpoint: Names of the checkpoint's, of those that are to be loaded.
        wrong_shapes: (name, the model's shape, the checkpoint's shape) of variables
            that both have.
        skip_decisions: Whether the layers that decide are not to be loaded.
        only_decisions: Whether no others are to be loaded.

    Returns:
        The sentence; None where what is missing and unexpected says enough.

    Example:
        >>> gate = "block_1/gates/unit_1/logits/bias"
        >>> find_way_out([], [gate], [], only_decisions=True)
        'only_decisions=True loads the layers that decide, and the model has none'
    """
    if only_decisions and not (model and checkpoint):
        poor = "checkpoint" if model else "model"
        return (
            f"only_decisions=True loads the layers that decide, and the {poor} has none"
        )
    if skip_decisions and not checkpoint:
        return (
            "skip_decisions=True loads all but the layers that decide, and the "
            "checkpoint has nothing else"
        )
    for name, expected, found in wrong_shapes:
        if name.endswith(_DECIDED_UNITS):
            return (
                f"the policy network decides about {found[0]} residual units, the "
                f"model has {expected[0]}"
            )
    differing = set(model) ^ set(checkpoint)
    if wrong_shapes and all(is_classifier(name) for name, *_ in wrong_shapes):
        # The bias has a number for each class, the kernel a column or a row.
        name, expected, found = min(wrong_shapes, key=lambda wrong: len(wrong[1]))
        if not differing and len(expected) == len(found) == 1:
            return (
                f"the network is of {found[0]} classes, the model of {expected[0]}: to "
                "start from all else of it, pass skip_classifier=True "
                "(--finetune_path)"
            )
    can_skip = (
        not only_decisions
        and not wrong_shapes
        and bool(differing)
        and all(map(is_decision, differing))
    )
    has, brings = (any(map(is_policy, names)) for names in (model, checkpoint))
    if brings and not has:
        alone = ", or skip_decisions=True to load the ResNet alone" if can_skip else ""
        return (
            "the checkpoint holds a policy network, the model has none: it needs "
            f"model_type='blockdrop' and the stage 'curriculum' or 'finetune'{alone}"
        )
    if has and not brings:
        start = ": to start one, pass skip_decisions=True (--finetune_path)"
        return (
            "the checkpoint holds no policy network, the model has one"
            f"{start if can_skip else ''}"
        )
    if brings and not only_decisions and all(map(is_policy, checkpoint)):
        return (
            "the checkpoint holds a policy network alone: first load a ResNet, with "
            "skip_decisions=True, then this one with only_decisions=True "
            "(--policy_path)"
        )
    return _of_decisions(differing, checkpoint) if can_skip else None


def _of_decisions(differing: Collection[str], checkpoint: Collection[str]) -> str:
    """What to do where the layers that decide are all that differs."""
    if set(differing).isdisjoint(checkpoint):
        return (
            "to start an adaptive network from this one, pass skip_decisions=True "
            "(--finetune_path)"
        )
    return (
        "only the layers that decide differ: are the model_type and its arguments "
        "those of the checkpoint?"
    )
