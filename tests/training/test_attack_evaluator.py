import numpy as np
import pytest
import tensorflow as tf
from tiny_training import tiny_model
from varied_model import in_batches, varied_model

from sact_keras.data.normalization import standardize_images
from sact_keras.training import attack_evaluator
from sact_keras.training.attack_evaluation import VERSIONS
from sact_keras.training.attack_evaluator import AttackEvaluator
from sact_keras.training.attack_jpeg import compress_as_jpeg
from sact_keras.training.attack_methods import fgsm

MODEL_TYPES = ["vanilla", "act", "sact", "aig", "dynconv"]

# Of what an attack is the same for, graphs take seconds.
SLOW_BUT_SACT = [
    pytest.param(name, marks=[pytest.mark.slow] * (name != "sact"))
    for name in MODEL_TYPES
]


@pytest.fixture(scope="module")
def examples():
    """Images of different contrast, and labels."""
    generator = np.random.default_rng(0)
    pixels = 128 + np.linspace(20, 120, 11)[:, None, None, None] * generator.uniform(
        -1, 1, size=(11, 32, 32, 3)
    )
    return pixels.astype("float32"), generator.integers(0, 10, size=11)


def evaluate(model, examples, batch_size=4, **changes):
    arguments = {"epsilon": 0.05, "jit_compile": False} | changes
    evaluator = AttackEvaluator(model, standardize_images, batch_size, **arguments)
    return evaluator(in_batches(examples, batch_size))


def changed_share(masks, clean_masks):
    return np.mean(np.not_equal(masks, clean_masks))


@pytest.mark.fast_with("dynconv")
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_numbers_are_those_of_each_version(model_type, examples):
    model = varied_model(model_type)
    found = evaluate(model, examples, batch_size=11, jpeg_quality=40)
    pixels, labels = map(tf.constant, examples)
    attack = tf.function(lambda: fgsm(model, standardize_images, pixels, labels, 0.05))
    attacked = attack()
    versions = {
        "clean": pixels,
        "clean_jpeg": compress_as_jpeg(pixels, 40),
        "attacked": attacked,
        "attacked_jpeg": compress_as_jpeg(attacked, 40),
    }
    outputs = {
        name: model(standardize_images(images), training=False)
        for name, images in versions.items()
    }
    assert found.num_examples == 11
    for name, prefix in VERSIONS.items():
        predicted = np.argmax(outputs[name]["logits"], axis=1)
        accuracy = found.values[f"attack/{prefix}Accuracy"]
        assert accuracy == pytest.approx(np.mean(predicted == examples[1]))
        flops = np.mean(outputs[name]["flops"], dtype="float64")
        assert found.values[f"attack/{prefix}Flops"] == pytest.approx(flops, rel=1e-3)
        np.testing.assert_array_equal(
            found.pictures[name], np.rint(versions[name][:8]).astype("uint8")
        )
        np.testing.assert_array_equal(found.predictions[name], predicted[:8])
    np.testing.assert_array_equal(found.labels, examples[1][:8])

    # The first unit of a block is not decided about where halting decides.
    decided = {"vanilla": [], "act": [2], "sact": [2]}.get(model_type, range(4))
    names = [f"block_{b}/unit_{u}" for b, u in ((1, 1), (2, 1), (2, 2), (3, 1))]
    assert set(found.changed_decisions) == (
        set(VERSIONS) - {"clean"} if decided else set()
    )
    for name, shares in found.changed_decisions.items():
        expected = {
            names[unit]: changed_share(
                outputs[name]["masks"][unit], outputs["clean"]["masks"][unit]
            )
            for unit in decided
        }
        assert shares == pytest.approx(expected, abs=0.002)
        mean = found.values[f"attack/{VERSIONS[name]}Changed_Decisions"]
        assert mean == pytest.approx(np.mean(list(shares.values())))
    if not decided:
        assert not any("Decisions" in name for name in found.values)
    elif model_type != "act":  # Its means over an image hardly move.
        assert found.values["attack/Changed_Decisions"] > 0


