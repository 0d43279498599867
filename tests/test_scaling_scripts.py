"""The Slurm script and the Kubernetes manifest: what they tell each process."""

import json
import os
import re
import stat
import subprocess
import textwrap

import pytest
from conftest import PROJECT_ROOT

SLURM = PROJECT_ROOT / "docs" / "scaling" / "slurm.sh"
KUBERNETES = PROJECT_ROOT / "docs" / "scaling" / "kubernetes.yaml"

# Say what they were started with, in place of the programs.
SCONTROL = """
if [ "$1 $2" = "show hostnames" ]; then
    [ "$3" = "node[1-3]" ] && printf 'node1\\nnode2\\nnode3\\n'
else
    echo "scontrol $*"
fi
"""
SRUN = """
[ "$1" = --kill-on-bad-exit=1 ] && shift
for task in 0 1 2; do SLURM_PROCID=$task "$@" || exit $?; done
"""
PYTHON = """
printf '%s\\n' "$TF_CONFIG" "$@"
exit ${EXIT_CODE:-0}
"""


def run(directory, command, **environment):
    """Runs a command where scontrol, srun and python only say what they were told."""
    programs = {"scontrol": SCONTROL, "srun": SRUN, "python": PYTHON}
    for name, code in programs.items():
        program = directory / name
        program.write_text(f"#!/bin/bash\n{code}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    path = f"{directory}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def workers_told(lines):
    """Splits what PYTHON printed into each process's TF_CONFIG and arguments."""
    starts = [n for n, line in enumerate(lines) if line.startswith("{")]
    return [
        (json.loads(lines[start]), lines[start + 1 : end])
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]


def run_slurm(directory, *arguments, **environment):
    return run(
        directory,
        [SLURM, *arguments],
        SLURM_JOB_ID="100007",
        SLURM_JOB_NODELIST="node[1-3]",
        **environment,
    )


def test_slurm_tells_each_task_its_place(tmp_path):
    finished = run_slurm(tmp_path, "--model_type=sact", "--train_log_dir=/a b")
    assert finished.returncode == 0, finished.stderr
    told = workers_told(finished.stdout.splitlines())
    hosts = [f"node{number}:24007" for number in (1, 2, 3)]  # 20000 + 100007 % 12000
    assert [config for config, _ in told] == [
        {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
        for index in range(3)
    ]
    for _, arguments in told:
        assert arguments == [
            "main.py",
            "--distribution=multi_worker",
            "--model_type=sact",
            "--train_log_dir=/a b",
        ]


@pytest.mark.parametrize(
    ("exit_code", "restarts", "queued"),
    [("1", "", True), ("143", "9", True), ("1", "10", False), ("2", "", False)],
)
def test_slurm_queues_a_failed_job_again(exit_code, restarts, queued, tmp_path):
    count = {"SLURM_RESTART_COUNT": restarts} if restarts else {}
    finished = run_slurm(tmp_path, EXIT_CODE=exit_code, **count)
    assert finished.returncode == int(exit_code)
    assert ("scontrol requeue 100007" in finished.stdout) == queued


def test_slurm_script_is_one_that_bash_and_slurm_read():
    subprocess.run(["bash", "-n", SLURM], check=True)
    # Slurm reads options up to the first command alone.
    options, commands = re.split(r"(?m)^(?!#|$)", SLURM.read_text(), maxsplit=1)
    assert options.count("\n#SBATCH --") == 9
    assert "#SBATCH" not in commands


def manifest_script():
    """The pod's shell commands."""
    (block,) = re.findall(r"- \|\n((?: {14}.*\n)+)", KUBERNETES.read_text())
    return textwrap.dedent(block)


@pytest.mark.parametrize("index", [0, 3])
def test_kubernetes_tells_each_pod_its_place(index, tmp_path):
    finished = run(
        tmp_path,
        ["bash", "-euc", manifest_script(), "train", "--model_type=sact"],
        JOB="sact-keras",
        WORKERS="4",
        JOB_COMPLETION_INDEX=str(index),
    )
    assert finished.returncode == 0, finished.stderr
    ((config, arguments),) = workers_told(finished.stdout.splitlines())
    assert config == {
        "cluster": {"worker": [f"sact-keras-{n}.sact-keras:2222" for n in range(4)]},
        "task": {"type": "worker", "index": index},
    }
    assert arguments == ["main.py", "--distribution=multi_worker", "--model_type=sact"]


def test_kubernetes_manifest_agrees_with_itself():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    service, job = yaml.safe_load_all(KUBERNETES.read_text())
    spec = job["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    assert spec["completions"] == spec["parallelism"] == int(environment["WORKERS"])
    assert environment["JOB"] == job["metadata"]["name"] == pod["subdomain"]
    assert service["metadata"]["name"] == pod["subdomain"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert container["command"][2] == manifest_script()
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
