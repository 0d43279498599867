"""Says what is wrong with a record of an image, in a sentence."""

import tensorflow as tf
from google.protobuf.message import DecodeError

from sact_keras.data.image_decoding import (
    MAX_PIXELS,
    PNG_SIGNATURE,
    is_too_large,
    read_image_size,
)
from sact_keras.data.image_records import RecordFeatures

_JPEG_SIGNATURE = b"\xff\xd8\xff"


def describe_fault(serialized: bytes, features: RecordFeatures) -> str | None:
    """Returns what is wrong with a record, or None if it is as it should be.

    Args:
        serialized: the record.
        features: what it should hold.
    """
    try:
        example = tf.train.Example.FromString(serialized)
    except DecodeError:
        return "the record is not a tf.train.Example"
    found = example.features.feature
    if features.image not in found:
        return f"it has no feature {features.image!r}"
    images = found[features.image].bytes_list.value
    if len(images) != 1:
        return f"its feature {features.image!r} is not one string of bytes"
    return (
        _label_fault(found, features)
        or _box_fault(found, features)
        or describe_image_fault(images[0])
    )


def _label_fault(found: dict, features: RecordFeatures) -> str | None:
    named = " nor ".join(map(repr, features.labels))
    present = [name for name in features.labels if name in found]
    if not present:
        return f"it has no feature {named}"
    kinds = {name: found[name].WhichOneof("kind") for name in present}
    for name, kind in kinds.items():
        if kind not in ("int64_list", None):
            return f"its feature {name!r} is not of integers"
    labels = [v for name in present for v in found[name].int64_list.value]
    if not labels:
        return f"it has no label: no feature {named} holds one"
    if not features.first_label <= labels[0] <= features.last_label:
        return (
            f"the label is {labels[0]}, outside the classes {features.first_label} to "
            f"{features.last_label}"
        )
    return None


def _box_fault(found: dict, features: RecordFeatures) -> str | None:
    kinds = {found[n].WhichOneof("kind") for n in features.boxes if n in found}
    lengths = {len(found[name].float_list.value) for name in features.boxes}
    if kinds - {"float_list", None} or len(lengths) > 1:
        return f"its features {', '.join(features.boxes)} are not as many floats each"
    return None


def describe_image_fault(encoded: bytes) -> str | None:
    """Returns what is wrong with an image, or None if it can be decoded.

    Args:
        encoded: what should be a JPEG (grey or RGB) or a PNG.

    Example:
        >>> describe_image_fault(b"GIF89a")
        "the image is neither JPEG nor PNG: it begins with b'GIF89a'"
    """
    if encoded.startswith(PNG_SIGNATURE):
        kind = "PNG"
    elif encoded.startswith(_JPEG_SIGNATURE):
        kind = "JPEG"
    else:
        beginning = f"begins with {encoded[:8]!r}" if encoded else "is empty"
        return f"the image is neither JPEG nor PNG: it {beginning}"
    try:
        if is_too_large(read_image_size(encoded)):
            return f"the {kind} states more than {MAX_PIXELS:,} pixels"
        if kind == "JPEG" and tf.io.extract_jpeg_shape(encoded)[2] == 4:
            return "the JPEG has four colour channels (CMYK), not grey or RGB"
        if kind == "PNG":
            tf.io.decode_png(encoded, channels=3)
        else:
            tf.io.decode_jpeg(encoded, channels=3)
    except tf.errors.InvalidArgumentError:
        return f"the {kind} is corrupt or cut short ({len(encoded)} bytes)"
    return None
