"""What is said of a checkpoint that does not fit, besides what is missing."""

import pytest

from sact_keras.checkpoints.way_out import find_way_out

RESNET = ["block_1/unit_1/conv1/kernel", "head/logits/bias"]
HALTING = ["block_1/halting/branch_1/global_bn/beta"]
DECIDING = [*HALTING, "layer1.0.fc1.bias", "block_1/maskers/unit_1/local_conv/bias"]
POLICY = ["policy/stem/conv/kernel", "policy/logits/bias"]
AGENT = ["agent.features.conv1.weight", "agent.logit.bias"]
WRONG = [("w", (1,), (2,))]

CLASSES = [("head/logits/kernel", (9, 7), (9, 10)), ("head/logits/bias", (7,), (10,))]
OTHER_CLASSES = (
    "the network is of 10 classes, the model of 7: to start from all else of it, pass "
    "skip_classifier=True (--finetune_path)"
)

START = (
    "to start an adaptive network from this one, pass skip_decisions=True "
    "(--finetune_path)"
)
DIFFER = (
    "only the layers that decide differ: are the model_type and its arguments those of "
    "the checkpoint?"
)


@pytest.mark.parametrize(
    ("model", "checkpoint", "wrong_shapes", "said"),
    [
        (RESNET + HALTING, RESNET, [], START),
        (RESNET + DECIDING, RESNET, [], START),
        (RESNET, RESNET + HALTING, [], DIFFER),
        (RESNET, RESNET + DECIDING, [], DIFFER),
        (RESNET + HALTING, RESNET + DECIDING[1:], [], DIFFER),
        (RESNET + HALTING, RESNET[1:], [], None),
        (RESNET + HALTING, [*RESNET, "more"], [], None),
        (RESNET + HALTING, RESNET, WRONG, None),
        (RESNET, RESNET, WRONG, None),
        (RESNET, [], [], None),
        (RESNET, RESNET, CLASSES, OTHER_CLASSES),
        (RESNET, [*RESNET, "more"], CLASSES, None),
        (RESNET, RESNET, [*CLASSES, *WRONG], None),
        (RESNET, RESNET, [("head/logits/kernel", (9, 7), (9, 10))], None),
    ],
)
def test_where_only_what_decides_differs(model, checkpoint, wrong_shapes, said):
    assert find_way_out(model, checkpoint, wrong_shapes) == said


NO_POLICY = "the checkpoint holds no policy network, the model has one"
NO_PLACE = (
    "the checkpoint holds a policy network, the model has none: it needs "
    "model_type='blockdrop' and the stage 'curriculum' or 'finetune'"
)
ALONE = (
    "the checkpoint holds a policy network alone: first load a ResNet, with "
    "skip_decisions=True, then this one with only_decisions=True (--policy_path)"
)


@pytest.mark.parametrize("policy", [POLICY, AGENT])
def test_policies(policy):
    start = f"{NO_POLICY}: to start one, pass skip_decisions=True (--finetune_path)"
    alone = f"{NO_PLACE}, or skip_decisions=True to load the ResNet alone"
    both = RESNET + policy
    for model, checkpoint, wrong_shapes, said in (
        (both, RESNET, [], start),
        (both, RESNET + HALTING, [], start),
        (both, RESNET[1:], [], NO_POLICY),
        (both, RESNET, WRONG, NO_POLICY),
        (RESNET, both, [], alone),
        (RESNET + HALTING, both, [], alone),
        (RESNET[1:], both, [], NO_PLACE),
        (RESNET, both, WRONG, NO_PLACE),
        (RESNET, policy, [], NO_PLACE),
        (both, policy, [], ALONE),
        (both, RESNET + policy[:1], [], START),
        (both, both[1:], [], None),
    ):
        assert find_way_out(model, checkpoint, wrong_shapes) == said


@pytest.mark.parametrize("only_decisions", [False, True])
@pytest.mark.parametrize("policy", [POLICY, AGENT])
def test_policies_for_another_number_of_units(policy, only_decisions):
    said = "the policy network decides about 54 residual units, the model has 15"
    wrong = [*WRONG, (policy[1], (15,), (54,))]
    model = policy if only_decisions else RESNET + policy
    for checkpoint in (model, policy):
        found = find_way_out(model, checkpoint, wrong, only_decisions=only_decisions)
        assert found == said


@pytest.mark.parametrize("decisions", [DECIDING, POLICY, AGENT])
def test_nothing_to_load_in_the_part_that_is_asked_for(decisions):
    beginning = "only_decisions=True loads the layers that decide, and the"
    for model, checkpoint, poor in (
        ([], decisions, "model"),
        ([], [], "model"),
        (decisions, [], "checkpoint"),
    ):
        assert find_way_out(model, checkpoint, [], only_decisions=True) == (
            f"{beginning} {poor} has none"
        )
    assert find_way_out(RESNET, [], [], skip_decisions=True) == (
        "skip_decisions=True loads all but the layers that decide, and the checkpoint "
        "has nothing else"
    )


def test_what_was_asked_for_is_not_advised_against():
    """Neither keyword goes with the other."""
    for model, checkpoint in ((DECIDING, DECIDING[1:]), (DECIDING[1:], DECIDING)):
        assert find_way_out(model, checkpoint, [], only_decisions=True) is None
    assert find_way_out(POLICY, HALTING, [], only_decisions=True) == NO_POLICY
    assert find_way_out(HALTING, POLICY, [], only_decisions=True) == NO_PLACE
