"""Writes what the pretrained networks reach on the 1,000 images that tests evaluate.

python tests/pretrained/make_slim_1000.py ../shared/data/slim/cifar10
"""

import json
import sys
import tempfile
from pathlib import Path

from sact_keras.pretrained import pretrained_directory, pretrained_names
from sact_keras.training.command_line import main


def evaluate(name: str, dataset_dir: str) -> dict[str, float]:
    """The values that `--mode=eval` finds."""
    with tempfile.TemporaryDirectory() as directory:
        code = main(
            [
                "main.py",
                "--mode=eval",
                f"--checkpoint_dir={pretrained_directory(name)}",
                f"--eval_dir={directory}",
                f"--dataset_dir={dataset_dir}",
            ]
        )
        if code != 0:
            sys.exit(code)
        return json.loads((Path(directory) / "eval.json").read_text())["values"]


if __name__ == "__main__":
    names = [name for name in pretrained_names() if name.startswith("cifar10_")]
    found = {name: evaluate(name, sys.argv[1]) for name in names}
    path = Path(__file__).with_name("slim_1000.json")
    path.write_text(json.dumps(found, indent=1) + "\n")
