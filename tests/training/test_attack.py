import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny_training import TinyDataset, tiny_model, tiny_options

from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.data import DatasetError
from sact_keras.data.in_memory_dataset import LabelledImages
from sact_keras.training.attack import attack_checkpoint
from sact_keras.training.build import build_for_training
from sact_keras.training.locate_checkpoint import locate_checkpoint
from sact_keras.training.train import train

OTHERS = ("act", "aig", "dynconv")


def options_for(directory, **changes):
    defaults = {
        "mode": "attack",
        "checkpoint_dir": str(directory),
        "eval_dir": str(directory / "eval"),
        "epsilon": 0.03,
        "num_examples": 11,
        "eval_batch_size": 4,
        "model": "1_2_1",
        "base_channels": 8,
    }
    return tiny_options(directory, **{**defaults, **changes})


def save_checkpoint(options, step=7):
    model = build_for_training(options, TinyDataset())
    model.optimizer.build(model.trainable_variables)
    CheckpointStore(f"{options.checkpoint_dir}/checkpoints").save(model, step=step)
    return model


# What it finds is the evaluator's, and tested there for each method.
@pytest.mark.fast_with("sact")
@pytest.mark.parametrize(
    "model_type",
    [
        "vanilla",
        "sact",
        *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS),
    ],
)
def test_an_attack_is_printed_written_and_drawn(model_type, tmp_path, capsys):
    options = options_for(tmp_path, model_type=model_type)
    save_checkpoint(options)
    attack_checkpoint(options, TinyDataset())
    names = sorted(path.name for path in (tmp_path / "eval").iterdir())
    assert names == [
        *("attack-00000007.json", "attack-00000007.png"),
        *("attack.json", "attack.png"),
    ]
    content = json.loads((tmp_path / "eval" / "attack.json").read_text())
    expected = {
        "step": 7,
        "num_examples": 11,
        "dataset": "shapes",
        "split": "test",
        "model_type": model_type,
        "preprocessing": options.preprocessing,
        "attack": "fgsm",
        "epsilon": 0.03,
        "jpeg_quality": 75,
    }
    assert {name: content[name] for name in expected} == expected
    assert content["checkpoint"].endswith("checkpoints/step-00000007")
    decides = model_type != "vanilla"
    assert bool(content["changed_decisions"]) == decides
    assert ("attack/Changed_Decisions" in content["values"]) == decides
    printed = capsys.readouterr().out
    assert (
        "Attack (fgsm, epsilon 0.03) at step 7 on 11 images of shapes/test" in printed
    )
    assert f"attack/Accuracy[{content['values']['attack/Accuracy']:.8g}]" in printed
    assert np.asarray(Image.open(tmp_path / "eval" / "attack.png")).std() > 0


class ColouredDataset(TinyDataset):
    """Noisy images whose class is their colour: learned in a few steps."""

    def _read_split(self, split):
        size = self.num_examples[split]
        labels = np.arange(size, dtype="int32") % 3
        noise = np.random.default_rng(size).integers(0, 200, size=(size, 32, 32, 3))
        images = noise + 50 * np.eye(3, dtype=int)[labels][:, None, None]
        return LabelledImages(tf.constant(images, tf.uint8), tf.constant(labels))


@pytest.mark.slow
def test_a_network_that_has_learned_is_led_astray(tmp_path):
    options = options_for(
        tmp_path,
        model_type="vanilla",
        model="1",
        max_number_of_steps=40,
        learning_rate=0.05,
        eval_interval_steps=0,
        num_examples=None,
    )
    train(options, ColouredDataset())
    accuracies = []
    for epsilon in (1e-6, 0.2):
        attack_checkpoint(options.replace(epsilon=epsilon), ColouredDataset())
        content = json.loads((tmp_path / "eval" / "attack.json").read_text())
        assert content["num_examples"] == 24
        assert content["values"]["attack/Clean_Accuracy"] > 0.8
        accuracies.append(content["values"]["attack/Accuracy"])
    assert accuracies[0] > 0.8
    assert accuracies[1] < 0.4


@pytest.mark.slow
def test_sampling_gates_repeat(tmp_path):
    options = options_for(tmp_path, model_type="aig", gate_eval="sample", model="1")
    save_checkpoint(options)
    contents = []
    for _ in range(2):
        attack_checkpoint(options, TinyDataset())
        contents.append((tmp_path / "eval" / "attack.json").read_text())
    assert contents[0] == contents[1]


def test_a_checkpoint_of_another_network(tmp_path):
    save_checkpoint(options_for(tmp_path))
    with pytest.raises(CheckpointMismatchError):
        attack_checkpoint(options_for(tmp_path, model="2"), TinyDataset())
    assert not (tmp_path / "eval").exists()


def test_no_good_record_to_attack(tmp_path):
    options = options_for(tmp_path)
    save_checkpoint(options)
    dataset = TinyDataset()
    dataset.evaluation_batches = lambda *size, **which: ()
    with pytest.raises(DatasetError, match="no good record in shapes/test"):
        attack_checkpoint(options, dataset)


def test_checkpoints_are_found(tmp_path):
    options = options_for(tmp_path)
    for step in (3, 12):
        save_checkpoint(options, step)
    newest = tmp_path / "checkpoints" / "step-00000012"
    older = tmp_path / "checkpoints" / "step-00000003"
    for path in (tmp_path, tmp_path / "checkpoints", newest):
        assert locate_checkpoint(path) == (newest, 12)
    assert locate_checkpoint(older) == (older, 3)
    weights = tmp_path / "small.weights.h5"
    tiny_model().save_weights(weights)
    assert locate_checkpoint(weights) == (weights, None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no checkpoint in .*empty"):
        locate_checkpoint(tmp_path / "empty")


def test_a_tensorflow_checkpoint_says_its_step(golden_case):
    case = golden_case("v1")
    path, step = locate_checkpoint(case.directory)
    assert path == case.directory
    assert str(step) == case.checkpoint.rpartition("-")[2]
