"""The oracle of BlockDrop: a network that looks once chooses the units of another."""

import numpy as np
from postactivation_reference import PostactivationReference
from reference import average_pool, sigmoid
from torch_layers import relu


class DroppableReference(PostactivationReference):
    """A ResNet whose units run for the images whose policy says so.

    Args:
        variables: The original's name -> array, in PyTorch's layout.
        training: Whether batch norms take the batch's own statistics.
        policy: Zeros and ones, [N, units]; None where every unit runs.
    """

    def __init__(self, variables, training=False, policy=None):
        super().__init__(variables, training)
        self.policy = policy

    def _scope(self, block, unit):
        return f"blocks.{block - 1}.{unit}"

    def _score(self, scope, features, stride, index):
        del scope, features, stride
        return None if self.policy is None else self.policy[:, index] - 0.5

    def _mask(self, score):
        return (score > 0).astype("float64")

    def _unit(self, scope, inputs, stride, mask):
        """What leaves a residual unit: where it is dropped no ReLU applies either."""
        shortcut = self._shortcut_output(scope, inputs, stride)
        if not mask.any():
            # It is passed over as a whole, and its moving statistics stay.
            return shortcut
        output = relu(shortcut + self._residual(scope, inputs, stride))
        return np.where(mask[:, None, None, None], output, shortcut)

    def _shortcut(self, scope):
        _, segment, unit = scope.split(".")
        name = f"ds.{segment}"
        return name if unit == "0" and self.has(f"{name}.0") else None

    def _shortcut_output(self, scope, inputs, stride):
        if stride == 1 or self._shortcut(scope) is not None:
            return super()._shortcut_output(scope, inputs, stride)
        missing = len(self.variables[f"{scope}.conv1.weight"]) - inputs.shape[-1]
        return np.pad(average_pool(inputs), [(0, 0)] * 3 + [(0, missing)])


class PolicyReference:
    """Both networks of BlockDrop.

    Args:
        variables: The original's name -> array: the policy network's begin with
            "agent.", those of the ResNet that it chooses from with "resnet.".
        training: Which of the two, "agent" and "resnet", take the batch's own
            statistics in their batch norms.
    """

    def __init__(self, variables, training=()):
        agent, self.resnet = (
            {
                name.removeprefix(root): array
                for name, array in variables.items()
                if name.startswith(root)
            }
            for root in ("agent.", "resnet.")
        )
        self.agent = {name.removeprefix("features."): a for name, a in agent.items()}
        for kind in ("weight", "bias"):
            # One linear map: a row for each unit, and the value's.
            rows = [self.agent.pop(f"{name}.{kind}") for name in ("logit", "vnet")]
            self.agent[f"fc.{kind}"] = np.concatenate(rows)
        self.training = training

    @property
    def num_units(self):
        """Units of each block."""
        return DroppableReference(self.resnet).num_units

    def __call__(self, images, policy=None, free_units=None):
        """Outputs by name, of the thresholded policy and of a given one.

        Args:
            images: [N, h, w, 3].
            policy: Zeros and ones, [N, units], which all outputs but the baseline's
                are of; None for the thresholded one, for which "margin" is the least
                distance of a probability from the threshold.
            free_units: How many of the last units policies decide about; None for all.
        """
        decision = self._decide(images)
        logits, value = decision["logits"][:, :-1], decision["logits"][:, -1]
        probability = sigmoid(logits)
        baseline = forced(probability >= 0.5, free_units)
        outputs = self._run(images, baseline)
        known = {"baseline_policy": baseline, "baseline_logits": outputs["logits"]}
        if policy is not None:
            moved = outputs["after"]
            outputs = self._run(images, forced(policy, free_units), moved)
            outputs["after"] = moved | outputs["after"]
        after = {f"resnet.{name}": array for name, array in outputs["after"].items()}
        for name, array in decision["after"].items():
            after[f"agent.features.{name}"] = array
        known |= {
            "policy_logits": logits,
            "policy_probability": probability,
            "policy_value": value,
            "policy_features": [
                decision[f"block_{block}/output"].mean(axis=(1, 2))
                for block in range(1, 1 + len(self.num_units))
            ],
            "policy_flops": decision["flops"],
            "flops": outputs["flops"] + decision["flops"],
            "margin": np.abs(probability - 0.5).min(),
            "after": after,
        }
        return outputs | known

    def _decide(self, images):
        """The outputs of the policy network, which on ImageNet sees half as much."""
        if self.agent["conv1.weight"].shape[-1] == 7:
            images = halved(images)
        return DroppableReference(self.agent, "agent" in self.training)(images)

    def _run(self, images, policy, moved=()):
        """The outputs of the ResNet, whose moving statistics may have `moved`."""
        variables = self.resnet | dict(moved)
        return DroppableReference(variables, "resnet" in self.training, policy)(images)


def halved(images):
    """At half the resolution; at an odd side the last pixels are passed over."""
    rows, columns = (side - side % 2 for side in images.shape[1:3])
    return average_pool(images[:, :rows, :columns].astype("float64"))


def forced(policy, free_units=None):
    """The policy with every unit but the last `free_units` running."""
    policy = np.array(policy, "float64")
    if free_units is not None:
        policy[:, : policy.shape[1] - free_units] = 1
    return policy
