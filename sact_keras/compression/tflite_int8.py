"""Full integer quantization of the residual units, with the rest in float."""

import re
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from sact_keras.layers.adaptive_block import DECISION_SCOPE

_QUANTIZED = re.compile(r"(^|/)(stem(_\d+)?|block_\d+(_\d+)?/unit_\d+(_\d+)?)/")
_DECISIONS = re.compile(rf"(^|/)(policy|{DECISION_SCOPE})(_\d+)?/")


def quantize_to_int8(
    converter: tf.lite.TFLiteConverter, calibration: Iterable[np.ndarray]
) -> bytes:
    batches = list(calibration)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([batch] for batch in batches)
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=converter.representative_dataset
    )
    debugger.options = tf.lite.experimental.QuantizationDebugOptions(
        denylisted_nodes=_float_nodes(debugger.calibrated_model)
    )
    return debugger.get_nondebug_quantized_model()


def _float_nodes(content: bytes) -> list[str]:
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    names = {
        tensor["index"]: tensor["name"] for tensor in interpreter.get_tensor_details()
    }
    outputs = [
        names[index]
        for operation in interpreter._get_ops_details()
        for index in operation["outputs"]
    ]
    return [name for name in outputs if not is_quantized(name)]


def is_quantized(name: str) -> bool:
    return bool(_QUANTIZED.search(name)) and not _DECISIONS.search(name)
