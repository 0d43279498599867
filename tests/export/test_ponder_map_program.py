"""The program that draws ponder maps, in this process, with a tiny network."""

import re
import shutil

import h5py
import numpy as np
import pytest
from PIL import Image
from tiny_checkpoints import TinyCheckpoints, use_tiny_data
from training.tiny_training import TinyDataset

import sact_keras
from export.ponder_maps import PONDER_MAPS
from sact_keras.visualization import read_ponder_map_attributes, read_ponder_maps


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return TinyCheckpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(autouse=True)
def tiny_data(monkeypatch):
    use_tiny_data(monkeypatch)


@pytest.fixture
def photos(tmp_path):
    """Bright above left: a wide JPEG, a tall grey one and a transparent PNG of 16."""
    directory = tmp_path / "photos"
    directory.mkdir()
    wide = np.zeros((24, 82, 3), np.uint8)
    wide[:8, :30] = (250, 200, 10)
    Image.fromarray(wide).save(directory / "wide.jpg", quality=100, subsampling=0)
    Image.fromarray(wide[..., 0].T).save(directory / "tall.jpg")
    clear = np.dstack([wide[:16, :16], np.full((16, 16), 9, np.uint8)])
    Image.fromarray(clear).save(directory / "clear.png")
    return directory


def run(checkpoint, output, *flags):
    return PONDER_MAPS(
        [
            "export.ponder_maps",
            "--dataset=shapes",
            f"--checkpoint_dir={checkpoint}",
            f"--output_dir={output}",
            "--execution=masked",  # Without a graph to be made first.
            *flags,
        ]
    )


def size_of(path):
    with Image.open(path) as picture:
        return picture.size


def names_in(directory):
    return {path.name for path in directory.iterdir()}


def test_image_files(checkpoints, photos, tmp_path, capsys):
    output = tmp_path / "maps"
    assert run(checkpoints("sact"), output, f"--images_pattern={photos}/*") == 0
    sizes = {"wide": (82, 24), "tall": (24, 82), "clear": (16, 16)}
    endings = ("im.jpg", "ponder.jpg", "overlay.png", "colorbar.pdf", "ponder.h5")
    expected = {f"{name}_{ending}" for name in sizes for ending in endings}
    assert names_in(output) == expected | {"report.html"}
    for name, size in sizes.items():
        for ending in endings[:3]:
            assert size_of(output / f"{name}_{ending}") == size
        maps = read_ponder_maps(output / f"{name}_ponder.h5")
        assert maps["ponder_cost_map"].shape == (1, *size[::-1])
        assert maps["file_names"][0].startswith(str(photos / name))
    with Image.open(output / "wide_im.jpg") as picture:
        pixels = np.asarray(picture).astype(int)
    assert np.abs(pixels[2, 4] - (250, 200, 10)).max() < 10
    assert pixels[-3, -4].max() < 10
    said = capsys.readouterr().out
    for name in sizes:
        cost = r"\d\.\d\d/\d\.\d\d"
        assert re.search(rf"{name}\..*: Minimum/maximum ponder cost {cost}\n", said)
    page = (output / "report.html").read_text()
    assert all(name in page for name in ("wide.jpg", "tall.jpg", "clear.png"))


def test_image_files_are_scaled_and_run_as_the_network_sees_them(
    checkpoints, photos, tmp_path
):
    output = tmp_path / "maps"
    flags = [f"--images_pattern={photos}/wide.jpg", "--image_size=40", "--noreport"]
    assert run(checkpoints("sact"), output, *flags) == 0
    assert size_of(output / "wide_im.jpg") == (40, 11)
    assert size_of(output / "wide_ponder.jpg") == (40, 11)
    maps = read_ponder_maps(output / "wide_ponder.h5")
    assert maps["images"].shape == (1, 11, 40, 3)
    assert maps["pixels"].shape == (1, 11, 40, 3)
    model = sact_keras.load_model(checkpoints("sact"))
    expected = sact_keras.ponder_maps(model, maps["images"])
    np.testing.assert_array_equal(maps["flops"], expected["flops"])
    np.testing.assert_allclose(
        maps["ponder_cost_map"], expected["ponder_cost_map"], rtol=1e-4
    )
    with Image.open(output / "wide_im.jpg") as picture:
        difference = np.asarray(picture).astype(int) - maps["pixels"][0]
    assert np.abs(difference).mean() < 4


