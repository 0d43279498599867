import h5py
import keras
import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.sact_names import named_variables
from sact_keras.checkpoints.squeeze import squeeze_checkpoint
from sact_keras.checkpoints.squeezed_suffixes import SQUEEZED_SUFFIXES
from sact_keras.checkpoints.store import CheckpointStore

NETWORKS = [
    {"dataset": "cifar10", "model": "1_2_1"},
    {"dataset": "imagenet", "model": "1_2_1_1", "num_classes": 3},
]
NETWORK_NAMES = [network["dataset"] for network in NETWORKS]


def build(network=NETWORKS[0]):
    return sact_keras.build_model("sact", base_channels=4, **network)


def random_model(network=NETWORKS[0]):
    model = build(network)
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.uniform(0.5, 1.5, variable.shape) / 10)
    return model


def write_source(model, directory, kind):
    """A checkpoint of some kind; returns where it is, and its files."""
    if kind == "TensorFlow 1":
        arrays = {n: np.reshape(s.variable, s.shape) for n, s in named_variables(model)}
        slots = {f"{name}/Momentum": array for name, array in arrays.items()}
        write_slim_checkpoint(directory, arrays | slots)
        return directory, list(directory.glob("model.ckpt-*"))
    if kind == "run":
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9))
        model.optimizer.build(model.trainable_variables)
        store = CheckpointStore(directory / "checkpoints")
        store.save(model, 3)
        return directory, list(store.save(model, 7).path.iterdir())
    directory.mkdir()
    path = directory / "model.keras"
    model.save(path)
    return path, [path]


def all_outputs(model):
    images = np.random.default_rng(1).normal(size=(2, 32, 40, 3)).astype("float32")
    outputs = model(images, training=False)
    named = {name: value for name, value in outputs.items() if name != "masks"}
    masks = {f"mask_{i}": mask for i, mask in enumerate(outputs["masks"])}
    return {name: np.array(value) for name, value in (named | masks).items()}


@pytest.mark.fast_with("cifar10-run", "imagenet-TensorFlow 1")
@pytest.mark.parametrize("kind", ["TensorFlow 1", "run", "file"])
@pytest.mark.parametrize(
    ("network", "suffix"),
    list(zip(NETWORKS, (".keras", ".weights.h5"), strict=True)),
    ids=NETWORK_NAMES,
)
def test_the_copy_computes_the_same(tmp_path, network, kind, suffix):
    original = random_model(network)
    source, files = write_source(original, tmp_path / "source", kind)
    target = tmp_path / f"small{suffix}"
    squeezed = squeeze_checkpoint(build(network), source, target)

    assert sorted(path.name for path in tmp_path.iterdir()) == [target.name, "source"]
    assert squeezed.path == target
    assert squeezed.bytes_before == sum(file.stat().st_size for file in files)
    assert squeezed.bytes_after == target.stat().st_size
    for part in (target, f"{squeezed.bytes_after:,}", f"{squeezed.bytes_before:,}"):
        assert str(part) in str(squeezed)

    other = build(network)
    sact_keras.load_checkpoint(other, target)
    expected = all_outputs(original)
    for name, value in all_outputs(other).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_optimizer_state_is_left_behind(tmp_path):
    source, _ = write_source(random_model(), tmp_path / "run", "run")
    target = tmp_path / "small.weights.h5"
    squeezed = squeeze_checkpoint(build(), source, target)
    with h5py.File(target) as file:
        groups = set(file)
    assert groups
    assert not {group for group in groups if "optimizer" in group}
    assert squeezed.bytes_after < 0.8 * squeezed.bytes_before


def test_keras_itself_loads_the_copy(tmp_path):
    source, _ = write_source(random_model(), tmp_path / "run", "run")
    squeeze_checkpoint(build(), source, tmp_path / "small.keras")
    model = keras.models.load_model(tmp_path / "small.keras")
    assert not model.compiled
    for a, b in zip(model.get_weights(), random_model().get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["small.h5", "small", "small.ckpt", "small.keras.gz"])
def test_another_suffix_is_refused_before_any_work(tmp_path, name):
    with pytest.raises(
        ValueError, match=r"\.weights\.h5 or \.keras.*Received: .*small"
    ):
        squeeze_checkpoint(build(), tmp_path / "none", tmp_path / name)


def test_a_compiled_model_is_refused(tmp_path):
    model = build()
    model.compile("sgd")
    with pytest.raises(ValueError, match="must not be compiled"):
        squeeze_checkpoint(model, tmp_path / "none", tmp_path / "small.keras")


def test_there_must_be_a_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no directory .*nowhere"):
        squeeze_checkpoint(build(), tmp_path, tmp_path / "nowhere" / "small.keras")


def test_nothing_is_written_when_the_source_cannot_be_loaded(tmp_path):
    target = tmp_path / "small.keras"
    target.write_text("what was there")
    (tmp_path / "text.weights.h5").write_text("no weights")
    other, _ = write_source(random_model(NETWORKS[1]), tmp_path / "other", "file")
    for source, error in (
        (tmp_path / "none", FileNotFoundError),
        (tmp_path / "text.weights.h5", DamagedFileError),
        (other, CheckpointMismatchError),
    ):
        with pytest.raises(error):
            squeeze_checkpoint(build(), source, target)
    assert target.read_text() == "what was there"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("suffix", SQUEEZED_SUFFIXES)
def test_a_failed_writing_leaves_what_was_there(tmp_path, longest_file, suffix):
    source, _ = write_source(random_model(), tmp_path / "source", "file")
    target = tmp_path / f"small{suffix}"
    target.write_text("what was there")
    model = build()
    with longest_file(5000), pytest.raises(OSError, match=f"large: '{target}'$"):
        squeeze_checkpoint(model, source, target)
    assert target.read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == [target.name, "source"]


def test_a_checkpoint_may_take_its_own_place(tmp_path):
    original = random_model()
    original.compile(keras.optimizers.SGD(0.1, momentum=0.9))
    original.optimizer.build(original.trainable_variables)
    path = tmp_path / "model.weights.h5"
    original.save_weights(path)
    squeezed = squeeze_checkpoint(build(), path, path)
    assert squeezed.bytes_after < squeezed.bytes_before
    model = build()
    sact_keras.load_checkpoint(model, path)
    for a, b in zip(model.get_weights(), original.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
