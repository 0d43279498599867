import json

import pytest

from sact_keras.training.distribution.cluster import Cluster, read_cluster
from sact_keras.training.usage_error import UsageError


def environment(cluster, kind="worker", index=0):
    task = {"type": kind, "index": index}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


TWO = {"worker": ["a:1", "b:2"]}


@pytest.mark.parametrize("text", [None, "", "  ", "{}"])
def test_no_cluster(text):
    assert read_cluster({} if text is None else {"TF_CONFIG": text}) is None


def test_worker_0_is_the_chief_where_there_is_none():
    first, second = (read_cluster(environment(TWO, index=i)) for i in range(2))
    assert first == Cluster(("a:1", "b:2"), 0)
    assert (first.is_chief, second.is_chief) == (True, False)
    assert second.num_workers == 2


def test_the_chief_comes_before_the_workers():
    cluster = TWO | {"chief": ["c:3"]}
    chief = read_cluster(environment(cluster, "chief"))
    worker = read_cluster(environment(cluster, "worker", 1))
    assert chief == Cluster(("c:3", "a:1", "b:2"), 0)
    assert worker == Cluster(("c:3", "a:1", "b:2"), 2)
    assert chief.is_chief
    assert not worker.is_chief


def test_an_index_may_be_text():
    # Shells, and some operators, write numbers so.
    assert read_cluster(environment(TWO, index="1")).index == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"TF_CONFIG": "not JSON"}, "must be JSON such as"),
        ({"TF_CONFIG": "[]"}, "must be JSON such as"),
        ({"TF_CONFIG": '{"cluster": {"worker": ["a:1"]}}'}, "must be JSON such as"),
        (environment(TWO, index=2), "an index from 0 to 1"),
        (environment(TWO, index=-1), "an index from 0 to 1"),
        (environment(TWO, "evaluator"), "--mode=eval evaluates"),
        (environment(TWO | {"ps": ["p:1"]}), "the types ps, worker"),
        (environment(TWO, "chief"), "the task a 'chief'"),
        (environment(TWO | {"chief": ["c:1", "c:2"]}), "one chief. Received: 2"),
        (environment({"worker": ["a:1", "b"]}), "by host:port. Received: 'b'"),
        (environment({"worker": ["a:port"]}), "by host:port"),
    ],
)
def test_what_is_no_cluster_is_refused(values, said):
    with pytest.raises(UsageError, match="TF_CONFIG must") as caught:
        read_cluster(values)
    assert said in str(caught.value)
