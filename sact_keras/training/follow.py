"""Trains along with a chief, in another process."""

from sact_keras.data import ImageDataset
from sact_keras.training.build import build_for_training
from sact_keras.training.callbacks.metrics_window import MetricsWindow
from sact_keras.training.distribution.agreement import share_state
from sact_keras.training.distribution.distribution import Distribution
from sact_keras.training.options import Options
from sact_keras.training.pruning import make_pruning
from sact_keras.training.steps import (
    Interrupted,
    make_steps,
    method_callbacks,
    stop_callback,
    training_batches,
)


def follow(options: Options, dataset: ImageDataset, distribution: Distribution) -> None:
    """Makes the steps that the chief makes in `train`, and nothing besides.

    The weights and the step to begin with are the chief's; nothing is written.

    Args:
        options: Resolved options, the same as the chief's.
        dataset: What to train on: the same images.
        distribution: The devices; this process is not the chief.

    Raises:
        Interrupted: After SIGINT or SIGTERM, to whichever process.
        DivergedError: If the loss is not finite.
        LostWorkerError: If another process has ended.
    """
    model = build_for_training(options, dataset, distribution)
    pruning = make_pruning(options, model)
    step = share_state(distribution, model, 0, pruning)
    num_steps = options.max_number_of_steps
    if step >= num_steps:
        return
    where = {"start_step": step, "num_steps": num_steps}
    stop = stop_callback(model, None, distribution, **where)
    callbacks = [
        *method_callbacks(options, dataset, model, **where),
        *([] if pruning is None else [pruning]),
        stop,
        MetricsWindow(**where),
    ]
    batches = training_batches(options, dataset, distribution, start_step=step)
    with stop:
        make_steps(model, batches, num_steps - step, callbacks)
    if stop.received is not None:
        raise Interrupted(stop.received)
