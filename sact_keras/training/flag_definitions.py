"""The program's flags: their names, defaults and meaning, for absl.

Nothing here imports TensorFlow or Keras.
"""

from collections.abc import Callable, Sequence

from absl import flags

from sact_keras.models import presets
from sact_keras.training.options import Options
from sact_keras.training.recipes import RECIPES


def define_flags(values: flags.FlagValues) -> dict[str, list[str]]:
    """Defines the program's flags.

    Args:
        values: Where they are defined; the caller's own, so that flags of imported
            libraries are neither accepted nor shown.

    Returns:
        Title -> names of the flags of each group, in the order of `--help`.
    """
    groups: dict[str, list[str]] = {}
    defaults = Options()
    group: list[str] = []

    def title(text: str) -> None:
        nonlocal group
        group = groups.setdefault(text, [])

    def define(kind: Callable, name: str, description: str) -> None:
        group.append(name)
        kind(name, getattr(defaults, name), description, flag_values=values)

    def choice(name: str, choices: Sequence[str], description: str) -> None:
        group.append(name)
        default = getattr(defaults, name)
        flags.DEFINE_enum(name, default, choices, description, flag_values=values)

    text, integer, number = (
        flags.DEFINE_string,
        flags.DEFINE_integer,
        flags.DEFINE_float,
    )

    title("The run")
    choice(
        "mode",
        ("train", "eval", "train_and_eval", "squeeze"),
        "What to do. eval keeps watching --checkpoint_dir for new checkpoints until "
        "the training's last step, unless --evaluate_once. squeeze writes a copy of a "
        "checkpoint without the optimizer's state.",
    )
    choice(
        "dataset",
        tuple(presets.DATASETS),
        "Data set. Unset: of a run or checkpoint that knows it, its own; else CIFAR-10 "
        "if it is at hand or can be downloaded, otherwise the built-in shapes.",
    )
    define(
        text,
        "dataset_dir",
        "Directory with the data set as TFDS or TF-Slim prepare it. Unset: "
        "$TFDS_DATA_DIR, ~/tensorflow_datasets, ~/tensorflow/data/<dataset>.",
    )
    define(
        integer,
        "image_size",
        "ImageNet: side in pixels of the images that the network sees. Unset: 224.",
    )
    define(
        flags.DEFINE_boolean,
        "skip_bad_records",
        "ImageNet: leave out records that cannot be used, count and report them, "
        "rather than stop at the first.",
    )
    define(
        integer, "seed", "Seed of the initial weights, the order and the augmentation."
    )
    choice(
        "jit_compile",
        ("auto", "true", "false"),
        "Whether XLA compiles the training step and the evaluation. auto: what is "
        "faster on this machine's device.",
    )

    title("The model")
    choice(
        "model_type",
        (*presets.MODEL_TYPES, *presets.MODEL_TYPE_ALIASES),
        "Who decides which units run: nobody (vanilla; the default), the image (act) "
        "or each position (sact). act_early_stopping is act.",
    )
    define(
        text,
        "model",
        "Residual units in each block: '5' (ResNet-32; the default), '18' "
        "(ResNet-110), '1_4_6'. ImageNet: number of layers, 50, 101 (the default), "
        "152 or 200, or '3_4_23_3'.",
    )
    define(
        integer,
        "base_channels",
        "Width of the network. Unset: 16, for imagenet 64.",
    )
    define(
        number,
        "tau",
        "Price of computation: weight of the ponder cost in the loss of act and sact, "
        f"at least 0 (default {presets.METHOD_ARGUMENTS['sact']['tau']}).",
    )
    define(
        number,
        "eps",
        "act and sact halt once the halting scores sum to 1 - eps; in (0, 1) "
        f"(default {presets.METHOD_ARGUMENTS['sact']['eps']}).",
    )

    title("Training")
    define(
        text,
        "train_log_dir",
        "Directory of the run: config.json, metrics.jsonl, summaries, checkpoints. "
        "Unset: runs/<dataset>_<model_type>_<model>, with _tau<tau> where it applies.",
    )
    define(
        integer,
        "batch_size",
        "Images of a training step. Unset: 128, for shapes and imagenet 32.",
    )
    define(
        integer,
        "max_number_of_steps",
        "Steps of training in all. Unset: 100000, for shapes 2500, for imagenet "
        f"{RECIPES['imagenet'].max_number_of_steps} (90 epochs).",
    )
    define(
        number,
        "learning_rate",
        "Initial learning rate, dropped tenfold at 60%, 75% and 90% of the steps; for "
        "imagenet every 30 epochs. Unset: 0.1, for imagenet 0.05.",
    )
    define(
        text,
        "finetune_path",
        "Checkpoint of a vanilla model, ours or the original's, from which an act or "
        "sact model starts: everything but the halting branches.",
    )
    define(number, "save_interval_secs", "Seconds between checkpoints.")
    define(number, "save_summaries_secs", "Seconds between TensorBoard summaries.")
    define(
        integer,
        "eval_interval_steps",
        "Steps between the evaluations that choose the best checkpoint; 0 for none. "
        "Unset: 1000, for imagenet 40000, or a quarter of a run of fewer than four "
        "times as many.",
    )

    title("Evaluation")
    define(
        text,
        "checkpoint_dir",
        "What eval evaluates and squeeze copies: a run's directory, one checkpoint, a "
        ".weights.h5 or .keras file, or a TensorFlow 1 checkpoint of the original. "
        "Unset: --train_log_dir.",
    )
    define(
        text,
        "eval_dir",
        "Directory of the results. Unset: eval in the run's directory, or in or beside "
        "--checkpoint_dir where that is part of no run.",
    )
    define(
        integer,
        "eval_batch_size",
        "Images of an evaluation step. Unset: 100, for imagenet 32.",
    )
    choice(
        "split_name",
        ("train", "test", "validation"),
        "Split that is evaluated. Unset: test, for imagenet validation.",
    )
    define(
        integer, "num_examples", "Evaluate only the first so many images. Unset: all."
    )
    define(
        flags.DEFINE_boolean, "evaluate_once", "Evaluate the latest checkpoint and end."
    )
    define(number, "eval_interval_secs", "Seconds between looks for a new checkpoint.")

    title("Squeezing")
    define(
        text,
        "squeezed_path",
        "The .weights.h5 or .keras file that squeeze writes. Unset: "
        "squeezed.weights.h5 in the run's directory, or in or beside --checkpoint_dir "
        "where that is part of no run.",
    )
    return groups
