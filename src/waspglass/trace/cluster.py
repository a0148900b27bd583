"""A Ray cluster as an executor; needs the extra `cluster`, which nothing else here does."""

from __future__ import annotations

import importlib
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from waspglass.model.errors import UsageError
from waspglass.trace.executor import AHEAD, ClusterError

__all__ = ["LOCAL", "RayCluster"]

Common = TypeVar("Common")
Item = TypeVar("Item")
Result = TypeVar("Result")

LOCAL = "local"
"""Instead of an address: start Ray on this machine for the time of the run."""
AUTO = "auto"
"""The cluster that this machine is part of."""
KNOCK_SECONDS = 5.0


class RayCluster:
    """Hands work to a Ray cluster; used with `with`, which ends the connection.

    Args:
        address: `local`, `auto` (the cluster that this machine is part of), `host:6379`, or `ray://host:10001`.

    Raises:
        UsageError: If Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str) -> None:
        # Ray ships no usable types; what it returns is what the functions given to `run` return.
        try:
            self._ray: Any = importlib.import_module("ray")
        except ImportError as fault:
            hint = "Install it with: pip install '.[cluster]' in the checkout of waspglass"
            raise UsageError("Ray is not installed, and --cluster needs it", hint=hint) from fault
        options = {} if address == LOCAL else {"address": address}
        try:
            if address not in {LOCAL, AUTO}:
                _knock(address)
            self._ray.init(**options, log_to_driver=False, include_dashboard=False if address == LOCAL else None)
        except (OSError, RuntimeError, ValueError) as fault:
            hint = "Use 'local', 'auto', 'HOST:6379' or 'ray://HOST:10001'"
            raise UsageError(f"no Ray cluster at {address!r} ({_first_line(fault)})", hint=hint) from fault

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ray.shutdown()

    def run(
        self, function: Callable[[Common, Item], Result], common: Common, items: Iterable[Item]
    ) -> Iterator[Result]:
        """As in `Executor`; the machines of the cluster need waspglass, and the same files at the same paths.

        Raises:
            ClusterError: If a task failed on the cluster.
        """
        remote = self._ray.remote(function)
        held = self._ray.put(common)
        ahead = max(AHEAD, AHEAD * int(self._ray.cluster_resources().get("CPU", 1)))
        waiting: deque[Any] = deque()
        try:
            for item in items:
                waiting.append(remote.remote(held, item))
                if len(waiting) >= ahead:
                    yield self._ray.get(waiting.popleft())
            while waiting:
                yield self._ray.get(waiting.popleft())
        except self._ray.exceptions.RayError as fault:
            hint = "See the logs of Ray; waspglass must be installed on all its machines, in the same version"
            raise ClusterError(f"the cluster gave no result ({_first_line(fault)})", hint=hint) from fault


def _knock(address: str) -> None:
    """Fails at once where nobody listens; Ray itself would try for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("no host and port")
    socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()


def _first_line(fault: Exception) -> str:
    return str(fault).strip().partition("\n")[0][:200]
