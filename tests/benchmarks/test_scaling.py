"""What replicas exchange, counted in real steps; and the program around it."""

import io
import json

import pytest
from PIL import Image

import sact_keras
from benchmarks import scaling
from benchmarks.interconnect import Interconnect, Link
from benchmarks.scaling_picture import draw_scaling
from benchmarks.scaling_projection import StepTime
from benchmarks.scaling_report import format_exchanges, format_projections, project
from benchmarks.step_exchanges import Exchange, count_exchanges
from sact_keras.layers import BatchNorm


def exchanged(model_type, **arguments):
    """A tiny network, and the bytes of its exchanges by kind."""
    model = sact_keras.build_model(model_type, model="1", base_channels=4, **arguments)
    found = {}
    for kind, num_bytes in count_exchanges(model, (32, 32)):
        found.setdefault(kind, []).append(num_bytes)
    return model, found


def channels_of_norms(model):
    layers = model._flatten_layers()
    return [norm.gamma.shape[0] for norm in layers if isinstance(norm, BatchNorm)]


def test_each_norm_exchanges_mean_and_variance_and_what_its_gradient_takes():
    model, found = exchanged("vanilla")
    assert found["gradients"] == [
        4 * model.count_params() - 8 * sum(channels_of_norms(model))
    ]  # All weights but the moving averages.
    sizes = [size for n in channels_of_norms(model) for size in (4 * n, 4 * n, 8 * n)]
    assert sorted(found["moments"]) == sorted(sizes)
    assert set(found) == {"gradients", "moments", "logs"}


def test_methods_exchange_what_their_losses_take_of_the_batch():
    # Of three units: rates for the loss, backwards, and for the log.
    assert exchanged("aig")[1]["means"] == [12] * 3
    # Cost and dense cost, the latter without a gradient.
    assert exchanged("dynconv")[1]["means"] == [12] * 5
    # Linear in the batch: a mean of the replicas' own losses is that of all.
    assert "means" not in exchanged("sact")[1]


def test_norms_of_droppable_units_ask_each_time_whether_any_image_runs_them():
    # Two in each of three units, under the policy that is drawn and the likeliest.
    assert exchanged("blockdrop")[1]["flags"] == [4] * 12


def test_own_moments_exchange_neither_moments_nor_flags():
    kinds = ("gradients", "moments", "means", "flags", "logs")
    found = project(
        [Exchange(kind, 10**place) for place, kind in enumerate(kinds)],
        StepTime(1.0, 1.0),
        Interconnect(near=Link(1.0, 1.0), replicas_per_machine=8),
        replicas=[2],
        batch_size=8,
        replica_batch_size=8,
    )
    sent = {name: each["replicas"][0]["sent_bytes"] for name, each in found.items()}
    assert sent == {"own": 10101, "synchronized": 11111}


def test_report_of_a_network(monkeypatch, tmp_path, capsys):
    json_file, picture = tmp_path / "scaling.json", tmp_path / "scaling.png"
    monkeypatch.setattr(
        "sys.argv",
        [
            "scaling",
            "--model_types=vanilla",
            "--networks=cifar10:1",
            "--replicas=2,16",
            "--measured=10:6,20:11",
            "--batch_size=8",
            f"--json={json_file}",
            f"--picture={picture}",
        ],
    )
    scaling.main()
    report = json.loads(json_file.read_text())
    (network,) = report["networks"]
    assert network["step"] == {
        "measured": True,
        "fixed_ms": pytest.approx(1.0),
        "ms_per_image": pytest.approx(0.5),
    }
    two, sixteen = network["norms"]["own"]["replicas"]
    total = network["exchanges"]["gradients"]["bytes"] + 4 * 3
    assert two["sent_bytes"] == total  # 2 (R - 1) / R of it.
    # 5 ms alone; on two replicas 3 ms, and what they exchange.
    assert two["strong_efficiency"] == pytest.approx(
        5 / (2 * (3 + two["communication_ms"]))
    )
    assert sixteen["strong_efficiency"] is None
    synchronized = network["norms"]["synchronized"]["replicas"][0]
    assert synchronized["communication_ms"] > two["communication_ms"]
    text = capsys.readouterr().out
    assert format_exchanges(report["networks"]) in text
    assert format_projections(report["networks"]) in text
    assert picture.read_bytes() == draw_scaling(report)
    assert Image.open(io.BytesIO(picture.read_bytes())).size == (1200, 540)


def test_assumed_step_follows_from_flops_and_layers():
    arguments = scaling.parse_arguments(["--tflops=1", "--layer_us=100"])
    found = scaling.study("vanilla", "cifar10", "1", arguments)
    assert found["step"]["ms_per_image"] == pytest.approx(3 * found["flops"] / 1e9)
    # Seven convolutions and the classifier, a tenth of a millisecond each.
    assert found["step"]["fixed_ms"] == pytest.approx(0.1 * 8)
    assert not found["step"]["measured"]


@pytest.mark.parametrize(
    "argument",
    [
        "--networks=cifar10",
        "--networks=mnist:5",
        "--model_types=resnet",
        "--measured=32:fast",
        "--measured=32:10,16:5",
        "--measured=32",
        "--measured=1:1,2:2,3:3",
        "--far_gb_per_s=0",
        "--replicas=0",
        "--algorithm=star",
    ],
)
def test_wrong_arguments_are_refused(argument):
    with pytest.raises(SystemExit) as stop:
        scaling.parse_arguments([argument])
    assert stop.value.code == 2
