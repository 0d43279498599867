"""Modules that are alike run in one graph, each with its own weights."""

import numpy as np
import pytest
import tensorflow as tf

from sact_keras.compact.affine import Affine
from sact_keras.compact.convolution import Convolution
from sact_keras.compact.shared_graphs import SharedGraphs


def make_convolution(seed, shared=True, slope=None, bias=True, filters=2):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(3, 3, 2, filters)).astype("float32")
    values = rng.normal(size=filters).astype("float32")
    convolution = Convolution(kernel, values if bias else None, slope=slope)
    if shared:
        convolution.kernel.share()
    return convolution


def run(graphs, modules, traces=None):
    """Each of the modules on the same features."""

    def function(module, features, *rest):
        if traces is not None:
            traces.append(module)
        return module(features)

    features = tf.random.stateless_normal((1, 4, 5, 2), seed=(0, 1))
    return [graphs.run(function, [module], features, None) for module in modules]


def test_alike_modules_keep_their_weights():
    modules = [make_convolution(seed) for seed in range(3)]
    graphs, traces = SharedGraphs(), []
    outputs = run(graphs, modules, traces)
    assert (len(graphs), len(traces)) == (1, 1)
    features = tf.random.stateless_normal((1, 4, 5, 2), seed=(0, 1))
    for module, output in zip(modules, outputs, strict=True):
        np.testing.assert_allclose(output, module(features), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "other", [{"slope": 0.0}, {"slope": 0.1}, {"bias": False}, {"filters": 3}], ids=str
)
def test_what_differs_has_a_graph_of_its_own(other):
    graphs = SharedGraphs()
    run(graphs, [make_convolution(0), make_convolution(1, **other)])
    assert len(graphs) == 2


def test_another_type_has_a_graph_of_its_own():
    graphs = SharedGraphs()
    affine = Affine(None, np.ones(2, "float32"))
    affine.shift.share()
    run(graphs, [make_convolution(0), affine])
    assert len(graphs) == 2


def test_constants_stay_constants():
    graphs = SharedGraphs()
    run(graphs, [make_convolution(seed, shared=False) for seed in range(2)])
    assert len(graphs) == 0


def test_weights_read_as_themselves_after_an_error():
    module = make_convolution(0)

    def fail(module):
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        SharedGraphs().run(fail, [module])
    assert module.kernel.stand_in is None
