"""Files that go while their records are read."""

import threading

import imagenet_on_disk as disk
import pytest
import tensorflow as tf

from sact_keras.data import open_dataset


def open_streams(directory, skip_bad_records):
    dataset = open_dataset(
        "imagenet",
        str(directory),
        image_size=disk.IMAGE_SIZE,
        skip_bad_records=skip_bad_records,
    )
    return dataset, {
        "train": dataset.training_batches(2, seed=0).take(40),
        "validation": dataset.evaluation_batches(3),
    }


def exhaust(stream):
    """Reads a stream to its end; returns the error, if one was the end of it."""
    ends = []

    def read():
        try:
            for _ in stream:
                pass
            ends.append(None)
        except tf.errors.OpError as error:
            ends.append(error)

    # An end that never came would have no end here either.
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(60)
    assert ends, "the stream goes on for ever"
    return ends[0]


@pytest.mark.parametrize("skip_bad_records", [False, True])
@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_file_that_has_gone_ends_the_stream(tmp_path, split, skip_bad_records):
    """Nor is it passed over as a bad record is: it would be trained without."""
    directory = disk.write_imagenet("slim", tmp_path)
    dataset, streams = open_streams(directory, skip_bad_records)
    file = disk.files_of("slim", directory, split)[1]
    content = file.read_bytes()
    file.unlink()
    assert exhaust(streams[split]) is not None
    assert str(dataset.fault) == f"{file}: cannot be read: No such file or directory"
    assert dataset.skipped == []
    file.write_bytes(content)
    assert exhaust(streams[split]) is None
