"""What the exporters' tests export: tiny networks, and tiny data to look at."""

from training.tiny_training import TinyDataset

import sact_keras
from sact_keras.training import driver


class TinyCheckpoints:
    """A function from a model type to a checkpoint of a tiny network of that type."""

    def __init__(self, root):
        self.root = root

    def __call__(self, model_type, **arguments):
        name = "_".join([model_type, *arguments.values()])
        path = self.root / f"{name}.keras"
        if not path.exists():
            model = sact_keras.build_model(
                model_type, dataset="shapes", model="2", base_channels=4, **arguments
            )
            model.save(path)
        return path


def use_tiny_data(monkeypatch):
    """Lets the programs find a tiny data set under any name."""
    monkeypatch.setattr(driver, "open_dataset", lambda *names, **options: TinyDataset())
