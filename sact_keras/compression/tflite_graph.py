"""The graph that becomes a TensorFlow Lite file: from pixels to probabilities."""

from typing import Any

import numpy as np
import tensorflow as tf

from sact_keras.compression.tflite_error import TFLiteError
from sact_keras.data.photograph_preprocessing import get_photograph_preprocessing
from sact_keras.data.preprocessing import get_preprocessing
from sact_keras.models import AdaptiveResNet
from sact_keras.models.presets import (
    Architecture,
    default_preprocessing,
    name_architecture,
)
from sact_keras.models.tensorflow_only import require_tensorflow


def make_tflite_graph(
    model: AdaptiveResNet,
    image_size: tuple[int, int],
    *,
    preprocessing: str | None = None,
    batch_size: int = 1,
) -> Any:
    """Makes a graph of static shapes, in which all weights are constants.

    The arithmetic is that of the masked executor: each unit is computed everywhere and
    multiplied by its mask.

    Args:
        model: A network of `build_model`, built.
        image_size: (height, width) in pixels.
        preprocessing: Whose preparation of the images, as `--preprocessing` has it;
            None for that of the network's original.
        batch_size: Images at a time, at least 1.

    Returns:
        A `ConcreteFunction` from images, uint8 [batch_size, height, width, 3], RGB, to
        a dictionary: probabilities float32 [batch_size, classes] and, unless nothing is
        decided, flops int64 [batch_size] and num_units float32 [batch_size], the mean
        over the pixels.

    Raises:
        TFLiteError: If TensorFlow Lite cannot do what the network does.
        ValueError: If there is no such preprocessing.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("act", model="1", base_channels=4)
        >>> graph = make_tflite_graph(model, (32, 32))
        >>> sorted(graph.structured_outputs)
        ['flops', 'num_units', 'probabilities']
    """
    check_convertible(model)
    normalize = _normalization(model, preprocessing)
    constants = [
        [tf.constant(variable.numpy()) for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]

    def run(images: tf.Tensor) -> dict[str, tf.Tensor]:
        prepared = normalize(images)
        outputs, _ = model.stateless_call(*constants, prepared, training=False)
        answer = {"probabilities": tf.nn.softmax(outputs["logits"])}
        if model.model_type != "vanilla":
            num_units = tf.cast(outputs["num_units_map"], tf.float32)
            answer["num_units"] = tf.reduce_mean(num_units, axis=(1, 2))
            answer["flops"] = outputs["flops"]
        return answer

    images = tf.TensorSpec((batch_size, *image_size, 3), tf.uint8, name="images")
    return tf.function(
        run, input_signature=[images], autograph=False
    ).get_concrete_function()


def check_convertible(model: Any) -> None:
    """Checks that TensorFlow Lite has the means for a network, before any work.

    Raises:
        TFLiteError: If it has not; says what to do instead.
        RuntimeError: If Keras runs on another backend than TensorFlow.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("act", model="1", base_channels=4)
        >>> check_convertible(sact_keras.compact(model))
        Traceback (most recent call last):
        sact_keras.compression.tflite_error.TFLiteError: model must be ... CompactModel
    """
    require_tensorflow("convert_to_tflite")
    if not isinstance(model, AdaptiveResNet):
        raise TFLiteError(
            "model must be a network of sact_keras.build_model itself: its masked "
            "executor has the static shapes that TensorFlow Lite needs, while those of "
            "compact execution depend on what the masks keep. "
            f"Received: {type(model).__name__}"
        )
    if model.arguments.get("gate_eval") == "sample":
        raise TFLiteError(
            "gate_eval must be 'deterministic' or 'expected' in a TensorFlow Lite "
            "file, which cannot draw the noise of the gates. "
            "Received: gate_eval='sample'"
        )


def _normalization(model: AdaptiveResNet, preprocessing: str | None) -> Any:
    if model.family == "imagenet":
        return get_photograph_preprocessing(preprocessing or model.variant).normalize
    if preprocessing is None:
        dataset = "cifar10" if model.num_classes == 10 else "cifar100"
        architecture = Architecture(model.num_units, model.unit)
        name = name_architecture(architecture, model.family, model.variant)
        preprocessing = default_preprocessing(dataset, model.variant, name)
    return get_preprocessing(preprocessing).normalize


def to_pixels(images: np.ndarray) -> np.ndarray:
    """Pixels in [0, 255], of any type, as the uint8 that the graph takes.

    Example:
        >>> to_pixels(np.array([0.0, 127.6, 255.0])).tolist()
        [0, 128, 255]
    """
    return np.clip(np.rint(images), 0, 255).astype(np.uint8)
