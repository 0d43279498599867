"""Changes files of records, and what is in them, with and without their checksums."""

import struct

import numpy as np
import tensorflow as tf
from byte_mutations import mutate
from image_mutations import PNG_SIGNATURE, mutate_jpeg, mutate_png
from record_checksums import masked_checksum

_LENGTHS = (0, 1, 2**16, 2**31 - 1, 2**32, 2**40, 2**62, 2**63 - 1, 2**64 - 1)
_NUMBERS = (0, -1, 1, 5, 9, 10, 500, 999, 1000, 1001, 2**31, -(2**63), 2**63 - 1)
_FRACTIONS = (0.0, 0.5, 1.0, -1.0, 2.0, 1e38, float("nan"), float("inf"))


def split_records(content: bytes) -> list[bytes]:
    """The records of a file that is whole."""
    records, offset = [], 0
    while offset < len(content):
        (length,) = struct.unpack_from("<Q", content, offset)
        records.append(content[offset + 12 : offset + 12 + length])
        offset += 16 + length
    return records


def join_records(records: list[bytes], lengths: dict[int, int] | None = None) -> bytes:
    """A file of records with right checksums; of some, another length is stated."""
    parts = []
    for number, record in enumerate(records):
        stated = (lengths or {}).get(number, len(record))
        length = struct.pack("<Q", stated)
        parts += [length, masked_checksum(length), record, masked_checksum(record)]
    return b"".join(parts)


def mutate_length(content: bytes, random: np.random.Generator) -> tuple[int, bytes]:
    """States another length, with the right checksum; returns whose, and the file."""
    records = split_records(content)
    number = int(random.integers(len(records)))
    length = int(random.choice(np.array(_LENGTHS, np.uint64)))
    if random.random() < 0.3:
        length = len(records[number]) + int(random.choice([-1, 1, 16]))
    return number, join_records(records, {number: length})


def mutate_record(
    content: bytes, random: np.random.Generator
) -> tuple[str, int, bytes]:
    """Changes a record, and writes it with the right checksum.

    Returns:
        What was done, the record's number, and the file.
    """
    records = split_records(content)
    number = int(random.integers(len(records)))
    name, records[number] = _mutate_example(records[number], random)
    return name, number, join_records(records)


def mutate_order(
    content: bytes, random: np.random.Generator
) -> tuple[str, list[int], bytes]:
    """Leaves out, repeats or swaps whole records.

    Returns:
        What was done, the numbers of the records that are in the file now, and it.
    """
    records = split_records(content)
    order = list(range(len(records)))
    one, other = random.choice(len(order), 2, replace=False).tolist()
    name = str(random.choice(["record left out", "record repeated", "records swapped"]))
    if name == "record left out":
        del order[one]
    elif name == "record repeated":
        order.insert(other, one)
    else:
        order[one], order[other] = other, one
    return name, order, join_records([records[number] for number in order])


def _mutate_example(record: bytes, random: np.random.Generator) -> tuple[str, bytes]:
    if random.random() < 0.3:
        name, record = mutate(record, random)
        return f"record: {name}", record
    example = tf.train.Example.FromString(record)
    features = example.features.feature
    image = next(name for name in features if name in ("image", "image/encoded"))
    names = sorted(features)
    if random.random() < 0.4:
        encoded = features[image].bytes_list.value[0]
        name, encoded = _mutate_image(encoded, random)
        features[image].bytes_list.value[0] = encoded
        return f"image: {name}", example.SerializeToString()
    chosen = str(random.choice([*names, *_OTHERS]))
    name = str(random.choice(list(_FEATURES)))
    _FEATURES[name](features[chosen], random)
    if name == "left out":
        del features[chosen]
    return f"feature {chosen}: {name}", example.SerializeToString(deterministic=True)


def _mutate_image(encoded: bytes, random: np.random.Generator) -> tuple[str, bytes]:
    if random.random() < 0.5:
        return mutate(encoded, random)
    is_png = encoded.startswith(PNG_SIGNATURE)
    return (mutate_png if is_png else mutate_jpeg)(encoded, random)


_BOXES = [f"image/object/bbox/{edge}" for edge in ("ymin", "xmin", "ymax", "xmax")]
_OTHERS = [*_BOXES, "image/object/class/label", "image/object/bbox/label", "unheard of"]


def _integers(feature, random):
    values = [int(random.choice(np.array(_NUMBERS))) for _ in range(random.integers(4))]
    feature.int64_list.value[:] = values


def _floats(feature, random):
    feature.float_list.value[:] = random.choice(_FRACTIONS, random.integers(4)).tolist()


def _bytes(feature, random):
    feature.bytes_list.value[:] = [
        random.bytes(random.integers(40)) for _ in range(random.integers(4))
    ]


def _twice(feature, random):
    kind = feature.WhichOneof("kind")
    if kind is not None:
        values = getattr(feature, kind).value
        values.extend(list(values))


_FEATURES = {
    "integers": _integers,
    "floats": _floats,
    "bytes": _bytes,
    "twice": _twice,
    "nothing": lambda feature, random: feature.Clear(),
    "left out": lambda feature, random: None,
}
