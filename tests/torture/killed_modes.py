"""What is killed: every program in every mode, on networks of a few weights."""

import dataclasses
import importlib.util

TINY = ("--dataset=shapes", "--model=1", "--base_channels=4")
_TRAINING = (
    *(*TINY, "--batch_size=8", "--eval_batch_size=24", "--max_number_of_steps=8"),
    *("--eval_interval_steps=3", "--save_interval_secs=0", "--save_summaries_secs=0"),
)
_EVALUATION = ("--dataset=shapes", "--eval_batch_size=24", "--eval_dir={out}")
_ROUNDS = ("--benchmark_rounds=1", "--benchmark_batch_sizes=2")


@dataclasses.dataclass(frozen=True)
class Mode:
    """A program in one of its modes.

    Attributes:
        argv: The program and its flags. {out} stands for the directory that it writes
            to, {photos} for one of three images, and the name of another mode for
            what that has written.
        same: Patterns of the files that are the same, bit by bit, at each run.
        is_training: Whether a run goes on where another has stopped.
    """

    argv: tuple[str, ...]
    same: tuple[str, ...] = ()
    is_training: bool = False


def _training(*flags: str, mode: str = "train") -> Mode:
    argv = ("main.py", f"--mode={mode}", "--train_log_dir={out}", *flags, *_TRAINING)
    return Mode(argv, is_training=True)


def _blockdrop(stage: str, *flags: str) -> Mode:
    return _training("--model_type=blockdrop", f"--stage={stage}", *flags)


MODES = {
    "train": _training("--model_type=sact"),
    "train_and_eval": _training("--model_type=aig", mode="train_and_eval"),
    "pretrain": _blockdrop("pretrain"),
    "curriculum": _blockdrop(
        "curriculum", "--finetune_path={pretrain}", "--curriculum_steps=4"
    ),
    "finetune": _blockdrop("finetune", "--finetune_path={curriculum}"),
    "eval": Mode(
        ("main.py", "--mode=eval", *_EVALUATION, "--checkpoint_dir={train_and_eval}"),
        same=("*.json", "*.png"),
    ),
    "eval_policy": Mode(
        (
            *("main.py", "--mode=eval", "--evaluate_once", *_EVALUATION),
            "--checkpoint_dir={finetune}",
        ),
        same=("*.json", "*.png"),
    ),
    "attack": Mode(
        ("main.py", "--mode=attack", *_EVALUATION, "--checkpoint_dir={finetune}"),
        same=("*.json", "*.png"),
    ),
    "sweep": Mode(
        (
            *("main.py", "--mode=sweep", *_EVALUATION, *_ROUNDS),
            *("--compute_budgets=1", "--checkpoint_dir={train_and_eval}"),
        ),
    ),
    "benchmark": Mode(
        (
            *("main.py", "--mode=benchmark", "--eval_dir={out}", *_ROUNDS),
            "--checkpoint_dir={train_and_eval}",
        )
    ),
    "squeeze": Mode(
        (
            *("main.py", "--mode=squeeze", "--checkpoint_dir={train}"),
            "--squeezed_path={out}/small.weights.h5",
        ),
        same=("*.weights.h5",),
    ),
    "squeeze_keras": Mode(
        (
            *("main.py", "--mode=squeeze", "--checkpoint_dir={train}"),
            "--squeezed_path={out}/small.keras",
        ),
        same=("*.keras",),
    ),
    "saved_model": Mode(
        (
            *("export.saved_model", "--checkpoint_dir={train}", "--export_dir={out}"),
            *("--version=3", "--overwrite", "--serving_config", "--model_name=tiny"),
        ),
        same=("*.yml", "*.config", "3/model_card.json", "3/assets/labels.txt"),
    ),
    "tflite": Mode(
        (
            *("export.tflite", "--checkpoint_dir={train}", "--dataset=shapes"),
            *("--tflite_path={out}/tiny.tflite", "--quantization=int8"),
            "--calibration_examples=4",
        ),
        same=("*.tflite",),
    ),
    "maps_of_a_split": Mode(
        (
            *("export.ponder_maps", "--checkpoint_dir={train}", "--output_dir={out}"),
            *("--dataset=shapes", "--num_examples=4", "--batch_size=2"),
        ),
        same=("*.png", "*.jpg", "*.h5", "*.html"),
    ),
    "maps_of_images": Mode(
        (
            *("export.ponder_maps", "--checkpoint_dir={train}", "--output_dir={out}"),
            *("--images_pattern={photos}/*.jpg", "--execution=masked"),
        ),
        same=("*.png", "*.jpg", "*.h5", "*.html"),
    ),
    "client": Mode(
        (
            *("export.client", "--server={server}", "--model_name=tiny"),
            *("--images_pattern={photos}/*.jpg", "--heatmaps_dir={out}"),
        ),
        same=("*.png",),
    ),
}

if importlib.util.find_spec("tensorflow_model_optimization"):
    # Masks at the steps 2, 4 and 6 of 8.
    MODES["pruned"] = _training(
        *("--model_type=sact", "--prune_final_sparsity=0.75"),
        *("--prune_frequency=2", "--prune_end_step=6"),
    )
