import numpy as np
import pytest
from tiny_training import TinyDataset, tiny_model, tiny_options

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.saved_checkpoint import SavedCheckpoint
from sact_keras.training.build import build_network
from sact_keras.training.load_weights import load_weights
from sact_keras.training.train import train


@pytest.mark.parametrize("skip_decisions", [False, True])
def test_a_checkpoint_that_does_not_say_counts_as_trained(monkeypatch, skip_decisions):
    """But not where a training starts from it."""
    model = tiny_model("dynconv")
    loaded = []
    monkeypatch.setattr(
        sact_keras, "load_checkpoint", lambda *args, **options: loaded.append(args)
    )
    load_weights(model, "some.pth", skip_decisions=skip_decisions)
    assert loaded == [(model, "some.pth")]
    assert float(model.progress) == (0.0 if skip_decisions else 1.0)


def test_one_of_ours_says_how_far_its_training_was(tmp_path):
    model = tiny_model("aig")
    model.progress.assign(0.25)
    model.save_weights(tmp_path / "a.weights.h5")
    other = tiny_model("aig")
    load_weights(other, tmp_path / "a.weights.h5")
    assert float(other.progress) == 0.25


def test_no_training_starts_from_weights_that_are_not_finite(tmp_path):
    """And nothing is written then."""
    path = str(tmp_path / "nan.weights.h5")
    vanilla = build_network(
        tiny_options(tmp_path, model_type="vanilla", variant="aig"), num_classes=10
    )
    kernel = vanilla.stem.conv.kernel
    kernel.assign(np.full(kernel.shape, np.nan))
    vanilla.save_weights(path)
    options = tiny_options(tmp_path / "run", model_type="aig", finetune_path=path)
    with pytest.raises(DamagedFileError, match=r"stem/conv/kernel in .*nan\.weights"):
        train(options, TinyDataset())
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_vanilla_training_goes_on_from_anothers_weights(tmp_path):
    """Anew, with a schedule of its own: what finetuning is for the plain network."""
    path = str(tmp_path / "plain.weights.h5")
    options = tiny_options(tmp_path / "run", model_type="vanilla", finetune_path=path)
    start = build_network(options, num_classes=10)
    start.save_weights(path)
    train(options, TinyDataset())
    first = SavedCheckpoint.open(tmp_path / "run" / "checkpoints" / "step-00000000")
    begun = build_network(options, num_classes=10)
    load_weights(begun, first.path)
    for old, new in zip(start.weights, begun.weights, strict=True):
        np.testing.assert_array_equal(new, old)
