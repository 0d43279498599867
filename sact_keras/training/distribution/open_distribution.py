"""Finds the devices that a training is to run on."""

import logging

import tensorflow as tf

from sact_keras.training.distribution.cluster import (
    VARIABLE,
    Cluster,
    read_cluster,
)
from sact_keras.training.distribution.distribution import Distribution
from sact_keras.training.distribution.waiting import gives_up_after
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError

logger = logging.getLogger(__name__)


def open_distribution(options: Options) -> Distribution:
    """Opens the devices that the options ask for.

    It must be called before TensorFlow has used a device, and once in a process.

    Args:
        options: `distribution`, `num_replicas` and `worker_timeout_secs` are read.

    Returns:
        The devices. With several workers it returns when all of them have come.

    Raises:
        UsageError: If there are not as many devices, or TF_CONFIG does not fit.
    """
    # TensorFlow tells of each exchange between replicas that it plans.
    tf.get_logger().setLevel(logging.WARNING)
    cluster = read_cluster()
    if options.distribution == "multi_worker":
        return _open_workers(options, cluster)
    if options.distribution == "auto" and cluster and cluster.num_workers > 1:
        raise UsageError(
            f"{VARIABLE} names {cluster.num_workers} processes: each would train by "
            "itself. Give --distribution=multi_worker for them to train together, or "
            "another to ignore it. Received: --distribution=auto"
        )
    if options.distribution == "single":
        if options.num_replicas not in (None, 1):
            raise UsageError(
                "--distribution=single is one replica. Received: "
                f"--num_replicas={options.num_replicas}"
            )
        return Distribution()
    devices = _local_devices(options.num_replicas)
    if options.distribution == "auto" and len(devices) == 1:
        return Distribution()
    return Distribution(tf.distribute.MirroredStrategy(devices))


def _local_devices(num_replicas: int | None) -> list[str]:
    """Names of the devices to train on: GPUs, or parts of the CPU."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return _parts_of_cpu(num_replicas or 1)
    if num_replicas is not None:
        _check_gpus(num_replicas, len(gpus))
    return [f"GPU:{index}" for index in range(num_replicas or len(gpus))]


def _check_gpus(wanted: int, found: int) -> None:
    if wanted > found:
        raise UsageError(
            f"--num_replicas must be at most {found}, the GPUs of this machine. "
            f"Received: --num_replicas={wanted}"
        )


def _parts_of_cpu(number: int) -> list[str]:
    if number > 1:
        (cpu, *_) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * number
        )
    return [f"CPU:{index}" for index in range(number)]


def _open_workers(options: Options, cluster: Cluster | None) -> Distribution:
    if cluster is None:
        raise UsageError(
            f"--distribution=multi_worker needs the environment variable {VARIABLE}, "
            "which names the processes and says which of them this is "
            f"(docs/scaling.md). Received: no {VARIABLE}"
        )
    gpus = tf.config.list_physical_devices("GPU")
    if options.num_replicas is not None:
        if gpus:
            _check_gpus(options.num_replicas, len(gpus))
            tf.config.set_visible_devices(gpus[: options.num_replicas], "GPU")
        elif options.num_replicas > 1:
            raise UsageError(
                "--num_replicas must be 1 with --distribution=multi_worker on machines "
                "without GPUs: several processes of one machine do the same. Received: "
                f"--num_replicas={options.num_replicas}"
            )
    logger.info(
        "Process %d of %d waits for the others, and ends if they have not come within "
        "--worker_timeout_secs=%g: %s",
        cluster.index,
        cluster.num_workers,
        options.worker_timeout_secs,
        ", ".join(cluster.addresses),
    )
    with gives_up_after(options.worker_timeout_secs):
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    return Distribution(strategy, cluster.num_workers, cluster.index)
