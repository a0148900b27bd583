"""SharePoint's trace logs are searched for needles as events are, and tested record by record: both say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.readers.test_uls import HEADER, row
from tests.hunt.evidence import TEXT, MemoryFile, pack, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import HuntResult
from waspglass.hunt.rules.load import load_rules
from waspglass.packs.pack import ArtefactKind, Logsource

KIND = ArtefactKind(kind="uls", format="uls", logsources=(Logsource(product="sharepoint", service="uls"),), title=TEXT)
RULES = [
    "a: {Message|contains: 'ToolPane.aspx'}\ncondition: a",
    "a: {Message|contains: 'say \"no\"'}\ncondition: a",
    "a: {Message|contains: 'C:\\\\é'}\ncondition: a",
    "a: {Message|re: '(?i)access [^,]+, Error='}\ncondition: a",
    "a: {Level: High}\nb: {Message: null}\ncondition: a or b",
    "a: ['spinstall']\ncondition: a",
]
INDICATORS = "type,value\nip,198.51.100.7\nuri,/_layouts/15/sample.aspx\n"
PARTS = [
    *("ToolPane.aspx", "toolpane.ASPX", 'say "no"', "C:\\é", "access /x, Error=", "spinstall0", "198.51.100.7"),
    *("/_layouts/15/sample.aspx", "x", "...", "\t", " ", "\u2028", "\x07"),
]


def searched(text: str, *, naive: bool) -> HuntResult:
    logsource = "product: sharepoint, service: uls"
    rules = [sigma(each, logsource=logsource, title=f"r{number}") for number, each in enumerate(RULES)]
    made = pack(*rules, indicators=[INDICATORS]).model_copy(update={"kinds": (KIND,)})
    log = Artefact("uls", "uls", MemoryFile(r"C:\LOGS\SP01-20250718-1800.log", text.encode()))
    return hunt([log], load_rules(made), readers=record_readers(timezone="Europe/Berlin"), naive=naive)


@given(st.lists(st.tuples(st.lists(st.sampled_from(PARTS), max_size=4), st.booleans()), max_size=6))
def test_the_search_finds_what_the_test_of_each_record_finds(written: list[tuple[list[str], bool]]) -> None:
    text = HEADER + "".join(
        row("".join(parts), time="07/18/2025 18:06:04.12" + ("*" if goes_on else " ")) for parts, goes_on in written
    )
    fast, slow = searched(text, naive=False), searched(text, naive=True)
    assert fast.findings == slow.findings
    assert fast.scanned == slow.scanned
    assert fast.skipped == slow.skipped


@pytest.mark.parametrize("naive", [False, True])
def test_a_finding_names_its_line_and_what_was_cut_is_found(naive: bool) -> None:
    text = HEADER + row("first") + row("a request for Tool...") + row("...Pane.aspx", time="07/18/2025 18:06:04.12*")
    (found,) = searched(text, naive=naive).findings
    assert (found.rule, found.line, found.record) == ("r0", 3, None)


@pytest.mark.parametrize("naive", [False, True])
def test_columns_keep_their_names(naive: bool) -> None:
    """Those of events have others: `message` and `event_id` are renamed, `#attributes` is no data."""
    text = "Timestamp\tmessage\tMessage\t#attributes\r\n07/18/2025 18:06:04.12\tToolPane.aspx\tx\tspinstall\r\n"
    assert {one.rule for one in searched(text, naive=naive).findings} == {"r5"}


@pytest.mark.parametrize("naive", [False, True])
def test_indicators_are_looked_for_in_messages(naive: bool) -> None:
    result = searched(HEADER + row("198.51.100.7 asked for /_layouts/15/sample.aspx"), naive=naive)
    assert {one.rule for one in result.findings} >= {"address:198.51.100.7"}
