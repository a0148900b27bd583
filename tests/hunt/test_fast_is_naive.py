"""No false negatives and no false positives: the fast scan gives what testing each rule on each line gives."""

from __future__ import annotations

import json
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import IIS_FIELDS, artefact, both, rules_of, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.hunt.matching import database, joined, plan
from waspglass.hunt.matching.plan import Plan
from waspglass.hunt.matching.sample import Sample
from waspglass.hunt.outcome.result import Limits
from waspglass.hunt.rules.rule import RuleSet
from waspglass.hunt.scan import decide
from waspglass.hunt.scan.blocks import Block
from waspglass.hunt.scan.lines import LogState
from waspglass.hunt.scan.planner import Planner

WORDS = [
    "/ecp/",
    "/owa/auth/",
    "x.js",
    ".aspx",
    "a",
    "ab",
    "GET",
    "POST",
    "evil.example",
    "198.51.100.7",
    "cmd=",
    "%2e",
    "é",
    "K",
    "'",
    '"',
    "\\",
    "/",
    "?",
    "+",
    "-",
    "200",
    "<s>",
    "\u0130",
    "Ab cD",
]
VALUES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("".join)
MODIFIERS = st.sampled_from(
    [
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|contains|all",
        "|cased",
        "|contains|cased",
        "|re",
        "|re|i",
        "|cidr",
        "|gt",
        "|exists",
        "|neq",
    ]
)
REGEXES = st.sampled_from(
    ["^/ecp/.*\\.js$", "(?:ab|cd)+x", "e.il", "/(ecp|owa)/[a-z]", "[0-9]{3}", "x\\.js", "(?i)GET", "a?b"]
)


@st.composite
def items(draw: st.DrawFn, fields: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in draw(st.lists(st.sampled_from(fields), min_size=1, max_size=2, unique=True)):
        modifier = draw(MODIFIERS)
        if modifier.startswith("|re"):
            value: object = draw(REGEXES)
        elif modifier == "|cidr":
            value = draw(st.sampled_from(["198.51.100.0/24", "198.51.100.7/32", "10.0.0.0/8", "::/0"]))
        elif modifier == "|gt":
            value = draw(st.integers(0, 500))
        elif modifier == "|exists":
            value = draw(st.booleans())
        else:
            value = draw(st.lists(VALUES.map(lambda text: text.replace("\\", "\\\\")), min_size=1, max_size=3))
            if modifier == "" and draw(st.integers(0, 5)) == 0:
                value = draw(st.sampled_from([None, ""]))
        found[field + modifier] = value
    return found


@st.composite
def rule_texts(draw: st.DrawFn, fields: list[str], logsource: str) -> str:
    detection: dict[str, object] = {
        "sel_a": draw(items(fields)),
        "sel_b": draw(items(fields)),
        "filter": draw(items(fields)),
    }
    detection["words"] = draw(st.lists(VALUES, min_size=1, max_size=2))
    detection["condition"] = draw(
        st.sampled_from(
            [
                "sel_a",
                "sel_a and sel_b",
                "sel_a or sel_b",
                "1 of sel_*",
                "all of sel_* and not filter",
                "not (sel_a or filter)",
                "words",
                "words and not sel_a",
                "sel_a or words",
                "(sel_a or sel_b) and not filter",
                "(sel_a or sel_b) and words",
            ]
        )
    )
    return json.dumps({"title": "t", "logsource": json.loads(logsource), "detection": detection})


def rule_set(texts: list[str]) -> RuleSet:
    return rules_of(*(f"id: 00000000-0000-4000-8000-{n:012d}\n" + _yaml(text) for n, text in enumerate(texts)))


def _yaml(text: str) -> str:
    return "\n".join(f"{key}: {json.dumps(value)}" for key, value in json.loads(text).items())


W3C_FIELDS = [
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
    "c-ip",
    "cs-user-agent",
    "sc-status",
    "canary",
    "date",
    "time-taken",
]
WEB = '{"category": "webserver"}'
CELLS = VALUES.map(lambda text: text.replace(" ", "+")) | st.just("-")


@st.composite
def w3c_logs(draw: st.DrawFn) -> Artefact:
    lines: list[str] = []
    header = IIS_FIELDS.split()
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.integers(0, 9))
        if kind == 0 or not lines:
            header = draw(st.permutations(IIS_FIELDS.split())) if kind == 0 else header
            header = header[: draw(st.sampled_from([15, 15, 14, 8]))]
            mark = "\ufeff" if not lines and draw(st.booleans()) else ""
            lines.append(f"{mark}#Fields: {' '.join(header)}")
        elif kind == 1:
            lines.append(draw(st.sampled_from(["#Date: 2021-03-03 00:00:00", "#Software: x", "", "junk", "# note"])))
        else:
            cells = [draw(CELLS) for _ in header]
            joint = draw(st.sampled_from([" ", " ", " ", "\t", "  "]))
            lines.append(joint.join(cells))
    text = draw(st.sampled_from(["\n", "\r\n"])).join(lines)
    raw = text.encode("utf-8") + (b"\n" if draw(st.booleans()) else b"")
    return artefact("iis", raw.replace(b"ab", b"\xff\x00ab") if draw(st.integers(0, 4)) == 0 else raw)