@pytest.mark.fast_with("compact")
@pytest.mark.parametrize("execution", ["compact", "masked"])
def test_a_split(checkpoints, tmp_path, capsys, execution):
    flags = ["--num_examples=7", "--batch_size=3", f"--execution={execution}"]
    assert run(checkpoints("sact"), tmp_path, *flags, "--picture_format=png") == 0
    path = tmp_path / "shapes_test_ponder.h5"
    maps = read_ponder_maps(path)
    images, labels = next(iter(TinyDataset().evaluation_batches(7, normalized=False)))
    np.testing.assert_array_equal(maps["pixels"], images)
    np.testing.assert_array_equal(maps["labels"], labels)
    np.testing.assert_array_equal(maps["indices"], np.arange(7))
    np.testing.assert_array_equal(maps["predictions"], maps["logits"].argmax(axis=-1))
    model = sact_keras.load_model(checkpoints("sact"))
    expected = sact_keras.ponder_maps(model, maps["images"])
    np.testing.assert_array_equal(maps["num_units_map"], expected["num_units_map"])
    with h5py.File(path) as file:
        assert file["ponder_cost_map"].shape == (7, 32, 32, 1)
        assert list(file.attrs["block_scopes"]) == ["block_1", "block_2", "block_3"]
    attributes = read_ponder_map_attributes(path)
    assert attributes["num_units"] == [2, 2, 2]
    assert attributes["maximum"] == 9
    assert attributes["model_type"] == "sact"

    means = maps["ponder_cost_map"].mean(axis=(1, 2), dtype=np.float64)
    starts = [f"{mean:.2f}_{index}" for index, mean in enumerate(means)]
    pictures = {
        f"{start}_{ending}"
        for start in starts
        for ending in ("im.jpg", "ponder.png", "overlay.png")
    }
    rest = {path.name, "colorbar.pdf", "report.html"}
    assert names_in(tmp_path) == pictures | rest
    low, high = np.percentile(maps["ponder_cost_map"].astype(np.float64), (0.1, 99.9))
    said = f"Minimum/maximum ponder cost {low:.2f}/{high:.2f}"
    assert said in capsys.readouterr().out


@pytest.mark.fast_with("aig")
@pytest.mark.parametrize("model_type", ["vanilla", "act", "aig", "blockdrop"])
def test_a_strip_shows_the_units_where_images_are_decided_about(
    checkpoints, photos, tmp_path, model_type
):
    output = tmp_path / "maps"
    flags = [f"--images_pattern={photos}/wide.jpg", "--num_examples=2"]
    assert run(checkpoints(model_type), output, *flags) == 0
    names = names_in(output)
    assert "wide_units.png" in names
    assert len([name for name in names if name.endswith("_1_units.png")]) == 1
    with Image.open(output / "wide_overlay.png") as overlay:
        assert overlay.size == (82, 24)
    maps = read_ponder_maps(output / "wide_ponder.h5")
    assert np.ptp(maps["ponder_cost_map"]) == 0
    assert maps["block_1/num_units"].shape == (1,)


def test_masks_of_positions_have_no_strip(checkpoints, photos, tmp_path):
    output = tmp_path / "maps"
    flags = [f"--images_pattern={photos}/tall.jpg", "--colorbar_format=png"]
    assert run(checkpoints("dynconv"), output, *flags) == 0
    assert "tall_units.png" not in names_in(output)
    assert size_of(output / "tall_colorbar.png")[1] > 250
    attributes = read_ponder_map_attributes(output / "tall_ponder.h5")
    assert attributes["maximum"] == 6  # Units alone: there is no remainder.


@pytest.mark.slow
def test_a_saved_model_gives_the_maps_of_its_checkpoint(checkpoints, photos, tmp_path):
    model = sact_keras.load_model(checkpoints("sact"))
    exported = tmp_path / "exported"
    sact_keras.export_saved_model(
        model, exported, version=12, dataset="shapes", execution="masked"
    )
    (exported / "2").mkdir()  # An earlier version, which is not taken.
    (exported / "2" / "saved_model.pb").touch()
    flags = [f"--images_pattern={photos}/wide.jpg", "--nopictures", "--num_examples=2"]
    assert run(checkpoints("sact"), tmp_path / "a", *flags) == 0
    saved = [f"--saved_model={exported}", f"--output_dir={tmp_path}/b"]
    assert PONDER_MAPS(["export.ponder_maps", *saved, *flags]) == 0
    assert names_in(tmp_path / "a") == names_in(tmp_path / "b")
    for name in ("wide_ponder.h5", "shapes_test_ponder.h5"):
        expected = read_ponder_maps(tmp_path / "a" / name)
        found = read_ponder_maps(tmp_path / "b" / name)
        assert found.keys() - {"probabilities"} == expected.keys() - {"logits"}
        for key in found.keys() - {"probabilities", "file_names"}:
            np.testing.assert_allclose(
                found[key], expected[key], rtol=1e-4, atol=1e-4, err_msg=key
            )
    attributes = read_ponder_map_attributes(tmp_path / "b" / "wide_ponder.h5")
    assert attributes["weights"] == str(exported / "12")


