import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_training import TinyDataset, tiny_model, tiny_options

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.build import build_for_training
from sact_keras.training.distribution.distribution import ALONE
from sact_keras.training.distribution.train_function import TrainFunction
from sact_keras.training.steps import make_steps, training_batches
from sact_keras.training.train import train


class Twins(TinyDataset):
    """Each image comes twice: norms see the same in either of two micro batches."""

    def training_batches(self, batch_size, **how):
        halves = super().training_batches(batch_size // 2, **how)
        return halves.map(lambda *half: tuple(tf.repeat(x, 2, 0) for x in half))


def trained(model_type="vanilla", num_steps=3, **changes):
    options = tiny_options(
        "unused",
        model_type=model_type,
        base_channels=4,
        batch_size=12,
        learning_rate=0.01,
        sync_batch_norm=True,  # Of one device: more precise moments.
        **changes,
    )
    dataset = Twins()
    model = build_for_training(options, dataset)
    batches = training_batches(options, dataset, ALONE, start_step=0)
    make_steps(model, batches, num_steps, [])
    return model


@pytest.mark.fast_with("aig")
@pytest.mark.parametrize("model_type", ["vanilla", "aig"])
def test_micro_batches_add_up_to_the_batch(model_type):
    # Scores far from zero, so that noise does not decide.
    changes = {"target_rates": "1,1,1"} if model_type == "aig" else {}
    whole = trained(model_type, **changes)
    parts = trained(model_type, accumulate_steps=2, **changes)
    assert not isinstance(whole.train_function, TrainFunction)
    assert isinstance(parts.train_function, TrainFunction)
    assert int(parts.optimizer.iterations) == int(whole.optimizer.iterations) == 3
    for ours, theirs in zip(
        [*parts.trainable_variables, *parts.optimizer.variables],
        [*whole.trainable_variables, *whole.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_allclose(
            ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-5, err_msg=ours.path
        )
    logs = [model.get_metrics_result() for model in (parts, whole)]
    assert logs[0].keys() == logs[1].keys()
    for name in logs[0]:
        assert float(logs[0][name]) == pytest.approx(float(logs[1][name]), rel=1e-4)


@pytest.mark.slow
def test_weights_that_no_loss_depends_on_stay_as_they_are(tmp_path):
    path = tmp_path / "start.weights.h5"
    tiny_model("blockdrop", model="1").save_weights(path)
    options = {
        "stage": "finetune",
        "finetune_path": str(path),
        "accumulate_steps": 2,
    }
    model = trained("blockdrop", num_steps=1, **options)
    fresh = build_for_training(
        tiny_options(
            "unused", model_type="blockdrop", base_channels=4, batch_size=12, **options
        ),
        TinyDataset(),
    )
    for ours, theirs in zip(
        model.policy.value.weights, fresh.policy.value.weights, strict=True
    ):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    changed = model.policy.logits.kernel.numpy() != fresh.policy.logits.kernel.numpy()
    assert changed.any()


@pytest.mark.fast_with("mixed_float16")
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_float32_weights_and_resumes(tmp_path, precision):
    def run(directory, num_steps, **changes):
        options = tiny_options(
            directory,
            base_channels=4,
            precision=precision,
            max_number_of_steps=num_steps,
            eval_interval_steps=0,
            learning_rate=0.01,
            **changes,
        )
        # The schedule is that of the whole training, whatever is left of it.
        train(options.replace(decay_epochs="100"), TinyDataset())
        checkpoint = CheckpointStore(directory / "checkpoints").latest()
        model = build_for_training(options, TinyDataset())
        assert model.compute_dtype == precision.removeprefix("mixed_")
        assert {weight.dtype for weight in model.weights} == {"float32"}
        is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        assert is_scaled == (precision == "mixed_float16")
        CheckpointStore(directory / "checkpoints").restore(model, checkpoint)
        return [v.numpy() for v in (*model.weights, *model.optimizer.variables)]

    whole = run(tmp_path / "whole", 4)
    begun = run(tmp_path / "parts", 2)
    finished = run(tmp_path / "parts", 4)
    assert all(np.isfinite(value).all() for value in whole)
    assert any((a != b).any() for a, b in zip(begun, finished, strict=True))
    for value, expected in zip(finished, whole, strict=True):
        np.testing.assert_array_equal(value, expected)
