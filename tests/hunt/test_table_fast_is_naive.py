"""Requests in a table are searched for needles as events are, and tested record by record: both say the same."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import TEXT, MemoryFile, pack, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import HuntResult
from waspglass.hunt.rules.load import load_rules
from waspglass.packs.pack import ActorFields, ArtefactKind, DerivedField, Logsource

KIND = ArtefactKind(
    kind="iis-table",
    format="access_table",
    logsources=(Logsource(category="webserver"),),
    aliases={"somebody": ("cs-username", "sc-status")},
    derive=(DerivedField(name="canary", source=("cs-uri-query",), regex="canary=([a-z]+)"),),
    actor=ActorFields(address=("c-ip",)),
    title=TEXT,
)
RULES = [
    "a: {cs-uri-query|contains: '/ecp/y.js?a=b'}\ncondition: a",
    "a: {cs-uri-stem|startswith: '/ecp/', sc-status: 241}\nb: {cs-username: null}\ncondition: a and b",
    "a: {cs-user-agent|contains: 'sample agent'}\ncondition: a",
    "a: {somebody|re: '^[0-9]+$', cs-method: POST}\ncondition: a",
    "a: {canary: abc}\ncondition: a",
    "a: {c-ip: null}\ncondition: a",
]
HEADER = ("TimeGenerated [UTC]", "csMethod", "csUriStem", "csUriQuery", "csUserName", "cIP", "csUserAgent", "scStatus")
CELLS = (
    st.sampled_from(["3/3/2021, 4:12:11.000 AM", "2021-03-03T04:12:11Z", "x", ""]),
    st.sampled_from(["POST", "GET", "-"]),
    st.sampled_from(["/ecp/y.js", "/ECP/Y.JS", '/ecp/"é\n', "-", ""]),
    st.sampled_from(["a=b", "canary=abc", "-", "NULL"]),
    st.sampled_from(["-", "CORP\\anna", "241"]),
    st.sampled_from(["203.0.113.5", "-"]),
    st.sampled_from(["sample+agent", "sample agent", "<script>\x07"]),
    st.sampled_from(["241", "200", ""]),
)


def searched(rows: list[tuple[str, ...]], *, naive: bool) -> HuntResult:
    text = io.StringIO()
    csv.writer(text).writerows((HEADER, *rows))
    rules = [sigma(each, logsource="category: webserver", title=f"r{number}") for number, each in enumerate(RULES)]
    made = pack(*rules, indicators=["type,value\nip,203.0.113.5\n"]).model_copy(update={"kinds": (KIND,)})
    table = Artefact("iis-table", "access_table", MemoryFile("t.csv", text.getvalue().encode()))
    return hunt([table], load_rules(made), readers=record_readers(), naive=naive)


@given(st.lists(st.tuples(*CELLS), max_size=6))
def test_the_search_finds_what_the_test_of_each_record_finds(rows: list[tuple[str, ...]]) -> None:
    fast, slow = searched(rows, naive=False), searched(rows, naive=True)
    assert fast.findings == slow.findings
    assert fast.scanned == slow.scanned
    assert fast.skipped == slow.skipped


def test_a_finding_names_the_number_of_its_request() -> None:
    other = ("2021-03-03T04:12:11Z", "GET", "/a", "-", "-", "192.0.2.1", "x", "200")
    found = searched([other, (*other[:2], "/ecp/y.js", "a=b", *other[4:])], naive=False).findings
    assert [(one.rule, one.line, one.record) for one in found] == [("r0", None, 2)]


CHAIN = """title: chain
name: chain
correlation: {type: temporal_ordered, rules: [first, second], group-by: [c-ip], timespan: 10m}
waspglass: {rung: used}
"""


@pytest.mark.parametrize(
    ("servers", "found"),
    [
        (("MX01", "mx01.example.org"), 1),
        (("192.0.2.1", "192.0.2.2"), 0),
        (("MX01", "MX02"), 0),
        (("MX01", "MX02", "MX01"), 1),
        (("", "MX02"), 1),
    ],
)
@pytest.mark.parametrize("naive", [False, True])
def test_what_was_asked_of_one_server_is_not_joined_with_what_was_asked_of_another(
    servers: tuple[str, ...], found: int, naive: bool
) -> None:
    names = [
        sigma(f"s: {{cs-uri-stem: /{name}}}\ncondition: s", logsource="category: webserver", title=name)
        for name in ("first", "second")
    ]
    text = "timestamp,Computer,c-ip,cs-uri-stem,sc-status\n" + "".join(
        f"2021-03-03T04:0{number}:00Z,{server},203.0.113.5,/{'second' if number else 'first'},200\n"
        for number, server in enumerate(servers)
    )
    made = pack(*names, CHAIN).model_copy(update={"kinds": (KIND,)})
    table = Artefact("iis-table", "access_table", MemoryFile("t.csv", text.encode()))
    result = hunt([table], load_rules(made), readers=record_readers(), naive=naive)
    assert len([one for one in result.findings if one.rule == "chain"]) == found


@pytest.mark.parametrize("field", ["s-computername", "server"])
def test_a_correlation_may_count_servers(field: str) -> None:
    asked = sigma("s: {cs-uri-stem: /first}\ncondition: s", logsource="category: webserver", title="first")
    count = (
        f"{{type: value_count, rules: [first], group-by: [c-ip], timespan: 10m, condition: {{field: {field}, gte: 2}}}}"
    )
    if field == "server":
        count = count.replace("group-by", "aliases: {server: {first: s-computername}}, group-by")
    text = "timestamp,Computer,c-ip,cs-uri-stem,sc-status\n" + "".join(
        f"2021-03-03T04:0{number}:00Z,MX0{number},203.0.113.5,/first,200\n" for number in range(2)
    )
    made = pack(asked, f"title: many\nname: many\ncorrelation: {count}\n").model_copy(update={"kinds": (KIND,)})
    table = Artefact("iis-table", "access_table", MemoryFile("t.csv", text.encode()))
    result = hunt([table], load_rules(made), readers=record_readers())
    assert [one.rule for one in result.findings] == ["many"]
