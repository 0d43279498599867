"""The benchmark of training speed: its order of turns, its report, its equals."""

import importlib.util
import json

import numpy as np
import pytest

from benchmarks import training_speed
from benchmarks.workers import KerasWorker, PyTorchWorker


class FakeProcess:
    """Takes a fixed time a step, and notes each turn in a list shared by all."""

    def __init__(self, name, seconds_per_step, turns):
        self.name = name
        self.seconds_per_step = seconds_per_step
        self.turns = turns

    def train(self, steps):
        self.turns.append(self.name)
        return steps * self.seconds_per_step


def test_processes_take_turns_and_change_their_order(monkeypatch):
    monkeypatch.setattr(training_speed, "PAUSE_SECONDS", 0)
    turns = []
    processes = [FakeProcess("a", 0.5, turns), FakeProcess("b", 0.25, turns)]
    speeds = training_speed.measure(processes, batch_size=8, rounds=3, steps=2)
    assert turns == ["a", "b", "b", "a", "a", "b"]
    assert speeds == [[16.0] * 3, [32.0] * 3]


def test_every_combination_of_options_is_a_worker(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    arguments = training_speed.parse_arguments(
        ["--model_types=vanilla,sact", "--oneDNN=on,off", "--pytorch=plain"]
    )
    workers = training_speed.chosen_workers(arguments)
    assert workers == [
        KerasWorker("vanilla", "on", "auto"),
        KerasWorker("vanilla", "off", "auto"),
        KerasWorker("sact", "on", "auto"),
        KerasWorker("sact", "off", "auto"),
        PyTorchWorker(channels_last=False),
    ]
    assert len({worker.name for worker in workers}) == 5


def test_pytorch_is_left_out_aloud_where_it_is_absent(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    arguments = training_speed.parse_arguments(["--model_types=act"])
    assert training_speed.chosen_workers(arguments) == [
        KerasWorker("act", "auto", "auto")
    ]
    assert "PyTorch is not installed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argument", "received"),
    [
        ("--model_types=aig", "'aig'"),
        ("--oneDNN=maybe", "'maybe'"),
        ("--pytorch=", "''"),
        ("--rounds=0", "'0'"),
        ("--steps=-3", "'-3'"),
        ("--json=absent/speed.json", "absent/speed.json"),
    ],
)
def test_wrong_arguments_end_the_program_before_any_work(argument, received, capsys):
    with pytest.raises(SystemExit) as stopped:
        training_speed.parse_arguments([argument])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert argument.partition("=")[0] in message
    assert f"Received: {received}" in message


def test_json_replaces_an_earlier_file_whole(tmp_path):
    path = tmp_path / "speed.json"
    path.write_text("earlier")
    training_speed.write_json(path, {"ratios": [[1.0]]})
    assert json.loads(path.read_text()) == {"ratios": [[1.0]]}
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_keeps_the_earlier_file(tmp_path):
    path = tmp_path / "speed.json"
    path.write_text("earlier")
    with pytest.raises(TypeError):
        training_speed.write_json(path, {"ratios": object()})
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("units", [1, 5])
def test_pytorch_network_has_the_vanilla_model_s_weights(units):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    import sact_keras
    from benchmarks import pytorch_resnet32

    model = sact_keras.build_model("vanilla", dataset="cifar10", model=str(units))
    model(np.zeros((1, 32, 32, 3), np.float32))  # Creates the weights.
    ours = sorted(weight.shape.num_elements() for weight in model.trainable_weights)
    network = pytorch_resnet32.ResNet(units)
    assert sorted(p.numel() for p in network.parameters()) == ours
    decaying = sum(p.numel() for p in pytorch_resnet32.kernels(network))
    assert decaying == sum(
        weight.shape.num_elements()
        for weight in model.trainable_weights
        if weight.path.endswith("kernel")
    )
