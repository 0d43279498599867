"""What pruning takes from a network: as much as the schedule says, and the smallest."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import sact_keras
from sact_keras.checkpoints.missing_extra_error import MissingExtraError
from sact_keras.compression import PruneLowMagnitude
from sact_keras.compression.toolkit import import_toolkit

IMAGES = np.random.default_rng(0).standard_normal((48, 8, 8, 3)).astype("float32")
LABELS = np.random.default_rng(1).integers(0, 5, 48)
BATCH = 8


@pytest.fixture(scope="module")
def schedules():
    try:
        return import_toolkit().sparsity.keras
    except MissingExtraError:
        pytest.skip("needs the extra [optimization]")


def layers(library):
    """Layers that Keras 2 and Keras 3 have alike."""
    return [
        library.layers.Conv2D(6, 3, activation="relu", input_shape=(8, 8, 3))
        if library is not keras
        else library.layers.Conv2D(6, 3, activation="relu"),
        library.layers.Conv2D(8, 3, activation="relu"),
        library.layers.Flatten(),
        library.layers.Dense(16, activation="relu"),
        library.layers.Dense(5),
    ]


def compiled(library, network):
    network.compile(
        library.optimizers.SGD(0.05, momentum=0.9),
        library.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return network


def ours():
    keras.utils.set_random_seed(3)
    return compiled(keras, keras.Sequential([keras.Input((8, 8, 3)), *layers(keras)]))


def fit(network, steps, callbacks, first=0):
    """Makes so many steps over the same batches, in their order."""
    rows = np.arange(first * BATCH, (first + steps) * BATCH) % len(IMAGES)
    network.fit(
        IMAGES[rows],
        LABELS[rows],
        batch_size=BATCH,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )


def kernels(network):
    return [each for each in network.get_weights() if each.ndim > 1]


def kept(size, sparsity):
    return max(int(np.round(np.float32(size) * np.float32(1 - sparsity))), 1)


@pytest.mark.parametrize("steps", [4, 5, 12])
@pytest.mark.parametrize("block", ["1x1", "2:4"])
def test_weights_are_those_of_the_toolkits_own_wrapper(schedules, block, steps):
    """Also where the training ends at the step before the next masks."""
    tf_keras = pytest.importorskip("tf_keras")
    schedule = schedules.PolynomialDecay(0.1, 0.8, 2, 11, 3, 3)
    if block == "2:4":
        schedule = schedules.ConstantSparsity(0.5, 1)
    network, twin_layers = ours(), layers(tf_keras)
    more = {"sparsity_m_by_n": (2, 4)} if block == "2:4" else {}
    twin = tf_keras.Sequential(
        [
            schedules.prune_low_magnitude(layer, schedule, **more)
            if hasattr(layer, "kernel_initializer") and layer is not twin_layers[-1]
            else layer
            for layer in twin_layers
        ]
    )
    twin.build((None, 8, 8, 3))
    compiled(tf_keras, twin)
    weighty = [layer for layer in twin_layers if layer.weights]
    same = [layer for layer in network.layers if layer.weights]
    for layer, other in zip(weighty, same, strict=True):
        layer.set_weights(other.get_weights())
    fit(network, steps, [PruneLowMagnitude(schedule, block)])
    fit(twin, steps, [schedules.UpdatePruningStep()])
    for layer, other in zip(weighty, same, strict=True):
        for expected, found in zip(
            layer.get_weights(), other.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(found == 0, expected == 0)
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("final", "steps"), [(0.8, 9), (0.35, 12), (0.999, 20)])
def test_as_many_weights_are_left_as_the_schedule_says(schedules, final, steps):
    network = ours()
    schedule = schedules.PolynomialDecay(0.0, final, 1, 9, 3, 4)
    pruning = PruneLowMagnitude(schedule)
    fit(network, steps, [pruning])
    *pruned, last = kernels(network)
    assert [np.count_nonzero(kernel) for kernel in pruned] == [
        kept(kernel.size, final) for kernel in pruned
    ]
    assert np.all(last != 0)
    zeros = sum(np.count_nonzero(kernel == 0) for kernel in pruned)
    assert pruning.sparsity == zeros / sum(kernel.size for kernel in pruned)


def test_the_smallest_weights_are_pruned_and_stay_zero_after_every_step(schedules):
    network = ours()
    before = kernels(network)[0]
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(
            (kernels(network)[0], logs["sparsity"])
        )
    )
    fit(network, 6, [PruneLowMagnitude(schedules.ConstantSparsity(0.5, 1, 1)), watch])
    expected = np.abs(before) > np.median(np.abs(before))
    for kernel, sparsity in seen:
        np.testing.assert_array_equal(kernel != 0, expected)
        assert sparsity == pytest.approx(0.5, abs=1e-3)
    assert not np.array_equal(seen[0][0], seen[-1][0])


def test_blocks_of_four_neighbouring_outputs_go_together(schedules):
    network = ours()
    fit(network, 2, [PruneLowMagnitude(schedules.ConstantSparsity(0.5, 1, 1), "1x4")])
    second, dense = kernels(network)[1:3]
    for kernel in (second.reshape(-1, 8), dense):
        blocks = np.count_nonzero(kernel.reshape(len(kernel), -1, 4), axis=-1)
        assert set(np.unique(blocks)) == {0, 4}
        assert np.count_nonzero(blocks) == blocks.size / 2
    # Of six output channels the last two make a block by themselves.
    first = kernels(network)[0].reshape(-1, 6)
    assert set(np.unique(np.count_nonzero(first[:, 4:], axis=-1))) == {0, 2}


def test_two_of_four_neighbouring_inputs_are_kept(schedules):
    network = ours()
    fit(network, 3, [PruneLowMagnitude(schedules.ConstantSparsity(0.5, 2), "2:4")])
    dense = kernels(network)[2]
    quads = np.count_nonzero(dense.T.reshape(16, -1, 4), axis=-1)
    assert set(np.unique(quads)) == {2}


@pytest.mark.parametrize("cut", [3, 4, 7])
def test_goes_on_in_another_process_as_if_it_had_never_stopped(schedules, cut):
    """At step 4 the weights that the next masks may take back are part of the state."""

    def schedule():
        return schedules.PolynomialDecay(0.2, 0.7, 1, 9, 3, 4)

    network = ours()
    fit(network, 10, [PruneLowMagnitude(schedule())])
    first, pruning = ours(), PruneLowMagnitude(schedule())
    fit(first, cut, [pruning])
    again, resumed = ours(), PruneLowMagnitude(schedule())
    again.optimizer.build(again.trainable_variables)
    again.set_weights(first.get_weights())
    for variable, other in zip(
        again.optimizer.variables, first.optimizer.variables, strict=True
    ):
        variable.assign(other)
    resumed.set_model(again)
    resumed.decode(pruning.encode())
    assert (resumed.step, resumed.sparsity) == (cut, pruning.sparsity)
    fit(again, 10 - cut, [resumed], first=cut)
    for expected, found in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_prunes_the_variables_of_a_strategy(schedules):
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    with strategy.scope():
        network = ours()
    fit(network, 6, [PruneLowMagnitude(schedules.ConstantSparsity(0.75, 1, 2))])
    for kernel in kernels(network)[:-1]:
        assert np.count_nonzero(kernel) == kept(kernel.size, 0.75)


@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact", "aig", "dynconv"])
def test_what_decides_and_the_last_layer_are_left_alone(schedules, model_type):
    model = sact_keras.build_model(model_type, model="2", base_channels=4)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images, labels = np.ones((2, 32, 32, 3), "float32"), np.zeros(2, "int32")
    pruning = PruneLowMagnitude(schedules.ConstantSparsity(0.9, 1, 1))
    model.fit(images, labels, verbose=0, callbacks=[pruning])
    sparse = {
        variable.path.partition("/")[2]
        for variable in model.trainable_variables
        if variable.name == "kernel" and np.mean(variable.numpy() == 0) > 0.85
    }
    convolutions = {
        f"block_{b}/unit_{u}/conv{c}" for b in (1, 2, 3) for u in (1, 2) for c in (1, 2)
    }
    shortcuts = {path for path in sparse if path.endswith("shortcut/kernel")}
    assert sparse - shortcuts == {
        f"{name}/kernel" for name in (*convolutions, "stem/conv")
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"block": "4x1"}, r"block must be one of 1x1, 1x4, 2:4. Received: .*4x1"),
        ({"also": ["gates"]}, r"also must be among decisions, last_layer. .*gates"),
    ],
)
def test_refuses_other_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        PruneLowMagnitude(lambda step: (True, 0.5), **arguments)


def test_refuses_what_it_could_not_keep(schedules, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(keras.backend, "backend", lambda: "jax")
        with pytest.raises(RuntimeError, match="KERAS_BACKEND=jax"):
            PruneLowMagnitude(lambda step: (True, 0.5)).set_model(ours())
    schedule = schedules.ConstantSparsity(0.5, 1)
    several = ours()
    several.compile("sgd", "mse", steps_per_execution=4)
    with pytest.raises(ValueError, match=r"steps_per_execution=1.*Received.*=4"):
        fit(several, 4, [PruneLowMagnitude(schedule)])
    single = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="kernels to prune besides its last layer's"):
        PruneLowMagnitude(schedule).set_model(single)
    narrow = PruneLowMagnitude(schedule, "1x4", ["last_layer"])
    with pytest.raises(ValueError, match=r"one input and four outputs.*\(4, 1\)"):
        narrow.set_model(single)


def test_refuses_the_state_of_another_network(schedules):
    pruning = PruneLowMagnitude(schedules.ConstantSparsity(0.5, 1))
    pruning.set_model(ours())
    content = pruning.encode()
    other = PruneLowMagnitude(schedules.ConstantSparsity(0.5, 1))
    other.set_model(
        keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(9), keras.layers.Dense(2)]
        )
    )
    with pytest.raises(ValueError, match=r"masks of the kernels' sizes, 36 bits"):
        other.decode(content)
    for damaged in (content[:50], b"", b"PK\x05\x06" + bytes(18)):
        with pytest.raises(ValueError, match="content"):
            pruning.decode(damaged)


def test_the_toolkit_changes_nothing_for_others(schedules, monkeypatch):
    del schedules
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    import_toolkit.cache_clear()
    import_toolkit()
    import os

    assert "TF_USE_LEGACY_KERAS" not in os.environ
    assert getattr(tf, "keras").version().startswith("3.")  # noqa: B009
