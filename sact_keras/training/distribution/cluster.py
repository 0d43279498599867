"""The machines of a training, as TF_CONFIG names them."""

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import Any

from sact_keras.training.usage_error import UsageError

VARIABLE = "TF_CONFIG"
"""The environment's variable that TensorFlow, and those who start it, agree upon."""

_JOBS = ("chief", "worker")

_EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes of a training, and which of them this one is.

    Attributes:
        addresses: host:port of each, the chief first.
        index: This process' place among them.

    Example:
        >>> cluster = Cluster(("host1:2222", "host2:2222"), index=1)
        >>> cluster.num_workers, cluster.is_chief
        (2, False)
    """

    addresses: tuple[str, ...]
    index: int

    @property
    def num_workers(self) -> int:
        """How many processes train together."""
        return len(self.addresses)

    @property
    def is_chief(self) -> bool:
        """Whether this is the process that writes: the chief, or else worker 0."""
        return self.index == 0


def read_cluster(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """Reads TF_CONFIG.

    Args:
        environment: Where it is looked for.

    Returns:
        The cluster; None where the variable is not set, or empty.

    Raises:
        UsageError: If it is not as TensorFlow's strategy for several workers wants it.

    Example:
        >>> read_cluster({"TF_CONFIG": '{"cluster": {"worker": ["a:1", "b:1"]}, '
        ...                            '"task": {"type": "worker", "index": 1}}'})
        Cluster(addresses=('a:1', 'b:1'), index=1)
    """
    text = environment.get(VARIABLE, "").strip()
    if not text or text == "{}":
        return None
    try:
        content = json.loads(text)
        jobs = {name: list(found) for name, found in content["cluster"].items()}
        kind, index = content["task"]["type"], int(content["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{VARIABLE} must be JSON such as {_EXAMPLE}. Received: {text}"
        ) from error
    _check_jobs(jobs, kind)
    if not 0 <= index < len(jobs[kind]):
        raise UsageError(
            f"{VARIABLE} must give the task an index from 0 to {len(jobs[kind]) - 1}, "
            f"one of its {len(jobs[kind])} of the type {kind!r}. Received: {index}"
        )
    before = len(jobs.get("chief", ())) if kind == "worker" else 0
    addresses = [address for job in _JOBS for address in jobs.get(job, ())]
    for address in addresses:
        host, colon, port = str(address).rpartition(":")
        if not (host and colon and port.isdecimal()):
            raise UsageError(
                f"{VARIABLE} must name each process by host:port. Received: {address!r}"
            )
    return Cluster(tuple(addresses), before + index)


def _check_jobs(jobs: Mapping[str, Any], kind: Any) -> None:
    others = sorted(set(jobs) - set(_JOBS))
    if kind not in _JOBS or others or kind not in jobs:
        raise UsageError(
            f"{VARIABLE} must have processes of the types chief and worker alone, and "
            "the task be one of them: all train, and --mode=eval evaluates beside them "
            f"without it. Received: the types {', '.join(sorted(jobs)) or 'none'}, the "
            f"task a {kind!r}"
        )
    if len(jobs.get("chief", ())) > 1:
        raise UsageError(
            f"{VARIABLE} must have one chief. Received: {len(jobs['chief'])}"
        )
