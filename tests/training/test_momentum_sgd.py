import contextlib

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import TinyDataset, tiny_model

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.momentum_sgd import MomentumSGD

SHAPES = {"conv/kernel": (3, 2), "norm/gamma": (2,), "gates/unit_1/logits/bias": (2,)}
NUM_STEPS = 12


def gradients(step):
    """The same for all of the optimizers, whatever their weights."""
    generator = np.random.default_rng(step)
    return [generator.normal(size=shape).astype("float32") for shape in SHAPES.values()]


def start():
    generator = np.random.default_rng(99)
    return [generator.normal(size=shape).astype("float32") for shape in SHAPES.values()]


def rate_at(step):
    """Drops tenfold twice, as the schedules of the originals do."""
    return 0.1 * 0.1 ** ((step >= 5) + (step >= 9))


def schedule():
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [4, 8], [rate_at(0), rate_at(5), rate_at(9)]
    )


def variable_at(path, value):
    *scopes, name = path.split("/")
    with contextlib.ExitStack() as stack:
        for scope in scopes:
            stack.enter_context(keras.name_scope(scope))
        return keras.Variable(value, name=name)


def run_ours(**arguments):
    values = zip(SHAPES, start(), strict=True)
    variables = [variable_at(path, value) for path, value in values]
    optimizer = MomentumSGD(schedule(), **arguments)
    for step in range(NUM_STEPS):
        optimizer.apply(
            [keras.ops.convert_to_tensor(g) for g in gradients(step)], variables
        )
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 5e-4, 0.3])
def test_is_pytorchs_over_drops_of_the_learning_rate(momentum, weight_decay):
    torch = pytest.importorskip("torch")
    parameters = [torch.nn.Parameter(torch.tensor(value)) for value in start()]
    gates = {"params": parameters[2:], "factor": 0.1}
    reference = torch.optim.SGD(
        [{"params": parameters[:2], "factor": 1.0}, gates],
        lr=0.1,
        momentum=momentum,
        weight_decay=weight_decay,
    )
    for step in range(NUM_STEPS):
        for group in reference.param_groups:
            group["lr"] = rate_at(step) * group["factor"]
        for parameter, gradient in zip(parameters, gradients(step), strict=True):
            parameter.grad = torch.tensor(gradient)
        reference.step()
    found = run_ours(
        momentum=momentum,
        weight_decay=weight_decay,
        learning_rate_factors={"/logits/": 0.1},
    )
    for value, expected in zip(found, parameters, strict=True):
        np.testing.assert_allclose(
            value, expected.detach().numpy(), rtol=2e-6, atol=1e-7
        )


@settings(max_examples=20, deadline=None)
@given(
    momentum=st.floats(0, 0.99),
    weight_decay=st.floats(0, 1),
    factor=st.floats(0, 3),
)
def test_is_what_it_says(momentum, weight_decay, factor):
    weights = [value.astype("float64") for value in start()]
    velocities = [np.zeros_like(value) for value in weights]
    for step in range(NUM_STEPS):
        for index, gradient in enumerate(gradients(step)):
            decayed = gradient + weight_decay * weights[index]
            velocities[index] = momentum * velocities[index] + decayed
            rate = rate_at(step) * (factor if index == 2 else 1)
            weights[index] -= rate * velocities[index]
    found = run_ours(
        momentum=momentum,
        weight_decay=weight_decay,
        learning_rate_factors={"gates/.*/logits/": factor},
    )
    for value, expected in zip(found, weights, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)


def test_the_first_pattern_counts():
    optimizer = MomentumSGD(0.1, learning_rate_factors={"b/": 2.0, "a/b/": 3.0})
    optimizer.build([variable_at("a/b/c", [1.0]), variable_at("other", [1.0])])
    assert optimizer.factors == [2.0, 1.0]


def test_survives_serialization():
    optimizer = MomentumSGD(
        schedule(), 0.5, 1e-4, {"/logits/": 0.1}, clipnorm=1.0, name="mine"
    )
    revived = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(revived, MomentumSGD)
    assert revived.get_config() == optimizer.get_config()
    assert revived.coupled_weight_decay == 1e-4
    assert (revived.weight_decay, revived.clipnorm) == (None, 1.0)
    assert float(revived._learning_rate(5)) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"momentum": 1.0}, r"momentum must be in \[0, 1\)\. Received: momentum=1\.0"),
        ({"weight_decay": -1e-4}, "weight_decay must be at least 0"),
        ({"weight_decay": float("nan")}, "weight_decay must be at least 0"),
        ({"learning_rate_factors": {"a": -1.0}}, "learning_rate_factors must be"),
    ],
)
def test_what_is_out_of_range(arguments, said):
    with pytest.raises(ValueError, match=said):
        MomentumSGD(0.1, **arguments)


@pytest.mark.slow
def test_a_training_goes_on_exactly(tmp_path):
    """The velocities are part of a checkpoint."""

    def compiled(seed):
        keras.utils.set_random_seed(seed)
        model = tiny_model("vanilla", model="1")
        model.compile(
            MomentumSGD(schedule(), weight_decay=1e-2),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=False,
        )
        # A graph that makes the optimizer's variables is traced a second time.
        model.optimizer.build(model.trainable_variables)
        return model

    def fit(model, first, last):
        batches = TinyDataset().training_batches(8, seed=0, start_step=first)
        model.fit(batches, steps_per_epoch=last - first, shuffle=False, verbose=0)

    whole = compiled(seed=0)
    fit(whole, 0, 9)
    begun = compiled(seed=0)
    fit(begun, 0, 3)
    store = CheckpointStore(tmp_path)
    store.save(begun, step=3)
    resumed = compiled(seed=1)
    assert store.restore(resumed, store.latest()) == 3
    fit(resumed, 3, 9)
    for found, expected in zip(
        (*resumed.weights, *resumed.optimizer.variables),
        (*whole.weights, *whole.optimizer.variables),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected, err_msg=found.path)
