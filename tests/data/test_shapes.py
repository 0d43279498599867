"""The built-in data set: the same everywhere, balanced, and not linear."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from sact_keras.data import open_dataset
from sact_keras.data.shape_outlines import OUTLINES
from sact_keras.data.shape_painter import paint_shapes


@pytest.fixture(scope="module")
def shapes():
    return open_dataset("shapes")


def test_examples_are_the_same_on_every_machine():
    painted = paint_shapes(count=50, key=1)
    digest = hashlib.sha256()
    for array in painted:
        digest.update(np.ascontiguousarray(array).astype("<i4").tobytes())
    assert digest.hexdigest() == (
        "703e769c5d69703c2096bc898490b12a4439ca9baa2d63e5b14a862ab54e4341"
    )


def test_sizes_types_and_balance(shapes):
    for split, count in shapes.num_examples.items():
        images, labels = shapes.examples(split)
        assert (images.shape, images.dtype) == ((count, 32, 32, 3), tf.uint8)
        assert labels.dtype == tf.int32
        assert shapes.object_masks(split).shape == (count, 32, 32)
        per_class = np.bincount(labels, minlength=10)
        assert per_class.size == 10
        np.testing.assert_allclose(per_class / count, 0.1, atol=0.03)


def test_splits_share_no_image(shapes):
    keys = [
        {image.tobytes() for image in shapes.examples(split).images.numpy()}
        for split in ("train", "test")
    ]
    assert len(keys[0]) == 20000
    assert not keys[0] & keys[1]


def test_masks_are_small_whole_and_anywhere(shapes):
    masks = shapes.object_masks("test")
    assert masks.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1}
    area = masks.sum(axis=(1, 2))
    assert area.min() >= 20
    assert area.max() <= 140
    # Never cut by the edge, and over all images nearly everywhere.
    assert masks[:, 0].sum() == masks[:, -1].sum() == masks[:, :, 0].sum() == 0
    extents = np.stack([masks.any(2).sum(1), masks.any(1).sum(1)]).max(axis=0)
    assert 7 <= extents.min() <= extents.max() <= 15
    assert (masks.mean(axis=0)[6:-6, 6:-6] > 0.01).all()


def test_object_stands_out_under_its_mask(shapes):
    images = shapes.examples("test").images.numpy().astype(np.float64)
    inside = shapes.object_masks("test")[..., np.newaxis].astype(bool)
    extreme = (images < 50) | (images > 205)
    covered = np.broadcast_to(inside, images.shape)
    assert extreme[covered].mean() > 0.8
    assert extreme[~covered].mean() < 0.1


def test_outlines_differ_however_they_are_turned():
    """No two classes cover the same points, even turned against each other."""
    places = np.linspace(-1.3, 1.3, 53)
    x, y = np.meshgrid(places, places)

    def turned(outline, degrees):
        angle = np.deg2rad(degrees)
        return outline(
            np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
        )

    for name, outline in OUTLINES.items():
        reference = outline(x, y)
        for other_name, other in OUTLINES.items():
            if other_name == name:
                continue
            for degrees in range(-50, 51, 10):
                covered = turned(other, degrees)
                shared = (reference & covered).sum() / (reference | covered).sum()
                assert shared < 0.85, (name, other_name, degrees)


def test_picture_in_the_documentation_is_what_its_code_makes(
    project_root, tmp_path, monkeypatch
):
    examples = re.findall(
        r"```python\n(.*?)```", (project_root / "docs" / "data.md").read_text(), re.S
    )
    (code,) = [example for example in examples if "docs/images/shapes.png" in example]
    (tmp_path / "docs" / "images").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    picture = Path("docs", "images", "shapes.png")
    made, kept = (np.asarray(Image.open(d / picture)) for d in (tmp_path, project_root))
    np.testing.assert_array_equal(made, kept)


def test_linear_model_stays_under_half(shapes):
    """Ridge regression on the pixels, at the best of several penalties."""

    def pixels_and_labels(split):
        images, labels = shapes.examples(split)
        # Half the resolution: less noise and fewer weights favour the linear model.
        pooled = tf.nn.avg_pool2d(tf.cast(images, tf.float32) / 255 - 0.5, 2, 2, "SAME")
        flat = tf.reshape(pooled, [len(labels), -1]).numpy()
        return np.concatenate([flat, np.ones([len(flat), 1])], axis=1), labels.numpy()

    pixels, labels = pixels_and_labels("train")
    test_pixels, test_labels = pixels_and_labels("test")
    gram, moment = pixels.T @ pixels, pixels.T @ np.eye(10)[labels]
    accuracies = []
    for penalty in (1.0, 100.0, 10000.0):
        weights = np.linalg.solve(gram + penalty * np.eye(len(gram)), moment)
        predictions = (test_pixels @ weights).argmax(axis=1)
        accuracies.append((predictions == test_labels).mean())
    assert max(accuracies) < 0.5
