"""Writes a trained network as the package ships it."""

import shlex
import shutil
from pathlib import Path
from typing import Any

from export.checkpoint_network import CheckpointNetwork, load_checkpoint_network
from export.pretrained import PretrainedOptions
from sact_keras.checkpoints.shipped import write_shipped_checkpoint
from sact_keras.data import ImageDataset
from sact_keras.files.atomic_write import atomic_directory
from sact_keras.models.presets import DATASETS, parse_model
from sact_keras.training.data_faults import faults_of
from sact_keras.training.driver import open_dataset_of
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.options import Options
from sact_keras.training.result_files import describe_checkpoint, format_json
from sact_keras.training.run_config import CONFIG_FILE, RunConfig, repeating_command
from sact_keras.training.watch import watch_checkpoints
from sact_keras.training.writable import check_writable

METRICS_FILE = "metrics.json"
"""What `--mode=eval` finds of the network."""

_OF_THE_MACHINE = ("dataset_dir", "checkpoint_dir", "eval_dir")
"""Flags that say where things lie on the machine that trained the network."""


def export_pretrained(options: PretrainedOptions) -> None:
    """Writes `--output_dir`: the checkpoint, config.json and metrics.json.

    The network is evaluated as it was written, so that metrics.json is what anybody
    finds who evaluates the directory.

    Args:
        options: Checked options of the command line.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        DatasetError: If the data set cannot be had.
        OSError: If the directory cannot be written. It is then as it was.
    """
    target = Path(options.output_dir)
    check_writable(target.parent, "--output_dir")
    target.parent.mkdir(parents=True, exist_ok=True)
    network = load_checkpoint_network(options)
    dataset, resolved = open_dataset_of(network.options.resolve_evaluation())
    with atomic_directory(target) as temporary:
        write_shipped_checkpoint(
            network.model,
            temporary,
            step=network.step,
            kernel_dtype=options.kernel_dtype,
        )
        config = format_json(_config_of(network))
        (temporary / CONFIG_FILE).write_text(config, encoding="utf-8")
        evaluation, content = _evaluate(resolved, dataset, temporary, target)
        (temporary / METRICS_FILE).write_text(format_json(content), encoding="utf-8")
        if options.overwrite and target.exists():
            shutil.rmtree(target)
    print(evaluation)
    print(target, flush=True)


def _evaluate(
    options: Options, dataset: ImageDataset, directory: Path, target: Path
) -> tuple[Evaluation, dict[str, Any]]:
    found: list[tuple[Evaluation, dict[str, Any]]] = []

    def keep(evaluation: Evaluation, step: int | None, path: Path) -> None:
        content = {
            "step": step,
            "num_examples": evaluation.num_examples,
            **describe_checkpoint(path, options, dataset),
            "checkpoint": target.name,
            "executed_units": _executed_units(evaluation, options),
            "values": dict(evaluation.values),
        }
        found.append((evaluation, content))

    options = options.replace(checkpoint_dir=str(directory), evaluate_once=True)
    with faults_of(dataset):
        watch_checkpoints(options, dataset, num_steps=None, report=keep)
    return found[0]


def _executed_units(evaluation: Evaluation, options: Options) -> float:
    """Residual units that an image runs, the mean over images and positions."""
    if evaluation.unit_rates is not None:
        return float(evaluation.unit_rates.mean.sum())
    family = DATASETS[options.dataset].family
    return float(sum(parse_model(options.model, family, options.variant)))


def _config_of(network: CheckpointNetwork) -> dict[str, Any]:
    """The run's configuration, and the commands that lead to it."""
    flags = dict(network.flags)
    for name in _OF_THE_MACHINE:
        if name in flags:
            flags[name] = None
    run = RunConfig.find(network.path)
    content = {} if run is None else dict(run.content)
    return {
        **content,
        "flags": flags,
        "command": repeating_command(flags),
        "made_by": commands_of(network.path),
    }


def commands_of(path: Path) -> list[str]:
    """The command lines that made a checkpoint, the first one first.

    Args:
        path: A run's directory, or a checkpoint in it. Where the run started from
            another (`--finetune_path`), that run's commands come before.

    Returns:
        What was typed, without the directory of the data set; nothing for what is not
        a run's.
    """
    run = RunConfig.find(path)
    if run is None:
        return []
    if "made_by" in run.content:
        return list(run.content["made_by"])
    start = run.flags.get("finetune_path")
    before = [] if start is None else commands_of(Path(start))
    program, *typed = run.content["argv"]
    typed = [part for part in typed if not part.startswith("--dataset_dir=")]
    return [*before, shlex.join(["python", Path(program).name, *typed])]
