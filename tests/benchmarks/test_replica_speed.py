"""The benchmark of replicas: what it compares."""

import pytest

from benchmarks import replica_speed
from benchmarks.replica_workers import ReplicaWorker


def test_each_model_is_compared_with_itself_on_one_core():
    arguments = replica_speed.parse_arguments(
        ["--model_types=act,vanilla", "--norms=synchronized", "--replicas=3"]
    )
    workers = replica_speed.chosen_workers(arguments)
    assert workers == [
        ReplicaWorker("act", 1, 1),
        ReplicaWorker("act", 3, 3, sync_batch_norm=True),
        ReplicaWorker("vanilla", 1, 1),
        ReplicaWorker("vanilla", 3, 3, sync_batch_norm=True),
    ]
    assert [worker.name for worker in workers[:2]] == [
        "act, 1 replica on 1 core",
        "act, 3 replicas on 3 cores, synchronized norms",
    ]


@pytest.mark.parametrize("argument", ["--model_types=blockdrop", "--norms=all"])
def test_what_is_not_compared_is_refused(argument, capsys):
    with pytest.raises(SystemExit) as stopped:
        replica_speed.parse_arguments([argument])
    assert stopped.value.code == 2
    assert argument.partition("=")[2] in capsys.readouterr().err


@pytest.mark.slow
def test_it_measures_and_reports(tmp_path, monkeypatch, capsys):
    path = tmp_path / "replicas.json"
    flags = ["--model_types=vanilla", "--norms=own", "--batch_size=4", "--model=1"]
    flags += ["--rounds=1", "--steps=1", f"--json={path}"]
    monkeypatch.setattr("sys.argv", ["replica_speed", *flags])
    replica_speed.main()
    printed = capsys.readouterr().out
    assert "vanilla, 2 replicas on 2 cores" in printed
    assert '"times_one_core": 1.0' in path.read_text()
