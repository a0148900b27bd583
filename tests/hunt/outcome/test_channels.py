"""Rules for channels that were never collected did not look at anything, and the result says so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.evtx_writer import evtx
from tests.hunt.evidence import MemoryFile, artefact, both, pack, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.readers.evtx import EvtxReader
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.channels import Channels
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.rule import RuleSet
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import RuleSource

SYSMON, SECURITY = "Microsoft-Windows-Sysmon/Operational", "Security"
START = datetime(2021, 3, 3, tzinfo=UTC)


def brought(*rules: tuple[str, str]) -> RuleSet:
    """Rules of the user, each a logsource and the field that it asks for."""
    texts = [
        sigma(f"s: {{{field}: a}}\ncondition: s", logsource=f"product: windows, {logsource}", title=f"r{number}")
        for number, (logsource, field) in enumerate(rules)
    ]
    return load_rules(pack(), [RuleSource(path="u.yml", text="\n---\n".join(texts), origin="user")])


def idle(skipped: Iterable[Skipped]) -> list[tuple[int, str | None]]:
    return [(one.count, one.detail) for one in skipped if one.reason is SkipReason.NO_SUCH_LOG]


def event_line(channel: str | None, key: str = "Channel") -> str:
    event = {"EventID": 4688, "EventTime": "2021-03-03T01:02:03Z"} | ({} if channel is None else {key: channel})
    return json.dumps(event) + "\n"


RULES = (
    ("service: sysmon", "Image"),
    ("service: security", "F"),
    ("category: process_creation", "CommandLine"),
    ("category: process_creation", "Company"),
    ("category: image_load", "Image"),
)


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ([event_line(SECURITY)], {SYSMON: 3}),
        ([event_line(SECURITY.upper())], {SYSMON: 3}),
        ([event_line(SYSMON)], {SECURITY: 1}),
        ([event_line("Application")], {SYSMON: 3, SECURITY: 1, f"{SYSMON} or {SECURITY}": 1}),
        ([event_line("Application"), event_line(SYSMON, "channel"), event_line(SECURITY)], {}),
        ([event_line(None)], {}),
        ([event_line(None), event_line(SECURITY)], {SYSMON: 3}),
    ],
)
def test_the_rules_whose_channel_no_event_has_are_counted(lines: list[str], missing: dict[str, int]) -> None:
    # `Company` is no field of Security 4688, so only Sysmon could answer that rule.
    told = idle(both([artefact("events", "".join(lines))], brought(*RULES)).skipped)
    assert sum(count for count, _ in told) == sum(missing.values())
    listed = (told[0][1] or "").partition("(")[2].rstrip(")") if told else ""
    assert dict(one.rsplit(": ", 1) for one in listed.split("; ") if one) == {k: str(n) for k, n in missing.items()}


@pytest.mark.parametrize("naive", [True, False])
def test_channels_of_an_event_log(naive: bool) -> None:
    logs = [evtx([[(START, {"EventID": "1"})]], channel=channel) for channel in (SECURITY, "System")]
    artefacts = [Artefact("events", "evtx", MemoryFile(f"{n}.evtx", data)) for n, data in enumerate(logs)]
    result = hunt(artefacts, brought(*RULES), readers={"evtx": EvtxReader()}, naive=naive)
    assert [one.channels for one in result.scanned] == [(SECURITY,), ("System",)]
    assert idle(result.skipped) == [(3, f"rules for event logs of which the evidence has no event ({SYSMON}: 3)")]


def test_the_channel_of_a_table_of_sentinel() -> None:
    channels = Channels()
    channels.note_texts([json.dumps({"EventID": 1, "TimeGenerated": "2021-03-03T01:02:03Z", "EventLog": SECURITY})])
    assert channels.known() == (SECURITY,)


def test_a_channel_in_the_words_of_an_event_is_none() -> None:
    written = json.dumps({"Channel": SECURITY, "Message": json.dumps({"Channel": SYSMON}), "Data": {"Channel": "x"}})
    channels = Channels()
    channels.note_texts([written])
    assert channels.known() == (SECURITY,)


@given(st.lists(st.sampled_from([SECURITY, SYSMON, "Application"]), max_size=6), st.integers(1, 90))
def test_lines_cut_anywhere_give_the_same_channels(names: list[str], size: int) -> None:
    data = "".join(map(event_line, names)).encode()
    whole, cut = Channels(), Channels()
    whole.note_lines(data, 0, len(data))
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert list(cut.of_chunks(chunks)) == chunks
    assert whole.known() == cut.known() == (tuple(sorted(set(names))))


def test_a_made_log_of_many_channels_tells_none() -> None:
    channels = Channels()
    channels.note_texts([event_line(f"c{number}") for number in range(3000)])
    assert channels.known() is None


def test_words_that_pass_for_channels_hide_none() -> None:
    channels = Channels()
    events = [{"Channel": SECURITY, "EventData": {"LogName": f"n{number}"}} for number in range(3000)]
    channels.note_texts([json.dumps(one) for one in [*events, {"Channel": SYSMON}]])
    assert channels.known() is None