def test_results_can_be_left_out(checkpoints, photos, tmp_path):
    flags = ["--nohdf5", "--nopictures", f"--images_pattern={photos}/*.jpg"]
    assert run(checkpoints("sact"), tmp_path / "a", *flags, "--num_examples=2") == 0
    assert names_in(tmp_path / "a") == {"report.html"}
    flags[:2] = ["--nopictures", "--noreport"]
    assert run(checkpoints("sact"), tmp_path / "b", *flags) == 0
    assert names_in(tmp_path / "b") == {"wide_ponder.h5", "tall_ponder.h5"}


def test_files_that_are_no_images_are_named_and_the_others_mapped(
    checkpoints, photos, tmp_path, capsys
):
    (photos / "notes.jpg").write_text("no image")
    (photos / "empty.png").touch()
    output = tmp_path / "maps"
    assert run(checkpoints("sact"), output, f"--images_pattern={photos}/*") == 1
    said = capsys.readouterr().err
    assert "2 of 5 image files could not be mapped" in said
    assert "notes.jpg must be a JPEG" in said
    assert "empty.png must be a JPEG" in said
    assert len([name for name in names_in(output) if name.endswith(".h5")]) == 3
    assert (output / "report.html").exists()


def test_no_file_of_all_is_an_image(checkpoints, photos, tmp_path, capsys):
    (photos / "notes.txt").write_text("no image")
    output = tmp_path / "maps"
    assert run(checkpoints("sact"), output, f"--images_pattern={photos}/*.txt") == 1
    assert "1 of 1 image files" in capsys.readouterr().err
    assert names_in(output) == set()


def test_files_of_one_name_do_not_overwrite_each_other(checkpoints, photos, tmp_path):
    (photos / "more").mkdir()
    shutil.copy(photos / "tall.jpg", photos / "more" / "wide.jpg")
    output = tmp_path / "maps"
    flags = [f"--images_pattern={photos}/**/wide.jpg", "--noreport", "--nohdf5"]
    assert run(checkpoints("sact"), output, *flags) == 0
    sizes = {size_of(path) for path in output.glob("*_im.jpg")}
    assert sizes == {(24, 82), (82, 24)}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "must say which images"),
        (["--num_examples=25"], "--num_examples must be at most 24"),
        (["--num_examples=0"], "--num_examples must be at least 1"),
        (["--images_pattern=x", "--image_size=0"], "--image_size must be at least 1"),
        (["--num_examples=1", "--image_size=64"], "--image_size is that of image"),
        (["--num_examples=1", "--overlay_strength=2"], "--overlay_strength must be"),
        (["--num_examples=1", "--picture_format=gif"], "--picture_format must be"),
        (["--num_examples=1", "--nohdf5", "--nopictures", "--noreport"], "left on"),
        (["--num_examples=1", "--saved_model=x"], "Received: both"),
        (["--images_pattern={photos}/*", "--output_dir={photos}"], "another directory"),
    ],
)
def test_flags_that_cannot_be_meant(
    checkpoints, photos, tmp_path, capsys, flags, message
):
    flags = [flag.format(photos=photos) for flag in flags]
    assert run(checkpoints("sact"), tmp_path / "maps", *flags) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "maps").exists()
    assert len(names_in(photos)) == 3


def test_what_is_not_there(checkpoints, tmp_path, capsys):
    flags = [f"--images_pattern={tmp_path}/*.jpg"]
    assert run(checkpoints("sact"), tmp_path / "maps", *flags) == 1
    assert "of which there is none" in capsys.readouterr().err
    assert run(tmp_path / "none", tmp_path / "maps", "--num_examples=1") == 1
    assert "no checkpoint" in capsys.readouterr().err
    saved = [
        "export.ponder_maps",
        f"--saved_model={tmp_path}",
        f"--output_dir={tmp_path}/maps",
        "--num_examples=1",
    ]
    assert PONDER_MAPS(saved) == 1
    assert "no SavedModel" in capsys.readouterr().err
    assert not (tmp_path / "maps").exists()
