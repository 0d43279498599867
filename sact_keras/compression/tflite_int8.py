"""Integer arithmetic for the convolutions of residual units, float for the rest."""

import re
import warnings
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

# Names as Keras makes them in a graph: of layers, numbered where they come again.
_CONVOLUTION = re.compile(
    r"(^|[/;])block_\d+(_\d+)?/unit_\d+(_\d+)?/(conv\d|shortcut)(_|/)"
)


def quantize_to_int8(
    converter: tf.lite.TFLiteConverter, calibration: Sequence[np.ndarray]
) -> bytes:
    """Converts with the convolutions of all residual units in 8-bit integers.

    They are nearly all of the work, and hold nearly all of the weights. The rest is
    little, and would cost more accuracy than all of them (docs/tflite.md):

    - The stem: an image that is divided by its own deviation has outliers, beside which
      8 bits leave few steps to most pixels.
    - Norms ahead of convolutions, and sums: three roundings in a row of features that
      add up from unit to unit, and have outliers, too.
    - Decisions: scores beside a threshold. Masks and counts of FLOPs are whole numbers,
      which a scale would make fractions of.
    - The classifier: classes whose logits are less than a step apart would be alike.

    Args:
        converter: What converts the graph, with `optimizations` set.
        calibration: Batches of its input, which tell how large features become.

    Returns:
        The file's content.
    """
    converter.representative_dataset = lambda: ([batch] for batch in calibration)
    # TensorFlow's way to quantize only some operations; it opens a TensorFlow Lite
    # interpreter, which says that there is a newer package.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=converter.representative_dataset
        )
        interpreter = tf.lite.Interpreter(model_content=debugger.calibrated_model)
        names = {tensor["name"] for tensor in interpreter.get_tensor_details()}
        debugger.options = tf.lite.experimental.QuantizationDebugOptions(
            denylisted_nodes=sorted(name for name in names if not is_quantized(name))
        )
    return debugger.get_nondebug_quantized_model()


def is_quantized(name: str) -> bool:
    """Whether what computes a tensor is to be done in integers.

    Args:
        name: The tensor's name, made of the names of layers. Operations that became one
            have all their names, with ";" between them.

    Example:
        >>> is_quantized("block_1_1/unit_2_1/conv1_1/convolution")
        True
        >>> is_quantized("block_1_1/unit_2_3/local_conv_1/convolution")
        False
    """
    return bool(_CONVOLUTION.search(name))
