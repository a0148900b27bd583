"""A store on S3-compatible storage: needs `s3fs` and `moto[server]`, and is skipped without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.census.exports import PACK, PATCHED, added, banner, certificate, jsonl, options
from waspglass.census.add import add_exports
from waspglass.census.compare import Change, compare
from waspglass.census.count import By, count
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.packs.builds import State

s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")
server = pytest.importorskip("moto.server", reason="moto[server] is not installed")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket on a server of our own; names and keys are made up."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("scans")
    yield "s3://scans/census"
    running.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_store_on_s3_answers_like_one_on_a_disk(tmp_path: Path, bucket: str) -> None:
    days = {
        "shodan-2021-03-09.json": jsonl(banner("192.0.2.1", ssl=certificate("a")), banner("192.0.2.2")),
        "shodan-2021-03-16.json": jsonl(banner("192.0.2.1", PATCHED, ssl=certificate("a")), banner("192.0.2.2")),
    }
    for name, content in days.items():
        (tmp_path / name).write_bytes(content)
    paths = [tmp_path / name for name in days]
    assert not Folder(bucket).exists()
    assert not Folder("s3://no-such-bucket/census").exists()
    answers = []
    for location in (bucket, str(tmp_path / "store")):
        folder = Folder(location)
        assert [added(outcome) for outcome in add_exports(folder, paths, options())] == [(2, {}), (2, {})]
        assert all(outcome.known is not None for outcome in add_exports(folder, paths, options()))
        assert Folder(location).exists()
        with open_reading(folder, PACK) as reading:
            first, last = (each for each, _ in reading.scans())
            changes = compare(reading, "shodan", first, last)[0].counts
            answers.append((count(reading, reading.scans(), By.COUNTRY), changes))
    assert answers[0] == answers[1]
    assert answers[0][1][Change.PATCHED] == 1
    assert answers[0][0][0].servers == {State.VULNERABLE: 2}
