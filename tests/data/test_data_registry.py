"""Opening data sets by name."""

import imagenet_on_disk
import pytest

from sact_keras.data import DATASET_NAMES, ImageDataset, open_dataset
from sact_keras.data.registry import _OPENERS


def test_every_name_has_an_opener():
    assert set(_OPENERS) == set(DATASET_NAMES)


def test_opens_shapes():
    dataset = open_dataset("shapes")
    assert isinstance(dataset, ImageDataset)
    assert dataset.name == "shapes"


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name='mnist'"):
        open_dataset("mnist")


@pytest.mark.parametrize("name", ["shapes", "cifar10", "cifar100"])
@pytest.mark.parametrize(
    "option",
    [{"image_size": 224}, {"background": False}, {"skip_bad_records": True}],
    ids=str,
)
def test_options_of_imagenet_are_refused_by_others(name, option):
    ((argument, value),) = option.items()
    with pytest.raises(ValueError, match=f"only for imagenet.*: {argument}={value}"):
        open_dataset(name, **option)


def test_a_folder_of_images_has_no_background(tmp_path):
    with pytest.raises(ValueError, match="only for imagenet, folder has no background"):
        open_dataset("folder", str(tmp_path), background=False)


@pytest.mark.parametrize("image_size", [0, 22.5])
def test_image_size_must_be_a_positive_integer(image_size, tmp_path):
    imagenet_on_disk.write_imagenet("slim", tmp_path, ["validation"])
    with pytest.raises(ValueError, match=f"Received: image_size={image_size}"):
        open_dataset("imagenet", str(tmp_path), image_size=image_size)
