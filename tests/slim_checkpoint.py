"""Writes checkpoints as the original SACT project did."""

from pathlib import Path


def write_slim_checkpoint(directory, arrays, step=1234, version=2, shards=1):
    """Writes `model.ckpt-<step>` and the `checkpoint` file that names it.

    Args:
        directory: Where to write.
        arrays: Variable name -> array.
        step: The training step in the name.
        version: Of the format: 1 or 2.
        shards: Number of files that hold the values.

    Returns:
        The checkpoint's prefix.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    prefix = directory / f"model.ckpt-{step}"
    names = list(arrays)
    parts = [{n: arrays[n] for n in names[i::shards]} for i in range(shards)]
    if version == 1:
        named = _write_version_1(prefix, parts)
    else:
        named = _write_version_2(prefix, parts)
    (directory / "checkpoint").write_text(
        f'model_checkpoint_path: "{named}"\nall_model_checkpoint_paths: "{named}"\n'
    )
    return str(prefix)


def _write_version_1(prefix, parts):
    import tensorflow as tf

    count = len(parts)
    for number, part in enumerate(parts):
        shard = f"{prefix}-{number:05d}-of-{count:05d}"
        tf.raw_ops.SaveSlices(
            filename=str(prefix) if count == 1 else shard,
            tensor_names=list(part),
            shapes_and_slices=[""] * len(part),
            data=list(part.values()),
        )
    return prefix.name if count == 1 else f"{prefix.name}-?????-of-{count:05d}"


def _write_version_2(prefix, parts):
    import tensorflow as tf

    temporary = [f"{prefix}_temp_{number}" for number in range(len(parts))]
    for name, part in zip(temporary, parts, strict=True):
        tf.raw_ops.SaveV2(
            prefix=name,
            tensor_names=list(part),
            shape_and_slices=[""] * len(part),
            tensors=list(part.values()),
        )
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=temporary, destination_prefix=str(prefix)
    )
    return prefix.name
