"""A forward pass that also shows what leaves each block."""

import keras
from keras import ops


def forward(model, images):
    """The model's outputs in evaluation mode and "<block>/output", as NumPy arrays."""

    def run(images):
        outputs = dict(model(images, training=False))
        features = model.stem(images)
        for name, block in zip(model.block_names, model.blocks, strict=True):
            features = block(features)["outputs"]
            outputs[f"{name}/output"] = features
        return outputs

    if keras.backend.backend() == "jax":
        import jax

        # Called eagerly, JAX would compile each operation by itself.
        run = jax.jit(run)
    return keras.tree.map_structure(ops.convert_to_numpy, run(images))
