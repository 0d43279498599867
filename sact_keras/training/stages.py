"""What each stage of BlockDrop's training starts from."""

import logging
import math
from pathlib import Path

import keras

from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.network_description import is_classifier
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.models.presets import STAGES
from sact_keras.training.load_weights import load_weights
from sact_keras.training.options import Options
from sact_keras.training.run_config import RunConfig
from sact_keras.training.usage_error import UsageError

logger = logging.getLogger(__name__)

_WHAT = {
    "curriculum": "a trained network",
    "finetune": "a policy and the network that it was trained on",
}


def resolve_start(options: Options, existing: RunConfig | None) -> Options:
    """Fills in where a stage starts: unless it is said, from the stage before.

    Args:
        options: Resolved options of a training.
        existing: The run that goes on, if there is one.

    Returns:
        The options, `finetune_path` being the default directory of the stage before,
        where the stage starts from one and the flag is not given.

    Raises:
        UsageError: If there is no run in that directory.

    Example:
        >>> options = Options(dataset="shapes", model_type="blockdrop", model="5")
        >>> options = options.replace(stage="finetune").resolve_model()
        >>> resolve_start(options, existing=None)
        Traceback (most recent call last):
        sact_keras.training.usage_error.UsageError: --stage=finetune needs a policy \
and the network that it was trained on to start from: --finetune_path, a checkpoint of \
--stage=curriculum. Received: none, and no run in runs/shapes_blockdrop_5_curriculum
    """
    if options.stage in (None, STAGES[0]) or options.finetune_path is not None:
        return options
    started_from = existing and existing.flags.get("finetune_path")
    if started_from is not None:
        return options.replace(finetune_path=started_from)
    before = STAGES[STAGES.index(options.stage) - 1]
    directory = options.replace(stage=before, penalty=None).resolve_model()
    directory = directory.default_log_dir()
    if CheckpointStore(Path(directory) / "checkpoints").latest() is None:
        raise UsageError(
            f"--stage={options.stage} needs {_WHAT[options.stage]} to start from: "
            f"--finetune_path, a checkpoint of --stage={before}. Received: none, and "
            f"no run in {directory}"
        )
    return options.replace(finetune_path=directory)


def load_start(options: Options, model: keras.Model) -> None:
    """Loads the weights that a training starts from.

    All but those of the layers that decide; in the stage "finetune" these, too. There
    the policy is free to decide about all units. A network that is to be pruned starts
    from a trained one of its own kind, all of which is taken. A classifier of another
    number of classes is left out, but in BlockDrop's stages, which would freeze a fresh
    one or have it rewarded.

    Args:
        options: Resolved options with a `finetune_path`.
        model: The network that is to be trained.

    Raises:
        CheckpointMismatchError: If it is of another architecture; in one sentence if it
            has no policy, or one for another number of units.
    """
    if options.stage != "finetune":
        _load_for_classes(options, model)
        return
    path, policy_path = options.finetune_path, options.policy_path
    try:
        load_weights(model, path, policy_path=policy_path)
    except CheckpointMismatchError:
        if policy_path is None:
            # Of its two parts by themselves more can be said in a sentence.
            load_weights(model, path, policy_path=path)
        raise
    # Of several replicas each has a copy of the variable.
    free = int(keras.ops.convert_to_numpy(model.policy.free_units))
    if free < model.policy.num_units:
        logger.warning(
            "The curriculum of %s was at %d of %d units; the policy decides about all "
            "from now on",
            policy_path or path,
            free,
            model.policy.num_units,
        )
    model.policy.free_units.assign(model.policy.num_units)


def _load_for_classes(options: Options, model: keras.Model) -> None:
    """Loads a network, without its classifier if that alone does not fit."""
    path, skip_decisions = options.finetune_path, not options.takes_decisions
    try:
        load_weights(model, path, skip_decisions=skip_decisions)
    except CheckpointMismatchError as error:
        differing = [name for name, *_ in error.wrong_shapes]
        is_other = differing and all(map(is_classifier, differing))
        if options.stage or not is_other or error.missing or error.unexpected:
            raise
        load_weights(model, path, skip_decisions=skip_decisions, skip_classifier=True)
        logger.info(
            "%s is of another number of classes: the classifier starts afresh, for %d",
            path,
            model.num_classes,
        )


def steps_per_unit(options: Options, num_images: int) -> int:
    """Steps of the curriculum after which one more unit is free.

    An epoch's, as in the original, or what the options say.

    Args:
        options: Resolved options.
        num_images: Of the data set that is trained on.

    Example:
        >>> steps_per_unit(Options(batch_size=128), num_images=50_000)
        391
    """
    if options.curriculum_steps is not None:
        return options.curriculum_steps
    return math.ceil(num_images / options.batch_size)
