"""What a benchmark's report says of the run as a whole."""

import os
import time
from typing import Any

import tensorflow as tf

from sact_keras import provenance
from sact_keras.models import AdaptiveResNet


def describe_run(model: AdaptiveResNet, image_size: tuple[int, int]) -> dict[str, Any]:
    """Which network, on which images, by which programs, on which machine.

    Args:
        model: What was measured.
        image_size: (height, width) in pixels.

    Returns:
        A dictionary that JSON can hold. Of threads, 0 is TensorFlow's own choice: as
        many as there are usable cores.
    """
    threading = tf.config.threading
    return {
        "model": {
            "model_type": model.model_type,
            "family": model.family,
            "variant": model.variant,
            "num_units": list(model.num_units),
            "unit": model.unit,
            "base_channels": model.base_channels,
            "num_classes": model.num_classes,
            "arguments": dict(model.arguments),
        },
        "image_size": [int(side) for side in image_size],
        "hardware": {
            "processor": provenance.processor(),
            "logical_cores": os.cpu_count(),
            "usable_cores": len(os.sched_getaffinity(0)),
            "gpus": len(tf.config.list_physical_devices("GPU")),
        },
        "threads": {
            "intra_op": threading.get_intra_op_parallelism_threads(),
            "inter_op": threading.get_inter_op_parallelism_threads(),
            "TF_NUM_INTEROP_THREADS": os.environ.get("TF_NUM_INTEROP_THREADS"),
            "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
        },
        "versions": provenance.versions(),
        "git_commit": provenance.git_commit(),
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
