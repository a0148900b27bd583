"""Event logs: searching the texts of events gives what testing each rule on each event gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.evtx_writer import CHUNK, evtx
from tests.hunt.evidence import MemoryFile, rules_of, sigma
from tests.hunt.test_fast_is_naive import VALUES, rule_set, rule_texts
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.formats.event_json import flatten_event
from waspglass.evidence.readers.evtx import EvtxReader
from waspglass.hunt.hunting import hunt
from waspglass.hunt.matching.sample import Sample
from waspglass.hunt.outcome.collect import Collector
from waspglass.hunt.outcome.result import HuntResult, Limits
from waspglass.hunt.rules.rule import RuleSet
from waspglass.hunt.scan import event_scan
from waspglass.model.skip import SkipReason

START = datetime(2021, 3, 3, tzinfo=UTC)
SYSMON = "Microsoft-Windows-Sysmon/Operational"
Event = Mapping[str, str]


def event_log(events: list[Event], channel: str = SYSMON, a_chunk: int = 20) -> bytes:
    timed = [(START + timedelta(seconds=number), event) for number, event in enumerate(events)]
    return evtx([timed[at : at + a_chunk] for at in range(0, len(timed), a_chunk)], channel=channel)


def both(data: bytes, rules: RuleSet, limits: Limits | None = None) -> HuntResult:
    """The fast result, after it was compared with the naive one in all its parts."""
    log = [Artefact("events", "evtx", MemoryFile("x.evtx", data))]
    readers = {"evtx": EvtxReader()}
    fast = hunt(log, rules, readers=readers, limits=limits)
    assert fast == hunt(log, rules, readers=readers, limits=limits, naive=True)
    return fast


FIELDS = ["Image", "CommandLine", "User", "EventID"]
LOGSOURCES = (
    '{"product": "windows", "category": "process_creation"}',
    '{"product": "windows"}',
    '{"product": "windows", "service": "sysmon"}',
)
RULES = st.sampled_from(LOGSOURCES).flatmap(lambda logsource: rule_texts(FIELDS, logsource))
EVENTS = st.fixed_dictionaries(
    {"EventID": st.sampled_from(["1", "11", "4688"])},
    optional=dict.fromkeys(["Image", "CommandLine", "User", "TargetFilename"], VALUES)
    | {"Computer": st.sampled_from(["MX01", "mx02.example.org", "-"])},
)


@given(st.lists(RULES, min_size=1, max_size=4), st.lists(EVENTS, min_size=1, max_size=8))
def test_generated_rules_and_events(texts: list[str], events: list[Event]) -> None:
    both(event_log(events), rule_set(texts), Limits(per_rule=10_000))


@given(st.lists(EVENTS, min_size=1, max_size=8))
def test_indicators(events: list[Event]) -> None:
    both(
        event_log(events), rules_of(indicators=["type,value\nip,198.51.100.7\ndomain,evil.example\nfilename,x.aspx\n"])
    )


DUMP = sigma(
    "s: {CommandLine|contains: 'comsvcs.dll, MiniDump'}\ncondition: s",
    logsource="product: windows, category: process_creation",
    title="dump",
)


def test_an_event_is_found_behind_letters_of_several_bytes() -> None:
    told = {"EventID": "1", "CommandLine": "rundll32 comsvcs.dll, MiniDump"}
    events: list[Event] = [{"EventID": "1", "CommandLine": "Größe € 𝒳"}] * 3
    found = both(event_log([*events, told, *events]), rules_of(DUMP))
    assert [finding.record for finding in found.findings] == [4]


MANY: list[Event] = [
    {"EventID": "1", "Image": r"C:\Windows\w3wp.exe", "CommandLine": f"w3wp -ap x{n}"} for n in range(1500)
]


IN_A_COMMON_FOLDER = sigma(
    r"s: {Image|contains: '\Windows\Temp\cw.exe'}" + "\ncondition: s",
    logsource="product: windows, category: process_creation",
    title="page",
)
"""The longest word of the path stands in every event."""


def test_needles_are_chosen_anew_where_those_chosen_by_length_are_common(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_scan, "_PATIENCE", 300)
    log = event_log([*MANY, {"EventID": "1", "Image": r"C:\windows\temp\CW.exe"}])
    with patch.object(event_scan, "flatten_event", wraps=flatten_event) as parsed:
        result = hunt(
            [Artefact("events", "evtx", MemoryFile("x.evtx", log))],
            rules_of(IN_A_COMMON_FOLDER),
            readers={"evtx": EvtxReader()},
        )
    assert [(one.rule, one.record) for one in result.findings] == [("page", 1501)]
    assert result.scanned[0].records == 1501
    assert parsed.call_count < 500


def test_needles_that_were_chosen_anew_are_looked_for_in_later_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though what was rare in the first ones may be common in the last: it consists of it."""
    monkeypatch.setattr(event_scan, "_PATIENCE", 300)
    hit: Event = {"EventID": "1", "Image": r"C:\windows\temp\CW.exe"}
    data = [event_log([*MANY[:200], hit])] * 8 + [event_log([{**one, "Image": "cw.exe temp"} for one in MANY] + [hit])]
    logs = [Artefact("events", "evtx", MemoryFile(f"{number}.evtx", one)) for number, one in enumerate(data)]
    readers = {"evtx": EvtxReader()}
    with patch.object(event_scan, "Sample", wraps=Sample) as tasted:
        result = hunt(logs, rules_of(IN_A_COMMON_FOLDER), readers=readers)
    assert 1 <= tasted.call_count <= 2
    assert [one.record for one in result.findings] == [201] * 8 + [1501]
    assert result == hunt(logs, rules_of(IN_A_COMMON_FOLDER), readers=readers, naive=True)


def test_what_comes_before_damage_stands() -> None:
    events: list[Event] = [{"EventID": "1", "CommandLine": "comsvcs.dll, MiniDump"}] * 40
    data = bytearray(event_log(events))
    data[4096 + CHUNK + 600 : 4096 + CHUNK + 900] = b"\xff" * 300
    result = both(bytes(data), rules_of(DUMP))
    assert {one.record for one in result.findings} >= set(range(1, 21))
    assert SkipReason.DAMAGED in {one.reason for one in result.skipped}


def test_large_events_wait_for_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    plain = event_scan._batches

    def noted(texts: Iterable[event_scan.Text], collector: Collector) -> Iterator[list[event_scan.Text]]:
        for batch in plain(texts, collector):
            lengths.append(sum(len(text) for _, _, text in batch))
            yield batch

    monkeypatch.setattr(event_scan, "_MOST_CHARACTERS", 10_000)
    monkeypatch.setattr(event_scan, "_batches", noted)
    result = both(event_log([*MANY, {"EventID": "1", "CommandLine": "comsvcs.dll, minidump"}]), rules_of(DUMP))
    assert [one.record for one in result.findings] == [1501]
    assert len(lengths) > 10
    assert max(lengths) < 12_000


def test_events_that_cannot_match_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[object] = []

    def counting(document: Mapping[str, object]) -> dict[str, str]:
        parsed.append(document)
        return flatten_event(document)

    monkeypatch.setattr(event_scan, "flatten_event", counting)
    data = event_log([*MANY[:50], {"EventID": "1", "CommandLine": "a comsvcs.dll, MiniDump"}])
    log = [Artefact("events", "evtx", MemoryFile("x.evtx", data))]
    result = hunt(log, rules_of(DUMP), readers={"evtx": EvtxReader()})
    assert len(result.findings) == 1
    assert len(parsed) == 1
