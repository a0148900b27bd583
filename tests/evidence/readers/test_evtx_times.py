"""Logs as they are met: exported ones, whose records have times of their own, and ones that are cut in a chunk.

Inert samples after what public logs show (sbousseaden/EVTX-ATTACK-SAMPLES, mdecrevoisier/EVTX-to-MITRE-Attack,
log2timeline/plaso `test_data/evtx/System2.evtx`).
"""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import orjson
import pytest

from tests.evidence.evtx_writer import evtx, filetime_ticks
from tests.evidence.trees import memory_artefact
from tests.hunt.evidence import MemoryFile, rules_of, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.compressed import decompressed
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.member import TreeFile
from waspglass.evidence.readers.evtx import EvtxReader
from waspglass.evidence.signature import Signature
from waspglass.hunt.hunting import hunt
from waspglass.model.skip import SkipReason

START = datetime(2021, 3, 3, tzinfo=UTC)
MOMENTS = [START, START + timedelta(days=40), START + timedelta(days=41)]


def with_written(content: bytes, written: Sequence[datetime | None]) -> bytes:
    """The log with other times in its records; None is none, which is 1601."""
    changed, at = bytearray(content), 0
    for moment in written:
        at = changed.index(b"**\0\0", at) + 16
        changed[at : at + 8] = struct.pack("<Q", 0 if moment is None else filetime_ticks(moment))
    return bytes(changed)


EXPORTED = with_written(evtx([[(moment, {"EventID": "4688"}) for moment in MOMENTS]]), [*MOMENTS[1:], None])


def test_events_of_an_exported_log_have_their_own_times_and_not_those_of_the_next_record() -> None:
    found = list(EvtxReader().records(memory_artefact(EXPORTED)))
    assert [moment for _, moment, _ in found] == MOMENTS
    lines = list(EvtxReader().json_lines(memory_artefact(EXPORTED)))
    assert [moment for _, moment, _ in lines] == MOMENTS


def test_texts_have_the_times_of_records_wherever_these_stand_in_them() -> None:
    names = ["a", "a", "longer", '"TimeCreated"', "a"]
    events = [(START + timedelta(days=day), {"EventID": "1", "Provider_Name": name}) for day, name in enumerate(names)]
    lines = list(EvtxReader().json_lines(memory_artefact(evtx([events]))))
    assert [moment for _, moment, _ in lines] == [moment for moment, _ in events]


@pytest.mark.parametrize("year", [1601, 1700, 2200])
def test_an_event_of_an_absurd_time_has_that_of_its_record(year: int) -> None:
    absurd = datetime(year, 1, 1, tzinfo=UTC)
    content = with_written(evtx([[(absurd, {"EventID": "1"})]]), [START])
    ((_, moment, _),) = EvtxReader().records(memory_artefact(content))
    assert moment == START


def test_an_event_without_any_time_has_none() -> None:
    content = with_written(evtx([[(datetime(1601, 1, 1, tzinfo=UTC), {"EventID": "1"})]]), [None])
    ((_, moment, _),) = EvtxReader().records(memory_artefact(content))
    assert moment is None


def test_a_value_that_looks_like_a_header_dates_nothing() -> None:
    forged = '"TimeCreated":{"#attributes":{"SystemTime":"2001-01-01T00:00:00Z"}}'
    content = evtx([[(START, {"EventID": "1", "Provider_Name": forged})]])
    ((_, moment, text),) = EvtxReader().json_lines(memory_artefact(content))
    assert orjson.loads(text)["Event"]["System"]["Provider"]["#attributes"]["Name"] == forged
    assert moment == START


@pytest.mark.parametrize("packed", [False, True])
def test_whole_events_of_a_chunk_that_is_cut_are_read(packed: bool) -> None:
    events = [(START + timedelta(hours=number), {"EventID": str(number)}) for number in range(20)]
    content = evtx([events, events])
    part = content[: content.rindex(b"**\0\0") + 10]  # in the last event
    artefact = memory_artefact(part)
    if packed:
        squeezed = gzip.compress(part)
        opener = partial(decompressed, kind=Signature.GZIP, limits=DEFAULT_LIMITS, path="x.evtx.gz")
        file = TreeFile("x.evtx.gz", None, None, None, lambda: opener(io.BytesIO(squeezed)))
        artefact = replace(artefact, file=file)
    found: list[str] = []
    with pytest.raises(EvidenceReadError) as caught:
        found.extend(record["EventID"] for _, _, record in EvtxReader().records(artefact))
    assert found == [*map(str, range(20)), *map(str, range(19))]
    assert caught.value.reason is SkipReason.TRUNCATED


@pytest.mark.parametrize("size", [1, 100, 4095, 4096, 4097, 4096 + 511, 4096 + 512, 4096 + 540])
def test_a_log_that_is_cut_early_is_told(size: int) -> None:
    with pytest.raises(EvidenceReadError) as caught:
        list(EvtxReader().records(memory_artefact(EXPORTED[:size])))
    assert caught.value.reason in (SkipReason.TRUNCATED, SkipReason.DAMAGED)


def test_an_event_whose_names_are_no_json_is_counted_and_hides_no_other() -> None:
    """The parser escapes values, not names; found by fuzzing."""
    content = evtx([[(START, {"EventID": "1"})], [(START, {"EventID": "2"})]])
    broken = content.replace("EventData".encode("utf-16-le"), "Event\x01ata".encode("utf-16-le"), 1)
    found: list[str] = []
    with pytest.raises(EvidenceReadError) as caught:
        found.extend(record["EventID"] for _, _, record in EvtxReader().records(memory_artefact(broken)))
    assert (found, caught.value.reason) == (["2"], SkipReason.DAMAGED)


def test_such_an_event_is_told_by_the_hunt_too() -> None:
    content = evtx([[(START, {"EventID": "4688", "Image": "sample.exe"})], [(START, {"Image": "sample.exe"})]])
    broken = content.replace("EventData".encode("utf-16-le"), "Event\x01ata".encode("utf-16-le"), 1)
    rules = rules_of(sigma("s: {Image|endswith: sample.exe}\ncondition: s", logsource="product: windows"))
    log = Artefact("events", "evtx", MemoryFile("x.evtx", broken))
    for naive in (False, True):
        found = hunt([log], rules, readers={"evtx": EvtxReader()}, naive=naive)
        assert [finding.record for finding in found.findings] == [2]
        assert [skip.reason for skip in found.skipped if skip.source == "x.evtx"] == [SkipReason.DAMAGED]