@pytest.mark.parametrize("model_type", SLOW_BUT_SACT)
def test_batch_size_does_not_matter(model_type, examples):
    model = varied_model(model_type)
    first, other = (evaluate(model, examples, size) for size in (11, 4))
    assert other.num_examples == first.num_examples
    # Rounding may turn the sign of a gradient that is almost zero.
    assert other.values == pytest.approx(first.values, rel=1e-2, abs=2e-2)
    for name, pictures in first.pictures.items():
        assert len(pictures) == 8
        assert np.mean(other.pictures[name] != pictures) < 0.02


@pytest.mark.slow
def test_large_images_give_the_same_numbers_in_batches_of_any_size():
    model = varied_model("sact")
    generator = np.random.default_rng(1)
    pixels = generator.uniform(0, 255, size=(9, 128, 128, 3)).astype("float32")
    examples = pixels, generator.integers(0, 10, size=9)
    one, other = (evaluate(model, examples, size) for size in (2, 9))
    assert one.values == other.values
    assert one.changed_decisions == other.changed_decisions
    assert one.values["attack/Changed_Decisions"] > 0


def test_all_versions_meet_the_same_draws(examples, monkeypatch):
    """Without an attack nothing changes, although the gates draw at random."""
    model = tiny_model("aig", model="1_2_1", gate_eval="sample")
    monkeypatch.setitem(
        attack_evaluator.ATTACKS, "none", lambda model, normalize, x, labels, eps: x
    )
    monkeypatch.setattr(attack_evaluator, "compress_as_jpeg", lambda x, quality: x)
    pixels, labels = examples
    draws = []
    evaluator = AttackEvaluator(
        model, standardize_images, 4, epsilon=0.1, attack="none", jit_compile=False
    )
    predict = evaluator._predict

    def recorded(pixels):
        outputs = predict(pixels)
        draws.append(np.stack(outputs["masks"], axis=1))
        return outputs

    evaluator._predict = recorded
    # The same images thrice: the groups differ by their draws alone.
    found = evaluator([(pixels[:4], labels[:4])] * 3)
    assert found.values["attack/Changed_Decisions"] == 0
    assert found.values["attack/JPEG_Flops"] == found.values["attack/Clean_Flops"]
    groups = draws[::4]
    assert len(groups) == 3
    assert not (groups[0] == groups[1]).all() or not (groups[1] == groups[2]).all()


@pytest.mark.slow
@pytest.mark.parametrize("model_type", SLOW_BUT_SACT)
def test_compiled_attack_agrees(model_type, examples):
    model = varied_model(model_type)
    plain, compiled = (
        evaluate(model, examples, jit_compile=jit).values for jit in (False, True)
    )
    assert compiled == pytest.approx(plain, rel=1e-2, abs=2e-2)


def test_fewer_images_than_are_pictured(examples):
    pixels, labels = examples
    found = evaluate(tiny_model("vanilla"), (pixels[:3], labels[:3]))
    assert {len(images) for images in found.pictures.values()} == {3}
    assert len(found.labels) == len(found.predictions["attacked"]) == 3


def test_no_images(examples):
    evaluator = AttackEvaluator(
        tiny_model(), standardize_images, 4, epsilon=0.1, jit_compile=False
    )
    with pytest.raises(ValueError, match="none"):
        evaluator([])


def test_printed():
    found = evaluate(tiny_model("vanilla"), (np.zeros((1, 32, 32, 3), "float32"), [1]))
    lines = str(found).splitlines()
    assert [line.split("[")[0] for line in lines] == [
        *("attack/Clean_Accuracy", "attack/Clean_JPEG_Accuracy"),
        *("attack/Accuracy", "attack/JPEG_Accuracy"),
        *("attack/Clean_Flops", "attack/Clean_JPEG_Flops"),
        *("attack/Flops", "attack/JPEG_Flops"),
    ]
