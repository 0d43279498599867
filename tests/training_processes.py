"""Starts the processes of a training."""

import contextlib
import json
import os
import socket
import subprocess
import sys

import h5py
from conftest import PROJECT_ROOT

from sact_keras.checkpoints.store import CheckpointStore


def free_ports(number):
    """So many ports that nobody listens to."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]


def start(program, *arguments, cluster=None, index=0):
    """Starts a program, one of a cluster's processes; its output is kept."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(
            [str(PROJECT_ROOT), str(PROJECT_ROOT / "tests" / "training")]
        ),
        "CUDA_VISIBLE_DEVICES": "",
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "PYTHONFAULTHANDLER": "1",
    }
    environment.pop("TF_CONFIG", None)
    if cluster is not None:
        task = {"type": "worker", "index": index}
        environment["TF_CONFIG"] = json.dumps(
            {"cluster": {"worker": cluster}, "task": task}
        )
    return subprocess.Popen(
        [sys.executable, program, *map(str, arguments)],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def start_all(number, program, *arguments):
    """Starts all processes of a cluster of `number` on this machine."""
    cluster = [f"localhost:{port}" for port in free_ports(number)]
    return [
        start(program, *arguments, cluster=cluster, index=index)
        for index in range(number)
    ]


def finish(*processes, timeout=900):
    """Waits for processes that must succeed; returns what they have written."""
    outputs = [process.communicate(timeout=timeout)[0] for process in processes]
    for process, output in zip(processes, outputs, strict=True):
        assert process.returncode == 0, output
    return outputs


def saved_arrays(directory):
    """The weights and the optimizer's state of a run's latest checkpoint, by name."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    path = CheckpointStore(directory / "checkpoints").latest().weights_path
    with h5py.File(path) as file:
        file.visititems(visit)
    return found
