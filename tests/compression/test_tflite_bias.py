"""What rounding adds to integer convolutions on average is taken out of them."""

import keras
import numpy as np

import sact_keras
from sact_keras.compression import TFLiteModel, convert_to_tflite
from sact_keras.compression import tflite as tflite_module

IMAGES = np.random.default_rng(3).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)


def test_channels_are_where_they_would_be_without_rounding(monkeypatch):
    """Of activations with many small negative values, as leaky ReLUs leave them."""
    keras.utils.set_random_seed(0)
    model = sact_keras.build_model("vanilla", model="2", base_channels=8)
    exact = TFLiteModel(convert_to_tflite(model, (32, 32)))(IMAGES)["probabilities"]

    def log_odds_moved():
        content = convert_to_tflite(
            model, (32, 32), quantization="int8", calibration_images=IMAGES
        )
        found = TFLiteModel(content)(IMAGES)["probabilities"]
        return np.abs(np.mean(np.log(found) - np.log(exact), axis=0)).max()

    corrected = log_odds_moved()
    with monkeypatch.context() as patched:
        patched.setattr(tflite_module, "correct_biases", lambda content, *_: content)
        uncorrected = log_odds_moved()
    assert corrected < uncorrected / 2