@given(st.lists(rule_texts(W3C_FIELDS, WEB), min_size=1, max_size=5), w3c_logs())
def test_w3c(texts: list[str], log: Artefact) -> None:
    both([log], rule_set(texts), Limits(per_rule=10_000))


def _planned_on_the_log(self: Planner, state: LogState, block: Block, start: int) -> Plan:
    return self._made(state, Sample(b"\n" + bytes(block.view[start : block.end])))


@given(st.lists(rule_texts(W3C_FIELDS, WEB), min_size=1, max_size=5), w3c_logs())
def test_w3c_with_joined_needles(texts: list[str], log: Artefact) -> None:
    """Whatever can be joined is, common or not, and all databases are filled up with what no log has."""
    data = log.file.open().read().replace(b"/owa/auth/", b"/owa/auth/\x00\x01\xf8\xf8\xf8\xf8")
    with (
        patch.object(plan, "_RARE", -1.0),
        patch.object(plan, "_TELLING", 1.1),
        patch.object(joined, "_COMMON_HEAD", 2.0),
        patch.object(database, "_ENOUGH", 40),
        patch.object(Planner, "plan", _planned_on_the_log),
    ):
        both([artefact("iis", data)], rule_set(texts), Limits(per_rule=10_000))


COLUMNS = st.frozensets(st.integers(0, 14), min_size=1)


@given(st.lists(rule_texts(W3C_FIELDS, WEB), min_size=1, max_size=5), w3c_logs(), COLUMNS)
def test_w3c_with_gates(texts: list[str], log: Artefact, columns: frozenset[int]) -> None:
    """From the second row on, whatever these columns decide is decided by them."""
    with patch.object(decide, "_LEARNT_FROM", 1), patch.object(decide, "repeating", lambda _rows: columns):
        both([log, log], rule_set(texts), Limits(per_rule=10_000))


ECP = '{"product": "exchange", "service": "ecp-server"}'
EVENTS = '{"product": "windows", "category": "process_creation"}'
EVENT_FIELDS = ["Image", "CommandLine", "User", "EventID"]
CSV_RULE_FIELDS = ["UrlStem", "AnchorMailbox", "ClientIpAddress", "HttpStatus", "EventData", "cmd", "url", "canary"]
CSV_NAMES = ["DateTime", "UrlStem", "AnchorMailbox", "UserAgent", "ClientIpAddress", "HttpStatus", "EventData"]


@st.composite
def csv_logs(draw: st.DrawFn) -> Artefact:
    names = ["DateTime", *draw(st.permutations(CSV_NAMES[1:]))]
    lines = [",".join(names)] if draw(st.booleans()) else []
    lines.append(f"#Fields: {','.join(names)}")
    for _ in range(draw(st.integers(1, 10))):
        cells = []
        for name in names:
            value = draw(VALUES)
            if name == "EventData":
                value = f"S:CMD={value};S:URL='{value.replace(chr(39), chr(39) * 2)}';Dbl:T={draw(VALUES)}"
            quoted = '"' in value or "," in value or draw(st.booleans())
            cells.append('"' + value.replace('"', '""') + '"' if quoted else value)
        line = ",".join(cells)
        lines.append(line[: draw(st.integers(0, len(line)))] if draw(st.integers(0, 6)) == 0 else line)
    return artefact("ecp-server", "\r\n".join(lines))


@given(st.lists(rule_texts(CSV_RULE_FIELDS, ECP), min_size=1, max_size=5), csv_logs())
def test_csv(texts: list[str], log: Artefact) -> None:
    both([log], rule_set(texts), Limits(per_rule=10_000))


