"""Changes TensorFlow 1 checkpoints: what they hold, and which files belong together."""

from pathlib import Path

import numpy as np
from byte_mutations import mutate
from record_checksums import masked_checksum
from slim_checkpoint import write_slim_checkpoint

_FOOTER = 48


def mutate_tensorflow(directory: Path, random: np.random.Generator) -> str:
    """Changes the checkpoint in a directory; returns how."""
    name = str(random.choice(list(_MUTATIONS)))
    _MUTATIONS[name](directory, random)
    return f"TensorFlow: {name}"


def _rewrite(directory: Path, change) -> None:
    """Writes the checkpoint anew, of one file, with other arrays."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(_reader_path(directory))
    names = reader.get_variable_to_shape_map()
    arrays = {name: reader.get_tensor(name) for name in sorted(names)}
    change(arrays)
    version = 2 if list(directory.glob("*.index")) else 1
    for file in directory.glob("model.ckpt*"):
        file.unlink()
    write_slim_checkpoint(directory, arrays, version=version)


def _reader_path(directory: Path) -> str:
    shards = sorted(directory.glob("model.ckpt-*-of-*"))
    if shards and ".data-" not in shards[0].name:
        return str(directory / f"model.ckpt-1234-?????-of-{len(shards):05d}")
    return str(directory / "model.ckpt-1234")


def _values(directory, random):
    def change(arrays):
        name = str(random.choice(list(arrays)))
        kind = str(random.choice(["nan", "f8", "i4", "c8", "?", "f2", "text", "huge"]))
        if kind == "nan":
            arrays[name].flat[0] = np.nan
        elif kind == "text":
            arrays[name] = np.full(arrays[name].shape, b"x", object)
        elif kind == "huge":
            arrays[name] = arrays[name].astype("f8") + 1e300
        else:
            arrays[name] = arrays[name].astype(kind)

    _rewrite(directory, change)


def _shapes(directory, random):
    def change(arrays):
        name = str(random.choice(list(arrays)))
        value = arrays[name]
        others = [value[np.newaxis], value.ravel(), value.ravel()[:1], value.T]
        arrays[name] = np.ascontiguousarray(others[random.integers(4)])

    _rewrite(directory, change)


def _names(directory, random):
    def change(arrays):
        name = str(random.choice(list(arrays)))
        value = arrays.pop(name)
        if random.random() < 0.7:
            arrays[random.choice([f"{name}x", "x/y", "global_step", "\n/a"])] = value

    _rewrite(directory, change)


def _other_data(directory, random):
    """Data of another checkpoint of the same network under this index."""
    (directory / "other").mkdir()
    files = [file for file in directory.glob("model.ckpt-*") if file.is_file()]
    kept = {file: file.read_bytes() for file in files}

    def change(arrays):
        for name in arrays:
            arrays[name] = arrays[name] + np.ones((), arrays[name].dtype)

    _rewrite(directory, change)
    other = {file: file.read_bytes() for file in directory.glob("model.ckpt-*.data-*")}
    for file in directory.glob("model.ckpt-*"):
        file.unlink()
    for file, content in (kept | {f: c for f, c in other.items() if f in kept}).items():
        file.write_bytes(content)


def _exchanged_files(directory, random):
    files = sorted(directory.glob("model.ckpt-*"))
    one, other = (files[random.integers(len(files))] for _ in range(2))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _missing_file(directory, random):
    files = sorted(directory.glob("model.ckpt-*"))
    files[random.integers(len(files))].unlink()


def _checked_block(directory, random):
    """The first block of a table, with the right checksum."""
    tables = sorted(directory.glob("*.index")) or sorted(directory.glob("model.ckpt-*"))
    table = tables[random.integers(len(tables))]
    content = table.read_bytes()
    metaindex, _ = _varint(content, len(content) - _FOOTER)
    block = content[: _block_length(content, metaindex)]
    changed = mutate(block, random)[1][: len(block)].ljust(len(block), b"\0")
    checked = changed + b"\0"
    table.write_bytes(checked + masked_checksum(checked) + content[len(checked) + 4 :])


def _block_length(content: bytes, end: int) -> int:
    """Where the first block ends: its type and its checksum follow."""
    for length in range(16, end):
        checked = content[: length + 1]
        if (
            content[length] == 0
            and masked_checksum(checked) == content[length + 1 : length + 5]
        ):
            return length
        if length > 20_000:
            break
    return min(end, len(content)) - 5


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _state(directory, random):
    """A `checkpoint` file that names something else."""
    named = [
        "/",
        "",
        ".",
        "..",
        "../..",
        "/dev/zero",
        "/dev/null",
        "/etc/passwd",
        "~",
        "x" * 300,
        "model.ckpt-1234/x",
        "model.ckpt-*",
        "model.ckpt-[0-9]",
        "a\\0b",
        "checkpoint",
        "\\377\\376",
        "C:\\\\models\\\\model.ckpt-1234",
        "model.ckpt-9",
    ]
    chosen = named[random.integers(len(named))]
    (directory / "checkpoint").write_text(f'model_checkpoint_path: "{chosen}"\n')


def _mutated_state(directory, random):
    state = directory / "checkpoint"
    state.write_bytes(mutate(state.read_bytes(), random)[1])


_MUTATIONS = {
    "values": _values,
    "shapes": _shapes,
    "names": _names,
    "other data": _other_data,
    "files exchanged": _exchanged_files,
    "file missing": _missing_file,
    "block with its checksum": _checked_block,
    "state": _state,
    "state mutated": _mutated_state,
}
