"""The benchmark of training speed: its order of turns, its report, its equals."""

import importlib.util

import numpy as np
import pytest

from benchmarks import training_speed
from benchmarks.training_workers import KerasWorker, PyTorchWorker


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
        ("--json=absent/speed.json", "'absent/speed.json'"),
    ],
)
def test_wrong_arguments_end_the_program_before_any_work(argument, received, capsys):
    with pytest.raises(SystemExit) as stopped:
        training_speed.parse_arguments([argument])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert argument.partition("=")[0] in message
    assert f"Received: {received}" in message


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
