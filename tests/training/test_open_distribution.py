import json

import pytest

from sact_keras.training.distribution.open_distribution import open_distribution
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError

TWO_WORKERS = json.dumps(
    {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}
)


@pytest.fixture(autouse=True)
def no_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.delenv("TF_CONFIG", raising=False)


@pytest.mark.parametrize("name", ["auto", "single"])
def test_one_device_needs_no_strategy(name):
    distribution = open_distribution(Options(distribution=name))
    assert distribution.strategy is None
    assert (distribution.num_replicas, distribution.num_local_replicas) == (1, 1)


def test_mirrored_on_the_cpu_as_one():
    distribution = open_distribution(Options(distribution="mirrored"))
    assert distribution.num_replicas == 1
    with distribution.scope():
        pass
    assert distribution.describe() == "one device"


def test_a_single_worker_of_an_operator_is_no_cluster(monkeypatch):
    one = {"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(one))
    assert open_distribution(Options()).strategy is None


@pytest.mark.parametrize(
    ("config", "options", "said"),
    [
        (TWO_WORKERS, {}, "TF_CONFIG names 2 processes: each would train by itself"),
        (None, {"distribution": "multi_worker"}, "Received: no TF_CONFIG"),
        (
            TWO_WORKERS,
            {"distribution": "multi_worker", "num_replicas": 2},
            "Received: --num_replicas=2",
        ),
        (
            None,
            {"distribution": "single", "num_replicas": 2},
            "Received: --num_replicas=2",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(monkeypatch, config, options, said):
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(UsageError) as caught:
        open_distribution(Options(**options))
    assert said in str(caught.value)
