"""Makes known which policies the images of an evaluation run under."""

from pathlib import Path
from typing import Any

import numpy as np

from sact_keras.data import ImageDataset
from sact_keras.training.dataset_evaluation import evaluated_images
from sact_keras.training.options import Options
from sact_keras.training.policy_usage import PolicyUsage
from sact_keras.training.result_files import format_json, write_result
from sact_keras.training.unit_rates import unit_names

NUM_POLICIES = 8
NUM_EXAMPLES = 8  # Images of each.
NUM_EXTREMES = 12  # Images that run the fewest blocks, and that run the most.

_TITLES = {
    "easiest": "Easiest images: the fewest blocks",
    "hardest": "Hardest images: the most blocks",
}


def write_policies(
    usage: PolicyUsage,
    options: Options,
    dataset: ImageDataset,
    *,
    step: int | None,
    about: dict[str, Any],
) -> None:
    """Writes, and draws, the commonest policies and how many blocks images run.

    They are policies.json and policies.png, beside the evaluation. The images drawn are
    read anew from the data set.

    Args:
        usage: The policies of the images evaluated.
        options: Resolved options, as in the evaluation; `eval_dir` says where to write.
        dataset: What was evaluated on.
        step: Training steps of the checkpoint, or None where it does not say.
        about: What else there is to say about it in the JSON file.
    """
    # matplotlib takes half a second to import; only who draws has to wait for it.
    from sact_keras.visualization.policy_picture import draw_policies

    policies, counts = usage.commonest(NUM_POLICIES)
    examples = [usage.examples(policy, NUM_EXAMPLES) for policy in policies]
    extremes = {
        "easiest": usage.easiest(NUM_EXTREMES),
        "hardest": usage.hardest(NUM_EXTREMES),
    }
    used = usage.blocks_used
    images = evaluated_images(
        options, dataset, np.concatenate([*examples, *extremes.values()])
    )

    def class_of(index: int) -> str:
        _, label = images[index]
        return dataset.class_names[label]

    content = {
        **about,
        "units": unit_names(usage.num_units),
        "unit_usage": usage.unit_usage.tolist(),
        "images_by_blocks_used": np.bincount(
            used, minlength=sum(usage.num_units) + 1
        ).tolist(),
        "unique_policies": usage.num_unique,
        "policies": policies.astype(int).tolist(),
        "policy_counts": counts.tolist(),
        "policy_examples": [chosen.tolist() for chosen in examples],
        **{
            name: {
                "images": chosen.tolist(),
                "classes": [class_of(index) for index in chosen],
                "blocks_used": used[chosen].tolist(),
            }
            for name, chosen in extremes.items()
        },
    }
    picture = draw_policies(
        policies,
        counts / len(used),
        [[images[index][0] for index in chosen] for chosen in examples],
        num_units=usage.num_units,
        num_unique=usage.num_unique,
        unit_usage=usage.unit_usage,
        blocks_used=used,
        extremes={
            _TITLES[name]: [(images[i][0], class_of(i), used[i]) for i in chosen]
            for name, chosen in extremes.items()
        },
    )
    for suffix, data in ((".json", format_json(content)), (".png", picture)):
        write_result(
            Path(options.eval_dir), "policies", step=step, content=data, suffix=suffix
        )
