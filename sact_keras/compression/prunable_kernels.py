"""Which weights of a network are pruned."""

from collections.abc import Collection

import keras

from sact_keras.checkpoints.network_description import is_decision
from sact_keras.compression.pruning_choices import PRUNE_ALSO
from sact_keras.models import AdaptiveResNet


def prunable_kernels(
    model: keras.Model, also: Collection[str] = ()
) -> list[keras.Variable]:
    """The kernels of a network that pruning takes weights from.

    These are the kernels of convolutions and linear maps that are trained, except those
    by which an adaptive network decides and that of the last layer: both are small, and
    what they get wrong nothing after them mends. Biases and norms are never pruned.

    Args:
        model: A built model; any of Keras'.
        also: What is to be pruned besides: "decisions" (halting branches, gates, mask
            units and policies), "last_layer".

    Returns:
        Variables of rank 2 or more, in the model's order.

    Raises:
        ValueError: If `also` names something else, or nothing is left to be pruned.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("aig", model="1", base_channels=4)
        >>> [kernel.path.partition("/")[2] for kernel in prunable_kernels(model)][:3]
        ['stem/conv/kernel', 'block_1/unit_1/conv1/kernel', \
'block_1/unit_1/conv2/kernel']
        >>> len(prunable_kernels(model, ["decisions"])) - len(prunable_kernels(model))
        6
    """
    unknown = sorted(set(also) - set(PRUNE_ALSO))
    if unknown:
        raise ValueError(
            f"also must be among {', '.join(PRUNE_ALSO)}. Received: {unknown}"
        )
    # Other networks may call something else by the names of what decides.
    decides = is_decision if isinstance(model, AdaptiveResNet) else lambda path: False
    kernels = [
        variable
        for variable in model.trainable_variables
        if variable.name == "kernel" and len(variable.shape) >= 2
    ]
    deciding = [kernel for kernel in kernels if decides(kernel.path)]
    decided = [kernel for kernel in kernels if not decides(kernel.path)]
    left_alone = decided[-1:] if "last_layer" not in also else []
    if "decisions" not in also:
        left_alone += deciding
    spared = {id(kernel) for kernel in left_alone}
    chosen = [kernel for kernel in kernels if id(kernel) not in spared]
    if not chosen:
        raise ValueError(
            "model must be built and have kernels to prune besides its last layer's. "
            f"Received: {model.name} with {len(kernels)} trainable kernels"
        )
    return chosen
