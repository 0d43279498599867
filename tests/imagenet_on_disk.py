"""Writes tiny ImageNet data sets in both formats, and bad records of every kind."""

import io
import struct
import zlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from cifar_on_disk import png, write_records
from PIL import Image

FORMATS = ("tfds", "slim")
SHARD_LENGTHS = {"train": (5, 4), "validation": (4, 1, 3)}
IMAGE_FEATURE = {"tfds": "image", "slim": "image/encoded"}
LABEL_FEATURE = {"tfds": "label", "slim": "image/class/label"}
BOX_PREFIX = "image/object/bbox/"

# So small that a whole test takes no longer than opening the streams.
IMAGE_SIZE = 8


def photograph(height, width, seed=0):
    """Smooth colours, as JPEG expects them."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 4, 3), np.uint8)
    enlarged = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    noise = random.integers(-5, 6, (height, width, 3))
    return np.clip(np.asarray(enlarged) + noise, 0, 255).astype(np.uint8)


def jpeg(image, mode=None, **options):
    buffer = io.BytesIO()
    image = Image.fromarray(image)
    image.convert(mode or image.mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def features(values):
    """A serialized record of bytes, integers, floats and lists of them."""
    feature = {}
    for name, value in values.items():
        value = value if isinstance(value, list) else [value]
        if value and isinstance(value[0], bytes):
            kind = {"bytes_list": tf.train.BytesList(value=value)}
        elif name.startswith(BOX_PREFIX) and name != f"{BOX_PREFIX}label":
            kind = {"float_list": tf.train.FloatList(value=value)}
        else:
            kind = {"int64_list": tf.train.Int64List(value=value)}
        feature[name] = tf.train.Feature(**kind)
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    return example.SerializeToString()


def record(data_format, encoded, label):
    """A record as the format's own tools write it."""
    values = {IMAGE_FEATURE[data_format]: encoded, LABEL_FEATURE[data_format]: label}
    if data_format == "slim":
        values |= {"image/format": b"JPEG", f"{BOX_PREFIX}xmin": []}
    return features(values)


def files_of(data_format, directory, split):
    count = len(SHARD_LENGTHS[split])
    stem = split if data_format == "slim" else f"imagenet2012-{split}.tfrecord"
    return [directory / f"{stem}-{n:05d}-of-{count:05d}" for n in range(count)]


def examples_of(split):
    """The encoded images and the classes that `write_imagenet` writes."""
    count = sum(SHARD_LENGTHS[split])
    first = 1 + 100 * list(SHARD_LENGTHS).index(split)
    sizes = [(20 + 3 * n, 34 - 2 * n) for n in range(count)]
    encoded = [jpeg(photograph(*size, seed=n)) for n, size in enumerate(sizes)]
    return encoded, list(range(first, first + count))


def write_imagenet(data_format, root, splits=tuple(SHARD_LENGTHS)):
    """Writes a data set that `dataset_dir=root` finds; returns its files' folder."""
    directory = root / "imagenet2012" / "5.1.0" if data_format == "tfds" else root
    for split in splits:
        encoded, classes = examples_of(split)
        first_class = 1 if data_format == "tfds" else 0
        records = [
            record(data_format, image, label - first_class)
            for image, label in zip(encoded, classes, strict=True)
        ]
        ends = np.cumsum(SHARD_LENGTHS[split])
        starts = [0, *ends[:-1]]
        files = files_of(data_format, directory, split)
        for file, start, end in zip(files, starts, ends, strict=True):
            write_records(file, records[start:end])
    if data_format == "tfds":
        _write_tfds_metadata(directory, splits)
    return directory


def _write_tfds_metadata(directory, splits):
    template = tfds.core.ShardedFileTemplate(
        data_dir=directory, dataset_name="imagenet2012", filetype_suffix="tfrecord"
    )
    tfds.folder_dataset.write_metadata(
        data_dir=str(directory),
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(encoding_format="jpeg"),
                "label": tfds.features.ClassLabel(
                    names=[f"n{number:08d}" for number in range(1000)]
                ),
            }
        ),
        split_infos=[
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=list(SHARD_LENGTHS[split]),
                num_bytes=0,
                filename_template=template,
            )
            for split in splits
        ],
        check_data=False,
    )


def _good_image():
    return jpeg(photograph(30, 40))


def _cmyk(data_format):
    return record(data_format, jpeg(photograph(30, 40), "CMYK"), 1)


def _cut_jpeg(data_format):
    return record(data_format, _good_image()[:-300], 1)


def _cut_png(data_format):
    return record(data_format, png(photograph(30, 40))[:-300], 1)


def _png_of_gigabytes(data_format):
    """It states a size that would take them, and has not the pixels."""
    encoded = bytearray(png(photograph(30, 40)))
    encoded[16:24] = struct.pack(">II", 20_000, 20_000)
    encoded[29:33] = struct.pack(">I", zlib.crc32(encoded[12:29]))
    return record(data_format, bytes(encoded), 1)


def _empty_image(data_format):
    return record(data_format, b"", 1)


def _gif(data_format):
    return record(data_format, b"GIF89a" + bytes(100), 1)


def _label_beyond(data_format):
    return record(data_format, _good_image(), {"tfds": 1000, "slim": 1001}[data_format])


def _negative_label(data_format):
    return record(data_format, _good_image(), -1)


def _no_label(data_format):
    return features({IMAGE_FEATURE[data_format]: _good_image()})


def _empty_label(data_format):
    return features(
        {IMAGE_FEATURE[data_format]: _good_image(), LABEL_FEATURE[data_format]: []}
    )


def _text_label(data_format):
    return features(
        {IMAGE_FEATURE[data_format]: _good_image(), LABEL_FEATURE[data_format]: b"cat"}
    )


def _no_image(data_format):
    return features({LABEL_FEATURE[data_format]: 1})


def _not_an_example(data_format):
    return b"\xff\xff\xff"


#: What makes a bad record, and what is said of it.
BAD_RECORDS = {
    "cmyk": (_cmyk, r"four colour channels \(CMYK\)"),
    "cut_jpeg": (_cut_jpeg, r"the JPEG is corrupt or cut short \(\d+ bytes\)"),
    "cut_png": (_cut_png, r"the PNG is corrupt or cut short \(\d+ bytes\)"),
    "png_of_gigabytes": (_png_of_gigabytes, "the PNG states more than 89,478,485 pix"),
    "empty_image": (_empty_image, "neither JPEG nor PNG: it is empty"),
    "gif": (_gif, "neither JPEG nor PNG: it begins with b'GIF89a"),
    "label_beyond": (_label_beyond, r"the label is 100., outside the classes 0 to "),
    "negative_label": (_negative_label, "the label is -1, outside the classes 0 to "),
    "no_label": (_no_label, "it has no feature '(image/class/)?label'"),
    "empty_label": (
        _empty_label,
        "no label: no feature '(image/class/)?label'",
    ),
    "text_label": (_text_label, "feature '(image/class/)?label' is not of integers"),
    "no_image": (_no_image, "it has no feature 'image"),
    "not_an_example": (_not_an_example, "the record is not a tf.train.Example"),
}
