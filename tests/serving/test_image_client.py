import json

import pytest

from sact_keras.data import DatasetError
from sact_keras.serving.client.endpoint_error import EndpointError
from sact_keras.serving.client.image_client import ImageClient

BAD = b"bad"


class MadeUpEndpoint:
    """Refuses a batch with `BAD` in it; remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def predict(self, signature, inputs, outputs):
        images = inputs["image_bytes"]
        self.asked.append((signature, inputs))
        if BAD in images:
            raise EndpointError("a bad image", invalid_request=True)
        if outputs == ["heatmap_bytes"]:
            return [{"heatmap_bytes": b"map of " + image} for image in images]
        return [
            {
                "probabilities": [0.125, 0.5, 0.125, 0.25],
                "classes": [1, 3],
                "scores": [0.5, 0.25],
                "flops": len(image) * 1_000_000,
                "num_units": 2.5,
            }
            for image in images
        ]


@pytest.fixture
def endpoint():
    return MadeUpEndpoint()


@pytest.fixture
def write(tmp_path):
    """A function from contents of files to their paths, a.jpg, b.jpg and so on."""

    def write_files(*contents):
        paths = [tmp_path / f"{name}.jpg" for name in "abcdefg"[: len(contents)]]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        return paths

    return write_files


def test_files_are_asked_about_in_batches(endpoint, write):
    paths = write(b"1", b"22", b"333", b"4444", b"55555")
    predictions = list(ImageClient(endpoint, batch_size=2)(paths))
    assert [prediction.file for prediction in predictions] == paths
    assert [p.flops for p in predictions] == [n * 1_000_000 for n in range(1, 6)]
    sizes = [len(inputs["image_bytes"]) for _, inputs in endpoint.asked]
    assert sizes == [2, 2, 1]


def test_answers_come_as_they_are_there(endpoint, write):
    paths = write(b"1", b"2")
    predictions = ImageClient(endpoint, batch_size=1)(paths)
    next(predictions)
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("signature", ["serve_bytes", "serve_bytes_with_budget"])
def test_a_budget_is_sent_for_each_image(endpoint, write, signature):
    client = ImageClient(endpoint, signature=signature, compute_budget=0)
    list(client(write(b"1", b"2")))
    ((asked, inputs),) = endpoint.asked
    assert asked == "serve_bytes_with_budget"
    assert inputs["compute_budget"] == [0.0, 0.0]
    assert {type(budget) for budget in inputs["compute_budget"]} == {float}


def test_a_bad_image_is_found_and_the_others_are_answered(endpoint, write):
    paths = write(b"1", BAD, b"3", b"4", BAD)
    client = ImageClient(endpoint, batch_size=3)
    files = [prediction.file for prediction in client(paths)]
    assert files == [paths[0], paths[2], paths[3]]
    assert list(client.refused) == [paths[1], paths[4]]


def test_nothing_more_is_asked_where_everything_is_refused(endpoint, write):
    paths = write(BAD, BAD, b"3")
    with pytest.raises(EndpointError, match="a bad image"):
        list(ImageClient(endpoint, batch_size=2)(paths))
    assert len(endpoint.asked) == 3  # The batch, and each of its images.


def test_other_errors_are_not_the_images_fault(write):
    class Gone:
        calls = 0

        def predict(self, signature, inputs, outputs):
            self.calls += 1
            raise EndpointError("gone")

    gone = Gone()
    with pytest.raises(EndpointError, match="gone"):
        list(ImageClient(gone)(write(b"1", b"2")))
    assert gone.calls == 1


@pytest.mark.parametrize(
    ("top_k", "ids"), [(1, [1]), (2, [1, 3]), (3, [1, 3, 0]), (9, [1, 3, 0, 2])]
)
def test_as_many_classes_as_are_asked_for(endpoint, write, top_k, ids):
    (prediction,) = ImageClient(endpoint, top_k=top_k)(write(b"1"))
    assert [found.id for found in prediction.classes] == ids
    scores = [found.score for found in prediction.classes]
    assert scores == [0.5, 0.25, 0.125, 0.125][: len(ids)]


def test_classes_have_their_names(endpoint, write):
    client = ImageClient(endpoint, top_k=1, labels=["ant", "bee", "cat", "dog"])
    (prediction,) = client(write(b"1"))
    assert "  0.5000  bee (1)" in str(prediction).splitlines()
    content = json.loads(prediction.to_json())
    assert content["classes"] == [{"id": 1, "name": "bee", "score": 0.5}]


def test_names_are_printed_as_they_are(endpoint, write):
    client = ImageClient(endpoint, labels=["ant", "bee", "cat", "dög"])
    (prediction,) = client(write(b"1"))
    assert '"name": "dög"' in prediction.to_json()


def test_labels_of_another_model_are_refused(endpoint, write):
    with pytest.raises(DatasetError, match=r"model's 4 classes\. Received: 2 names"):
        list(ImageClient(endpoint, labels=["ant", "bee"])(write(b"1")))


def test_heatmaps_are_written(endpoint, write, tmp_path):
    paths = write(b"1", BAD, b"3")
    other = tmp_path / "other" / "a.png"
    other.parent.mkdir()
    other.write_bytes(b"4")
    folder = tmp_path / "heatmaps" / "new"
    client = ImageClient(endpoint, heatmaps_dir=folder)
    predictions = list(client([*paths, other]))
    assert [prediction.heatmap.name for prediction in predictions] == [
        "a_heatmap.png",
        "c_heatmap.png",
        "a_2_heatmap.png",
    ]
    for prediction in predictions:
        content = b"map of " + prediction.file.read_bytes()
        assert prediction.heatmap.read_bytes() == content
    # The bad image was not asked about again.
    assert BAD not in endpoint.asked[-1][1]["image_bytes"]


def test_a_file_that_cannot_be_read(endpoint, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.jpg"):
        list(ImageClient(endpoint)([tmp_path / "missing.jpg"]))
