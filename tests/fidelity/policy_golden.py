"""The golden case of BlockDrop: two networks, and steps of both stages' training.

A step's key is "stage/mode/which": the stage is "cl_training" or "finetune"; in the
mode "evalbn" the batch norms of both networks use their moving statistics, in
"trainbn" those that the stage trains use the batch's; "cl4" has four free units, and
"p5" a penalty of -5.
"""

import dataclasses

from policy_names import assign

import sact_keras

NAME = "blockdrop_r32_c10"

STEPS = [
    f"{stage}/{mode}/{which}"
    for stage, cases in {
        "cl_training": ("cl1", "cl4", "cl7", "cl15"),
        "finetune": ("p5", "p10"),
    }.items()
    for mode in ("evalbn", "trainbn")
    for which in cases
]


@dataclasses.dataclass(frozen=True)
class Step:
    """A training step of the original.

    Attributes:
        key: What its arrays begin with.
        options: What `case.json` says of it.
        arrays: Those arrays, by the rest of their names.
    """

    key: str
    options: dict
    arrays: dict

    @property
    def stage(self):
        return {"cl": "curriculum", "fi": "finetune"}[self.key[:2]]

    @property
    def free_units(self):
        """How many of the last units the policy decides about; None for all."""
        return self.options.get("cl_step")

    @property
    def training(self):
        """Which of "agent" and "resnet" take their batch's statistics."""
        if "/evalbn/" in self.key:
            return ()
        return ("agent",) if self.stage == "curriculum" else ("agent", "resnet")


def load_step(case, key):
    arrays = {
        name.removeprefix(f"{key}/"): array
        for name, array in case.arrays.items()
        if name.startswith(f"{key}/")
    }
    return Step(key, case.options["losses"][key], arrays)


def read_variables(case):
    """The original's name -> array; here the package's reader has no part in it."""
    import torch

    path = case.checkpoints[0]
    content = torch.load(path, map_location="cpu", weights_only=True)
    return {
        f"{network}.{name}": tensor.numpy()
        for network in ("agent", "resnet")
        for name, tensor in content[network].items()
        if not name.endswith("num_batches_tracked")
    }


def build_network(variables, **arguments):
    """Ours, with the case's variables; arguments are the method's."""
    model = sact_keras.build_model("blockdrop", model="5", **arguments)
    if arguments.get("stage") == "pretrain":
        variables = {k: v for k, v in variables.items() if k.startswith("resnet.")}
    assign(model, variables)
    return model
