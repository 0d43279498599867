"""Which units a network decides about."""

import keras


def decided_units(model: keras.Model) -> list[bool]:
    """Whether each residual unit is decided about; the others always run.

    Args:
        model: A network of `sact_keras.build_model`.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("sact", model="1_3_2", base_channels=4)
        >>> decided_units(model)
        [False, False, True, True, False, True]
    """
    return [
        block.decision.decides(index)
        for block in model.blocks
        for index in range(len(block.units))
    ]
