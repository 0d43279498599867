"""A forward pass that also shows what leaves each block."""

import keras
from keras import ops
from recording import recorded


def forward(model, images, **given):
    """The model's outputs in evaluation mode and "<block>/output", as NumPy arrays.

    Args:
        model: The model.
        images: [N, H, W, 3].
        **given: What else it is called with.
    """

    def run(images):
        with recorded(model.blocks) as reports:
            outputs = dict(model(images, training=False, **given))
        for name, report in zip(model.block_names, reports, strict=True):
            outputs[f"{name}/output"] = report["outputs"]
        return outputs

    if keras.backend.backend() == "jax":
        import jax

        # Called eagerly, JAX would compile each operation by itself.
        run = jax.jit(run)
    return keras.tree.map_structure(ops.convert_to_numpy, run(images))
