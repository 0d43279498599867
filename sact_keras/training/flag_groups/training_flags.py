"""Flags of the training."""

from sact_keras.training.flag_groups.flag_group import FlagGroup
from sact_keras.training.recipes import RECIPES


def define_training(group: FlagGroup) -> None:
    """Defines the flags of the training."""
    group.text(
        "train_log_dir",
        "Directory of the run: config.json, metrics.jsonl, summaries, checkpoints. "
        "Unset: runs/<dataset>_<model_type>_<model>, with _tau<tau>, "
        "_rate<target_rate>, _budget<budget> or _<stage> where it applies; a folder of "
        "images gives its name.",
    )
    group.integer(
        "batch_size",
        "Images of a training step. Unset: for shapes and folder 32; else 128, for "
        "imagenet 32; of aig and dynconv 256, of dynconv for imagenet 64; of "
        "blockdrop's stages 128, 2048 and 256, for imagenet 256, 2048 and 320.",
    )
    group.integer(
        "max_number_of_steps",
        "Steps of training in all. Unset: for shapes 2500, for folder 10000, however "
        "many images it has; else 100000, for imagenet "
        f"{RECIPES['imagenet'].max_number_of_steps} (90 epochs); of aig and dynconv "
        "350 epochs, for imagenet 100; of blockdrop's stages 164, 5000 and 2000 "
        "epochs, for imagenet 90, 45 and 10.",
    )
    group.number(
        "learning_rate",
        "Initial learning rate, dropped tenfold at 60%, 75% and 90% of the steps, of "
        "aig and dynconv at 150/350 and 250/350; for imagenet every 30 epochs. Unset: "
        "0.1, for imagenet 0.05; of aig and dynconv 0.1, for shapes and folder 0.02, "
        "of dynconv for imagenet 0.025; of blockdrop 0.1 (for shapes and folder 0.02), "
        "dropped at 82/164 and 123/164, then of Adam 0.001 and 0.0001, constant.",
    )
    group.text(
        "decay_epochs",
        "Epochs after which the learning rate drops tenfold, joined by commas "
        "('150,250'). Unset: as --learning_rate says.",
    )
    group.number(
        "weight_decay",
        "aig, dynconv, blockdrop's first stage, and vanilla of their variants: decay "
        "of all weights, at least 0. Unset: 0.0005, for imagenet and of blockdrop "
        "0.0001. (The kernels of the variant sact have 0.0002 and 0.0001.)",
    )
    group.number(
        "gate_learning_rate_factor",
        "aig: the learning rate of the gates' last layers is so many times that of the "
        "rest (default 1).",
    )
    group.text(
        "finetune_path",
        "Checkpoint, ours or an original's, of a vanilla model or one like this, from "
        "which training starts: everything but the layers that decide, and but the "
        "classifier where it is of another number of classes. With "
        "--stage=finetune the policy, too; with --prune_final_sparsity a trained model "
        "of the same type, and all of it. Unset: of blockdrop the default directory "
        "of the stage before.",
    )
    group.text(
        "policy_path",
        "blockdrop: checkpoint from which the policy network alone is taken, in "
        "finetuning and in evaluation. Unset: --finetune_path or --checkpoint_dir.",
    )
    group.integer(
        "curriculum_steps",
        "blockdrop, in the curriculum: steps after which the policy decides about one "
        "more unit, from the last to the first. Unset: an epoch.",
    )
    group.number("save_interval_secs", "Seconds between checkpoints.")
    group.number("save_summaries_secs", "Seconds between TensorBoard summaries.")
    group.integer(
        "eval_interval_steps",
        "Steps between the evaluations that choose the best checkpoint; 0 for none. "
        "Unset: 1000, for imagenet about an epoch, or a quarter of a run of fewer than "
        "four times as many.",
    )
