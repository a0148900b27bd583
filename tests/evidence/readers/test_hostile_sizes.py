"""Small files that once took the square of their size, or gigabytes: what they cost grows with their length."""

from __future__ import annotations

import struct
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.evidence.hive_writer import hive
from tests.evidence.trees import memory_artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.readers.registry import record_readers
from waspglass.model.skip import SkipReason

SECONDS = 10


@contextmanager
def soon() -> Iterator[None]:
    begun = time.process_time()
    yield
    assert time.process_time() - begun < SECONDS


def last(form: str, content: bytes) -> dict[str, str]:
    *_, (_, _, record) = record_readers()[form].records(memory_artefact(content, r"C:\a\b", form))
    return dict(record)


def test_text_between_elements() -> None:
    content = b"<Task><RegistrationInfo><Author>" + b"a<b/>" * 600_000 + b"</Author></RegistrationInfo></Task>"
    with soon():
        assert last("scheduled_task", content)["author"] == "a" * 600_000


def test_conditions_of_one_rewrite_rule() -> None:
    conditions = b"<add input='aaaaaaaaaaaaaaaa' pattern='b'/>" * 200_000
    with soon():
        rule = last("iis_config", b"<rules><rule><conditions>" + conditions + b"</conditions></rule></rules>")
    assert rule["conditions"].count("\n") == 199_999


def test_an_event_of_nothing_but_parts() -> None:
    content = b'[{"EventID": 1, "a": [' + b"{}," * 1_500_000 + b"{}]}]"
    events = record_readers()["event_export"].records(memory_artefact(content, r"C:\a.json", "event_export"))
    tracemalloc.start()
    with pytest.raises(EvidenceReadError, match="damaged"):
        next(events)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 << 20


def test_many_small_events_behind_a_long_one() -> None:
    small = b'{"EventID": 1, "_time": 1614733323, "a": "' + b"b" * 100 + b'"}\n'
    content = b'{"EventID": 1, "_time": 1614733323, "a": "' + b"b" * 8_500_000 + b'"}\n' + small * 40_000
    with soon():
        events = record_readers()["event_export"].records(memory_artefact(content, r"C:\a.json", "event_export"))
        assert sum(1 for _ in events) == 40_001


def test_a_hive_that_names_its_keys_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dissect.regf", reason="the extra `images` is not installed")
    monkeypatch.setattr("waspglass.evidence.readers.hive._MOST_LOOKS", 20)
    content = hive({"a": {"b": {}}, "c": {}}, datetime(2021, 3, 3, tzinfo=UTC))
    at = content.rindex(b"li" + struct.pack("<H", 2))
    assert last_fault(content, at) is SkipReason.LIMIT_REACHED


def last_fault(content: bytes, at: int) -> SkipReason | None:
    """What reading ends with if the list of keys names the first of its keys twice."""
    doubled = content[: at + 8] + content[at + 4 : at + 8] + content[at + 12 :]
    try:
        list(record_readers()["hive"].records(memory_artefact(doubled, r"C:\SYSTEM", "hive")))
    except EvidenceReadError as fault:
        return fault.reason
    return None
