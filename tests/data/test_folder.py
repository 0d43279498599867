"""The data set of images of one's own."""

import numpy as np
import pytest
from batch_parts import assert_parts_make_the_whole, assert_same_batches, take
from folder_on_disk import CLASS_NAMES, pillow_square, stored_as_held, write_folder
from PIL import Image

from sact_keras.data import DatasetError, choose_dataset, folder, open_dataset
from sact_keras.data.folder_files import find_folder


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "flowers")


@pytest.fixture(scope="module")
def dataset(flowers):
    return open_dataset("folder", str(flowers), image_size=24)


@pytest.fixture
def own(tmp_path):
    """A folder of the test's own, to be damaged."""
    return write_folder(tmp_path / "own")


def test_what_it_is(dataset, flowers):
    assert (dataset.name, dataset.class_names) == ("folder", CLASS_NAMES)
    assert (dataset.num_classes, dataset.image_size) == (3, (24, 24))
    assert dict(dataset.num_examples) == {"train": 12, "test": 6}
    assert open_dataset("folder", str(flowers)).image_size == (32, 32)


def test_every_image_is_its_files_with_its_label(dataset, flowers):
    files = find_folder(flowers).splits["train"]
    images, labels = dataset.examples("train")
    assert images.dtype == np.uint8
    assert labels.numpy().tolist() == [label for _, label in files]
    for (path, _), image in zip(files, images.numpy(), strict=True):
        expected = pillow_square(path.read_bytes(), 24)
        assert np.abs(image.astype(int) - expected).max() <= 4, path


def test_streams_are_those_of_every_data_set_in_memory(dataset):
    whole = take(dataset.training_batches(8, seed=3), 5)
    rest = dataset.training_batches(8, seed=3, start_step=3)
    assert_same_batches(take(rest, 2), whole[3:])
    assert_parts_make_the_whole(dataset, 2, 4, 3, seed=3)
    ((images, labels),) = take(dataset.evaluation_batches(6, normalized=False), -1)
    np.testing.assert_array_equal(images, dataset.examples("test").images)
    np.testing.assert_array_equal(labels, dataset.examples("test").labels)


def test_images_are_set_upright(own):
    upright = Image.fromarray(np.zeros((40, 40, 3), np.uint8))
    upright.paste((255, 0, 0), (0, 0, 40, 20))
    (own / "train/rose/red_above.jpg").write_bytes(stored_as_held(upright, 6))
    files = find_folder(own).splits["train"]
    place = [path.name for path, _ in files].index("red_above.jpg")
    images, _ = open_dataset("folder", str(own)).examples("train")
    assert images[place, 4, 16, 0] > 200 > 50 > images[place, 28, 16, 0]


def test_evaluation_is_on_what_there_is(tmp_path):
    write_folder(tmp_path / "both", ("train", "test", "val"))
    write_folder(tmp_path / "val", ("train", "val"))
    write_folder(tmp_path / "train", ("train",))
    both, val, train = (
        open_dataset("folder", str(tmp_path / name))
        for name in ("both", "val", "train")
    )
    assert both.evaluation_split == "test"
    assert list(both.num_examples) == ["train", "test", "validation"]
    assert val.evaluation_split == "validation"
    assert len(take(val.evaluation_batches(6), -1)) == 1
    assert list(train.num_examples) == ["train"]
    with pytest.raises(ValueError, match=r"must be 'train'\. Received: split='test'"):
        train.evaluation_batches(6)


def damage(own):
    """Files that cannot be decoded, among them none of the class daisy."""
    cut = (own / "train/rose/0.jpg").read_bytes()[:-200]
    (own / "train/rose/cut.jpg").write_bytes(cut)
    (own / "train/rose/empty.png").touch()
    Image.new("CMYK", (9, 9)).save(own / "train/tulip/four.jpg")
    (own / "train/tulip/text.jpeg").write_text("no image")
    return {
        "cut.jpg": "the JPEG is corrupt or cut short",
        "empty.png": "neither JPEG nor PNG: it is empty",
        "four.jpg": "four colour channels",
        "text.jpeg": "neither JPEG nor PNG: it begins with b'no image'",
    }


def test_images_that_cannot_be_decoded_are_named(own):
    faults = damage(own)
    dataset = open_dataset("folder", str(own))
    assert dataset.num_examples["train"] == 16
    with pytest.raises(DatasetError) as caught:
        dataset.examples("train")
    message = str(caught.value)
    for name in faults:
        assert message.count(name) == 1
    assert any(fault in message for fault in faults.values())
    assert caught.value.path.endswith(tuple(faults))
    assert dataset.examples("test").labels.shape == (6,)


def test_a_single_bad_image_is_named_with_its_fault(own):
    (own / "test/rose/text.jpg").write_text("no image")
    with pytest.raises(
        DatasetError, match=r"own/test/rose/text\.jpg: the image is nei"
    ):
        open_dataset("folder", str(own)).examples("test")


def test_bad_images_are_left_out_and_counted(own, caplog):
    faults = damage(own)
    whole = open_dataset("folder", str(own), skip_bad_records=True)
    assert whole.skipped == []
    assert whole.num_examples["train"] == 12
    assert len(whole.skipped) == len(faults)
    for fault in whole.skipped:
        (said,) = (said for name, said in faults.items() if fault.path.endswith(name))
        assert said in str(fault)
        assert f"Skipped: {fault}" in caplog.text
    files = find_folder(own).splits["train"]
    labels = [label for path, label in files if path.name not in faults]
    assert whole.examples("train").labels.numpy().tolist() == labels
    assert whole.examples("train").images.shape == (12, 32, 32, 3)
    assert whole.num_examples["test"] == 6
    assert len(whole.skipped) == len(faults)


def test_a_class_of_bad_images_alone_is_no_class(own):
    for path in (own / "train/rose").iterdir():
        path.write_bytes(b"")
    dataset = open_dataset("folder", str(own), skip_bad_records=True)
    with pytest.raises(
        DatasetError, match="no image of the class rose in the split 't"
    ):
        dataset.examples("train")


def test_a_file_that_has_gone_is_no_bad_image(own):
    dataset = open_dataset("folder", str(own), skip_bad_records=True)
    (own / "test/rose/0.jpg").unlink()
    with pytest.raises(
        DatasetError, match=r"rose/0\.jpg: cannot be read: No such file"
    ):
        dataset.examples("test")


def test_what_would_fill_the_memory_is_refused_unread(own, monkeypatch):
    monkeypatch.setattr(folder, "MAX_MEMORY", 18 * 3 * 30 * 30)
    (own / "train/rose/0.jpg").write_text("no image")
    dataset = open_dataset("folder", str(own), image_size=32)
    said = r"18 images of 32x32 pixels .* \(--image_size\), of 30 or less"
    with pytest.raises(DatasetError, match=said):
        dataset.examples("train")
    assert dataset.examples("test").labels.shape == (6,)  # Alone it is small enough.
    with pytest.raises(DatasetError, match=r"rose/0\.jpg: the image is neither JPEG"):
        open_dataset("folder", str(own), image_size=30).examples("train")


def test_the_folder_must_be_named():
    with pytest.raises(ValueError, match="`dataset_dir` must be the folder"):
        open_dataset("folder")


def test_a_directory_of_folders_is_known_by_looking(flowers):
    choice = choose_dataset(None, str(flowers))
    assert (choice.name, choice.dataset_dir) == ("folder", str(flowers))
    assert not choice.is_fallback
