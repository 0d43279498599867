"""The command lines of the programs that write, on a disk that may refuse it."""

TINY = ("--dataset=shapes", "--model=1", "--base_channels=4", "--eval_batch_size=24")

_FEW_ROUNDS = ("--benchmark_rounds=1", "--benchmark_batch_sizes=2")

WRITING = {
    "eval": ("main.py", "--mode=eval", "--eval_dir={disk}/eval"),
    "attack": ("main.py", "--mode=attack", "--eval_dir={disk}/eval"),
    "squeeze": ("main.py", "--mode=squeeze", "--squeezed_path={disk}/small.weights.h5"),
    "sweep": (
        *("main.py", "--mode=sweep", "--eval_dir={disk}/eval", *_FEW_ROUNDS),
        "--compute_budgets=1",
    ),
    "benchmark": (
        *("main.py", "--mode=benchmark", "--eval_dir={disk}/eval", *_FEW_ROUNDS),
    ),
    "export.saved_model": (
        *("export.saved_model", "--export_dir={disk}/exports", "--execution=masked"),
    ),
    "export.tflite": (
        *("export.tflite", "--tflite_path={disk}/files/tiny.tflite"),
        *("--quantization=int8", "--calibration_examples=4"),
    ),
    "export.ponder_maps": (
        *("export.ponder_maps", "--output_dir={disk}/maps", "--num_examples=3"),
        "--execution=masked",
    ),
}
"""Name -> program and flags; all but training, and without the checkpoint."""
