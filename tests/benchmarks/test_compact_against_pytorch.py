"""The comparison with PyTorch: its networks, its masks, its report."""

import json

import numpy as np
import pytest

import sact_keras
from benchmarks import compact_against_pytorch
from benchmarks.compact_against_pytorch import CASES, describe, main, make_workload
from benchmarks.inference_workers import (
    CompactWorker,
    PyTorchMaskedWorker,
    in_pytorch,
)

UNITS = {"sact": "2_3_1_2", "dynconv": "2_1_1_2", "aig": "2_1_2"}


def tiny_workload(name):
    case = CASES[name]._replace(model=UNITS[name], side=32, base_channels=4)
    return make_workload(case, 2, 0.5, threads=1)


@pytest.mark.parametrize("name", list(CASES))
def test_pytorch_network_has_the_model_s_weights(name):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    workload = tiny_workload(name)
    model = sact_keras.build_model(
        name, dataset=workload.dataset, model=workload.model, base_channels=4
    )
    ours = sorted(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    network, _, _ = in_pytorch(workload)
    assert sorted(p.numel() for p in network.parameters()) == ours


@pytest.mark.parametrize("name", list(CASES))
def test_pytorch_network_follows_the_masks(name):
    """What a mask leaves out has no influence, and what it keeps has."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    network, images, masks = in_pytorch(tiny_workload(name))
    # The second unit of the first block: with SACT the first runs whatever is given.
    mask = masks[1]
    ones, zeros = (
        [*masks[:1], other, *masks[2:]]
        for other in (torch.ones_like(mask), torch.zeros_like(mask))
    )
    with torch.inference_mode():
        before = [network(images, given).numpy() for given in (ones, zeros)]
        # Behind a ReLU positive kernels give something positive: as they were drawn,
        # the few channels of so small a unit may all be negative, and it adds zero.
        for parameter in network.blocks[0][1].parameters():
            parameter.add_(1.0)
        after = [network(images, given).numpy() for given in (ones, zeros)]
    assert np.abs(after[0] - before[0]).max() > np.abs(before[0]).max()
    np.testing.assert_array_equal(before[1], after[1])


@pytest.mark.parametrize(
    ("worker", "name"),
    # Tracing takes TensorFlow seconds; one case tells.
    [(CompactWorker(), "aig"), *((PyTorchMaskedWorker(), name) for name in CASES)],
)
def test_workers_run_and_say_how_long_it_took(worker, name, monkeypatch):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    # In this process TensorFlow has its threads already.
    threading = "tensorflow.config.threading.set_intra_op_parallelism_threads"
    monkeypatch.setattr(threading, lambda threads: None)
    run, facts = worker.prepare(tiny_workload(name))
    assert 0 < run(2) < 60
    assert facts["versions"]


class FakeProcess:
    """Takes a fixed time a batch."""

    def __init__(self, worker, workload):
        self.seconds = {"compact": 0.25, "PyTorch masked": 0.5}[worker.name]
        self.facts = {"versions": {worker.name: "1"}}

    def run(self, batches):
        return batches * self.seconds

    def close(self):
        pass


@pytest.mark.slow
def test_a_line_and_a_ratio_for_each_case(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(compact_against_pytorch, "WorkerProcess", FakeProcess)
    monkeypatch.setattr("benchmarks.worker_process.PAUSE_SECONDS", 0)
    path = tmp_path / "found.json"
    main(["--cases=aig", "--batch_sizes=2,1", "--rounds=2", f"--json={path}"])
    first, second = json.loads(path.read_text())["results"]
    assert (first["batch_size"], second["batch_size"]) == (2, 1)
    assert first["ratio"] == 2.0
    assert first["images_per_second"]["compact"] == {"median": 8.0, "rounds": [8.0] * 2}
    assert (
        describe(first) == "aig 18, 32x32, batch 2, rate 0.5, images/s: "
        "compact 8.0 (8.0 to 8.0), PyTorch masked 4.0 (4.0 to 4.0); ratio 2.00"
    )
    assert describe(first) in capsys.readouterr().out


@pytest.mark.parametrize(
    "argument",
    [
        "--cases=act",
        "--rates=1.5",
        "--rates=half",
        "--batch_sizes=8,0",
        "--seconds=-1",
        "--rounds=0",
        "--json=absent/found.json",
    ],
)
def test_wrong_arguments_end_the_program_before_any_work(argument, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([argument])
    assert stopped.value.code == 2
    name, _, value = argument.partition("=")
    message = capsys.readouterr().err
    assert f"argument {name}: expected " in message
    assert f"Received: '{value.rpartition(',')[2]}'" in message
