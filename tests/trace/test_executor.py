from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trace.programs import background
from waspglass.model.errors import UsageError
from waspglass.trace import index as index_module
from waspglass.trace.cluster import RayCluster
from waspglass.trace.executor import ClusterError, Executor, InProcess, Processes, local_executor
from waspglass.trace.files import file_names
from waspglass.trace.index import index_files

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed (pip install '.[cluster]')"
)


def scaled(common: int, item: int) -> int:
    if item < 0:
        raise UsageError("below zero")
    return common * item


def ends(_common: None, _item: int) -> int:
    os._exit(9)


@pytest.mark.parametrize("executor", [InProcess(), Processes(1), Processes(3)])
def test_results_come_in_the_order_of_the_items(executor: Executor) -> None:
    assert list(executor.run(scaled, 7, range(40))) == [7 * item for item in range(40)]
    assert list(executor.run(scaled, 7, [])) == []


@pytest.mark.parametrize("executor", [InProcess(), Processes(2)])
def test_an_error_of_ours_comes_through(executor: Executor) -> None:
    with pytest.raises(UsageError, match="below zero"):
        list(executor.run(scaled, 7, [1, -1, 2]))


def test_items_are_taken_only_a_few_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = Processes(2).run(scaled, 1, items())
    assert next(results) == 0
    assert len(taken) <= 5
    results.close()  # type: ignore[attr-defined]  # a generator


def test_a_process_that_is_ended_from_outside_is_an_error_of_ours() -> None:
    with pytest.raises(ClusterError, match="ended from outside"):
        list(Processes(2).run(ends, None, [1, 2, 3]))


def test_jobs_choose_the_executor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_executor(1) == InProcess()
    assert local_executor(3) == Processes(3)
    monkeypatch.setattr(sys, "platform", "linux")
    assert local_executor(80) == Processes(80)
    monkeypatch.setattr(sys, "platform", "win32")
    assert local_executor(80) == Processes(61)
    with pytest.raises(UsageError):
        local_executor(0)


def test_without_ray_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_name: str) -> None:
        raise ImportError("no")

    monkeypatch.setattr("waspglass.trace.cluster.importlib.import_module", absent)
    with pytest.raises(UsageError, match=r"pip install '\.\[cluster\]' in the checkout"):
        RayCluster("local")


@needs_ray
@pytest.mark.parametrize("address", ["nonsense", "ray://nowhere", "127.0.0.1:1", "ray://[::1]:1", "127.0.0.1:999999"])
def test_an_address_without_a_cluster_is_an_error_of_ours_at_once(address: str) -> None:
    with pytest.raises(UsageError, match="no Ray cluster"):
        RayCluster(address)


@needs_ray
def test_ray_gives_what_one_process_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "SHARD_FILES", 5)
    folder = tmp_path / "shared"
    folder.mkdir()
    for one in background(23):
        (folder / one.name).write_bytes(one.raw)
    names = list(file_names(folder, []))
    with RayCluster("local") as ray:
        assert list(ray.run(scaled, 7, range(30))) == [7 * item for item in range(30)]
        with pytest.raises(ClusterError):
            list(ray.run(ends, None, [1]))
        index_files(names, tmp_path / "ray", ray)
    index_files(names, tmp_path / "one", InProcess())
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "ray" / path.name).read_bytes()
