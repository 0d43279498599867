"""Writes checkpoints as the original SACT project did."""

from pathlib import Path


def write_slim_checkpoint(directory, arrays, step=1234):
    """Writes `model.ckpt-<step>` and the `checkpoint` file that names it.

    Args:
        directory: Where to write.
        arrays: Variable name -> array.
        step: The training step in the name.

    Returns:
        The checkpoint's prefix.
    """
    import tensorflow as tf

    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    prefix = directory / f"model.ckpt-{step}"
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(arrays),
        shape_and_slices=[""] * len(arrays),
        tensors=list(arrays.values()),
    )
    (directory / "checkpoint").write_text(
        f'model_checkpoint_path: "{prefix.name}"\n'
        f'all_model_checkpoint_paths: "{prefix.name}"\n'
    )
    return str(prefix)