@given(st.lists(rule_texts(CSV_RULE_FIELDS, ECP), min_size=1, max_size=5), csv_logs(), COLUMNS)
def test_csv_with_gates(texts: list[str], log: Artefact, columns: frozenset[int]) -> None:
    with patch.object(decide, "_LEARNT_FROM", 1), patch.object(decide, "repeating", lambda _rows: columns):
        both([log, log], rule_set(texts), Limits(per_rule=10_000))


@st.composite
def event_logs(draw: st.DrawFn) -> Artefact:
    lines = []
    for _ in range(draw(st.integers(1, 8))):
        data = {
            name: draw(VALUES)
            for name in draw(st.lists(st.sampled_from(["Image", "CommandLine", "User", "TargetFilename"]), unique=True))
        }
        shape = draw(st.integers(0, 2))
        event: dict[str, object] = {
            "EventID": draw(st.sampled_from([1, 11, 4688])),
            "Channel": "Microsoft-Windows-Sysmon/Operational",
        }
        if shape == 0:
            document: dict[str, object] = {**event, **data, "@timestamp": "2021-03-14T01:39:32.609Z"}
        elif shape == 1:
            document = {"Event": {"System": event, "EventData": data}}
        else:
            document = {"winlog": {"event_id": event["EventID"], "channel": event["Channel"], "event_data": data}}
        lines.append(json.dumps(document, ensure_ascii=draw(st.booleans())))
        if draw(st.integers(0, 5)) == 0:
            lines[-1] = lines[-1].replace("a", "\\u0061").replace("<", "\\u003c")
    return artefact("events", "\n".join(lines))


@given(st.lists(rule_texts(EVENT_FIELDS, EVENTS), min_size=1, max_size=4), event_logs())
def test_events(texts: list[str], log: Artefact) -> None:
    both([log], rule_set(texts), Limits(per_rule=10_000))


INDICATORS = """type,value
ip,198.51.100.7
domain,evil.example
url,http://evil.example/ecp/
user-agent,abab
user-agent,Ab cD
filename,x.aspx
"""


@given(w3c_logs())
def test_indicators(log: Artefact) -> None:
    both([log], rules_of(indicators=[INDICATORS]), Limits(per_rule=10_000))


def _planned_on_other_lines(self: Planner, state: LogState, _block: Block, _start: int) -> Plan:
    return self._made(state, Sample(b"\nab\n"))


@given(w3c_logs())
def test_indicators_whose_needles_are_cut(log: Artefact) -> None:
    """No address of the log is known when needles are chosen, so each is looked for by its network."""
    with patch.object(Planner, "plan", _planned_on_other_lines):
        both([log], rules_of(indicators=[INDICATORS]), Limits(per_rule=10_000))


def _many_rows() -> str:
    rows: list[str] = []
    fields = IIS_FIELDS
    for number in range(60_000):
        if number % 9_999 == 0:
            fields = IIS_FIELDS if number % 2 else IIS_FIELDS.replace(" cs(Referer)", "")
            rows.append(f"#Fields: {fields}")
        stem = "/ecp/x.js" if number % 7_000 == 5 else f"/owa/auth/logon{number % 3}.aspx"
        method = "POST" if number % 2 else "GET"
        referer = "- " if "(Referer)" in fields else ""
        agent = "Mozilla/5.0+(Windows+NT+10.0)"
        front = f"2021-03-03 00:00:01 10.0.0.1 {method} {stem} q={number} 443 - 198.51.100.{number % 250}"
        rows.append(f"{front} {agent} {referer}200 0 0 5")
    return "\r\n".join(rows)


MANY = (
    "s: {cs-method: POST, cs-uri-stem|contains: /ecp/, cs-uri-stem|endswith: .js}\ncondition: s",
    "s: {cs-uri-stem|contains: /owa/auth/}\nf: {cs-uri-stem|endswith: [n0.aspx]}\ncondition: s and not f",
    "s: {cs-referer: null, cs-uri-query|endswith: '77'}\ncondition: s",
)


def test_a_log_of_many_blocks_with_changing_headers() -> None:
    """Enough lines that a sample is taken, needles are chosen anew, and headers change inside of blocks."""
    rules = rules_of(*(sigma(text, id_=f"00000000-0000-4000-8000-00000000000{n}") for n, text in enumerate(MANY)))
    result = both([artefact("iis", _many_rows())], rules, Limits(per_rule=100_000))
    assert {one.rule[-1] for one in result.findings} == {"0", "1", "2"}
