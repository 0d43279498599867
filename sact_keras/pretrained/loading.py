"""`load_pretrained`: a trained network by its name."""

from sact_keras.checkpoints.model_config import checkpoint_model_config
from sact_keras.checkpoints.native import load_native
from sact_keras.models import AdaptiveResNet
from sact_keras.pretrained.directories import pretrained_directory


def load_pretrained(name: str) -> AdaptiveResNet:
    """Loads a trained network that comes with the package, on any Keras backend.

    It takes images prepared as it was trained on, which `config.json` in its
    directory says (`pretrained_directory`): the pre-activation networks (vanilla, act,
    sact) take images that are standardized one by one. The programs and exported
    SavedModels do this themselves.

    Args:
        name: One of `sact_keras.pretrained.pretrained_names()`.

    Returns:
        The network, with its weights.

    Raises:
        ValueError: If there is no such network; names those that there are.

    Example:
        >>> import numpy as np, sact_keras
        >>> model = sact_keras.load_pretrained("cifar10_sact_resnet32")
        >>> pixels = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3))
        >>> means, stds = pixels.mean((1, 2, 3)), pixels.std((1, 2, 3))
        >>> images = (pixels - means[:, None, None, None]) / stds[:, None, None, None]
        >>> model(images.astype("float32"))["ponder_cost_map"].shape
        TensorShape([2, 32, 32])
    """
    directory = pretrained_directory(name)
    model = AdaptiveResNet.from_config(checkpoint_model_config(directory))
    model.build((None, None, None, 3))
    load_native(model, directory)
    return model
