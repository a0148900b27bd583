"""STIX patterns beyond "is": operators, several observations, and what the reference implementation of OASIS reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stix2patterns.exceptions import ParseException
from stix2patterns.v21.pattern import Pattern

from tests.hunt.evidence import artefact, both, iis, pack, row
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.rule import RuleSet
from waspglass.hunt.rules.stix_patterns import Comparison, Joined, Repeated, Seen, read_pattern
from waspglass.hunt.rules.stored import RuleTable, rules_from_json, rules_to_json
from waspglass.packs.pack import RuleSource

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def read(*patterns: str, more: dict[str, object] | None = None, markings: Sequence[object] = ()) -> RuleSet:
    objects: list[object] = [
        {"type": "indicator", "id": f"indicator--{n}", "name": f"i{n}", "pattern": one, **(more or {})}
        for n, one in enumerate(patterns)
    ]
    text = json.dumps({"type": "bundle", "id": "bundle--1", "objects": [*objects, *markings]})
    return load_rules(pack(), [RuleSource(path="feed", text=text, origin="user")])


def events(*rows: dict[str, object]) -> Artefact:
    base = {"Channel": SYSMON, "EventID": 1, "EventTime": "2021-03-03T01:02:03Z"}
    return artefact("events", "".join(json.dumps({**base, **one}) + "\n" for one in rows))


def lines(log: Artefact, pattern: str) -> list[int | None]:
    rules = read(pattern)
    assert rules.skipped == ()
    return [one.line for one in both([log], rules).findings]


HTTP = "network-traffic:extensions.'http-request-ext'"
WEB = iis(
    row("/ecp/y.js", query="x=1", agent="python-requests/2.25", ip="198.51.100.7"),
    row("/owa/auth/shell.aspx", query="cmd=who", agent="Mozilla/5.0+(evil)", ip="198.51.100.90", method="POST"),
    row("/owa/", query="u=http://cdn.evil.example/a/b.zip", ip="203.0.113.9"),
    row("/owa/", query="u=notevil.example.org", ip="2001:db8::1"),
)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[url:value LIKE '%/owa/auth/%.aspx?cmd=%']", [3]),
        ("[url:value LIKE 'http://cdn.evil.example/%/b.zip']", [4]),
        ("[url:value LIKE 'http://cdn.evil.example/a/b']", []),
        ("[url:value LIKE 'http://dn.evil.example/%']", []),
        ("[url:value LIKE 'http%://cdn.evil.example/%']", [4]),
        ("[url:value LIKE '%://cdn.evil.example/%']", [4]),
        ("[url:value MATCHES '/owa/auth/[a-z]{5}[.]aspx[?]cmd=']", [3]),
        ("[url:value MATCHES '^/owa/auth/[a-z]{5}']", []),
        ("[url:value MATCHES '/ECP/']", []),
        ("[domain-name:value LIKE '%.evil.example']", [4]),
        ("[domain-name:value LIKE 'evil.exampl_']", [4]),
        ("[domain-name:value LIKE '%evil.example.org']", [5]),
        ("[ipv4-addr:value LIKE '198.51.100._']", [2]),
        ("[ipv4-addr:value LIKE '198.51.100.%']", [2, 3]),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/26']", [2]),
        ("[ipv4-addr:value ISSUPERSET '198.51.100.7/32']", [2]),
        ("[ipv6-addr:value ISSUBSET '2001:db8::/32']", [5]),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24' AND ipv4-addr:value != '198.51.100.7']", [3]),
        ("[ipv4-addr:value LIKE '198.51.100.%' AND ipv4-addr:value NOT ISSUBSET '198.51.100.64/26']", [2]),
        ("[network-traffic:src_ref.value = '198.51.100.7' AND network-traffic:dst_port = 443]", [2]),
        ("[network-traffic:src_ref.value = '198.51.100.7' AND network-traffic:dst_port != 443]", []),
        ("[network-traffic:src_ref.value = '198.51.100.7' AND network-traffic:dst_port < 100]", []),
        ("[network-traffic:protocols[*] = 'tcp' AND network-traffic:src_ref.value = '198.51.100.7']", [2]),
        ("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' LIKE 'python-%']", [2]),
        (
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Mozilla/5.0 (evil)']",
            [3],
        ),
        (
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' MATCHES '^Mozilla.*evil']",
            [3],
        ),
        (f"[{HTTP}.request_method = 'POST' AND {HTTP}.request_value LIKE '/owa/auth/%']", [3]),
        (
            f"[{HTTP}.request_value MATCHES '^/ecp/[a-z][.]js[?]x=1$' AND {HTTP}.request_method NOT IN ('POST', 'X')]",
            [2],
        ),
        ("[ipv4-addr:value IN ('198.51.100.7', '203.0.113.9') AND url:value LIKE '%evil.example%']", [4]),
        (
            "[url:value LIKE '%nothing%' OR (ipv4-addr:value = '203.0.113.9' AND domain-name:value = 'evil.example')]",
            [4],
        ),
    ],
)
def test_requests(pattern: str, found: list[int]) -> None:
    assert lines(WEB, pattern) == found


HOST = events(
    {
        "Image": r"C:\Windows\System32\cmd.exe", "ParentImage": r"C:\x\w3wp.exe",
        "CommandLine": "cmd /c whoami", "User": r"NT\ann", "CurrentDirectory": "C:\\temp\\",
    },
    {"EventID": 11, "TargetFilename": r"C:\inetpub\wwwroot\aspnet_client\supp0rt.aspx", "Image": r"C:\x\w3wp.exe"},
    {"EventID": 13, "TargetObject": r"HKLM\Software\Run\evil", "Details": r"C:\evil.exe"},
    {"EventID": 13, "TargetObject": r"HKU\S-1-5-21-1\Software\Run\evil", "Details": "x"},
    {"EventID": 3, "DestinationIp": "198.51.100.7", "DestinationPort": "8443", "DestinationHostname": "c2.evil.test"},
    {"Image": r"C:\x\evilcmd.exe", "CommandLine": "evilcmd", "Hashes": f"MD5={'A' * 32},IMPHASH={'B' * 32}"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[process:name = 'cmd.exe']", [1]),
        ("[process:image_ref.name LIKE '%cmd.exe']", [1, 6]),
        ("[process:command_line LIKE 'cmd /c %']", [1]),
        (r"[process:cwd = 'C:\\temp']", [1]),
        (r"[process:name = 'cmd.exe' AND process:cwd != 'C:\\TEMP\\']", []),
        (r"[process:cwd LIKE '%\\temp']", [1]),
        ("[process:command_line MATCHES '^cmd.*whoami$']", [1]),
        ("[process:parent_ref.image_ref.name = 'W3WP.exe' AND process:command_line NOT LIKE '%whoami%']", []),
        ("[process:parent_ref.image_ref.name = 'w3wp.exe' AND process:command_line != 'x']", [1]),
        ("[file:name = 'supp0rt.aspx']", [2]),
        ("[file:name LIKE 'supp_rt.aspx']", [2]),
        (r"[file:parent_directory_ref.path = 'C:\\inetpub\\wwwroot\\aspnet_client']", [2]),
        (r"[file:parent_directory_ref.path LIKE 'C:\\inetpub\\%']", [2]),
        (r"[file:parent_directory_ref.path = 'C:\\inetpub\\wwwroot']", []),
        (r"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\Run']", [3]),
        (r"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software']", []),
        (r"[windows-registry-key:key = 'HKEY_CURRENT_USER\\Software\\Run']", [4]),
        (r"[windows-registry-key:key LIKE '%\\Run' AND windows-registry-key:values[*].name = 'evil']", [3, 4]),
        (r"[windows-registry-key:values[0].data = 'C:\\evil.exe']", [3]),
        ("[network-traffic:dst_ref.value = '198.51.100.7' AND network-traffic:dst_port >= 8000]", [5]),
        ("[domain-name:value MATCHES '^c2[.]']", [5]),
        (f"[file:hashes.'IMPHASH' = '{'b' * 32}']", [6]),
        (f"[process:binary_ref.hashes.MD5 = '{'a' * 32}']", [6]),
        ("[user-account:account_login = 'Ann']", [1]),
    ],
)
def test_events(pattern: str, found: list[int]) -> None:
    assert lines(HOST, pattern) == found


@pytest.mark.parametrize("told", ["process:command_line != 'x'", "EXISTS process:command_line"])
def test_what_is_empty_or_absent_is_neither_there_nor_something_else(told: str) -> None:
    rows: list[dict[str, object]] = [
        {"Image": r"C:\x\cmd.exe", **more} for more in ({"CommandLine": ""}, {}, {"CommandLine": "cmd"})
    ]
    assert lines(events(*rows), f"[process:name = 'cmd.exe' AND {told}]") == [3]


PAGE = b"<%-- SAMPLE: no code --%>"
SHA256 = hashlib.sha256(PAGE).hexdigest()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[file:name MATCHES '[.]aspx$' AND file:size < 1000]", True),
        ("[file:name MATCHES '[.]ASPX$' AND file:size < 1000]", False),
        ("[file:name = 'page.aspx' AND file:size >= 1000]", False),
        (f"[file:name = 'PAGE.aspx' AND file:size = {len(PAGE)}.0]", True),
        (f"[file:name = 'page.aspx' AND file:size != {len(PAGE)}]", False),
        ("[file:name LIKE 'pa_e.%' AND file:size != 5]", True),
        ("[file:name LIKE 'ag_.aspx' AND file:size != 5]", False),
        (r"[file:parent_directory_ref.path LIKE 'D:\\inetpub\\%' AND file:size < 1000]", True),
        (r"[file:parent_directory_ref.path = 'C:\\inetpub\\wwwroot\\' AND file:name = 'page.aspx']", True),
        (r"[file:parent_directory_ref.path = 'C:\\root' AND file:name = 'page.aspx']", False),
        (f"[file:hashes.'SHA-256' = '{SHA256.upper()}']", True),
        (f"[file:name = 'page.aspx' AND file:hashes.'SHA-256' != '{SHA256}']", False),
        (f"[file:name = 'page.aspx' AND file:hashes.'SHA-256' != '{'0' * 64}']", True),
    ],
)
def test_files(pattern: str, found: bool) -> None:
    rules = read(pattern)
    assert rules.skipped == ()
    page = artefact("webfile", PAGE, r"C:\inetpub\wwwroot\page.aspx")
    result = hunt([page], rules, readers=record_readers(None))
    assert bool(result.findings) is found


A, B = "[ipv4-addr:value = '198.51.100.7']", "[url:value LIKE '%/owa/auth/shell.aspx%']"
TIMES = iis(
    row("/ecp/y.js", ip="198.51.100.7", time="00:00:10"),
    row("/ecp/y.js", ip="198.51.100.7", time="00:00:20"),
    row("/owa/auth/shell.aspx", ip="203.0.113.1", time="00:05:00"),
    row("/ecp/y.js", ip="198.51.100.7", time="00:30:00"),
)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (f"{A} FOLLOWEDBY {B}", [4]),
        (f"{B} FOLLOWEDBY {A}", [5]),
        (f"({A} FOLLOWEDBY {B}) WITHIN 300 SECONDS", [4]),
        (f"({A} FOLLOWEDBY {B}) WITHIN 60 SECONDS", []),
        (f"({B} AND {A}) WITHIN 300 SECONDS", [4]),
        (f"({B} AND {A}) WITHIN 10 SECONDS", []),
        (f"{A} REPEATS 3 TIMES", [5]),
        (f"{A} REPEATS 2 TIMES WITHIN 60 SECONDS", [3]),
        (f"{A} REPEATS 3 TIMES WITHIN 60 SECONDS", []),
        (f"{A} REPEATS 4 TIMES", []),
        (f"({A} OR [domain-name:value = 'x.example']) FOLLOWEDBY {B}", [4]),
        (f"{B} WITHIN 5 SECONDS", [4]),
    ],
)
def test_several_observations(pattern: str, found: list[int]) -> None:
    assert lines(TIMES, pattern) == found


def test_parts_of_a_joined_pattern_are_no_findings_but_what_it_rests_on() -> None:
    result = both([TIMES], read(f"{A} FOLLOWEDBY {B}"))
    (one,) = result.findings
    assert (one.rule, one.title, one.effect) == ("indicator--0", "i0", "hint")
    assert sorted(context.line or 0 for context in result.context if context.id in one.evidence) == [3, 4]


def test_what_is_joined_is_stored_whole() -> None:
    rules = read(f"{A} FOLLOWEDBY {B}", f"{A} REPEATS 3 TIMES")
    table = RuleTable((), rules.correlations, rules.indicators, frozenset(), ())
    assert rules_from_json(rules_to_json(table)) == table


def test_two_indicators_of_one_id_are_told() -> None:
    objects = [{"type": "indicator", "id": "indicator--1", "pattern": f"{A} REPEATS {n} TIMES"} for n in (2, 3)]
    rules = load_rules(pack(), [RuleSource(path="feed", text=json.dumps({"objects": objects}), origin="user")])
    assert len(rules.correlations) == 1
    assert [one.detail for one in rules.skipped] == ["the id indicator--1 is taken by another indicator"]


AMBER = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
OWN = {"type": "marking-definition", "id": "marking-definition--1", "definition": {"tlp": "red"}}
CLEAR = {"type": "marking-definition", "id": "marking-definition--2", "name": "TLP:CLEAR"}


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({"object_marking_refs": [AMBER]}, "i0 [TLP:AMBER]"),
        ({"object_marking_refs": ["marking-definition--1", [], "x"]}, "i0 [TLP:RED]"),
        ({"object_marking_refs": ["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"]}, "i0"),
        ({"object_marking_refs": ["marking-definition--2"]}, "i0"),
        ({"confidence": 15}, "i0 [confidence 15 of 100]"),
        ({"confidence": 80}, "i0"),
        ({"indicator_types": ["anonymization"]}, "i0 [an anonymization service, which many use]"),
        ({"valid_until": "2021-04-01T00:00:00Z", "valid_from": "2022-01-01T00:00:00Z"}, "i0"),
        ({"indicator_types": ["benign"]}, None),
        ({"revoked": True}, None),
        ({"pattern_type": "yara"}, None),
    ],
)
def test_what_an_author_says_of_an_indicator(more: dict[str, object], title: str | None) -> None:
    rules = read(A, more=more, markings=[OWN, CLEAR])
    assert [one.title for one in rules.indicators] == ([] if title is None else [title])
    assert len(rules.skipped) == (title is None)


PATHS = st.sampled_from(
    ["file:name", "url:value", "file:hashes.'SHA-256'", "network-traffic:protocols[*]", "a-b:c_d[0].e"]
)
STRINGS = st.sampled_from(["'x'", r"'it\'s'", "'a [b] AND (c)'", r"'\\'", "''"])
WORDS = ["=", "!=", "NOT =", "LIKE", "NOT LIKE", "MATCHES", "<", ">="]
COMPARISONS = st.one_of(
    st.tuples(PATHS, st.sampled_from(WORDS), STRINGS).map(" ".join),
    st.tuples(PATHS, st.sampled_from([" IN ", " NOT IN "]), st.lists(STRINGS, min_size=1, max_size=3)).map(
        lambda one: f"{one[0]}{one[1]}({', '.join(one[2])})"
    ),
    st.tuples(PATHS, st.sampled_from(["=", "<"]), st.sampled_from(["1", "-2", "3.5"])).map(" ".join),
    st.tuples(st.sampled_from(["EXISTS ", "NOT EXISTS "]), PATHS).map("".join),
)  # fmt: skip
JOINED = st.recursive(
    COMPARISONS,
    lambda part: st.tuples(part, st.sampled_from([" AND ", " OR "]), part).map(lambda one: f"({''.join(one)})"),
    max_leaves=4,
)
QUALIFIERS = st.sampled_from(
    ["", "", " WITHIN 5 SECONDS", " REPEATS 2 TIMES", " START t'2021-01-01T00:00:00Z' STOP t'2021-02-01T00:00:00Z'"]
)
OBSERVED = st.recursive(
    st.tuples(JOINED.map("[{}]".format), QUALIFIERS).map("".join),
    lambda part: st.tuples(part, st.sampled_from([" AND ", " OR ", " FOLLOWEDBY "]), part, QUALIFIERS).map(
        lambda one: f"({one[0]}{one[1]}{one[2]}){one[3]}"
    ),
    max_leaves=3,
)
DAMAGE = st.sampled_from(["", "", "[", "]", "(", " AND", " OR [", " FOLLOWEDBY", " WITHIN", " x", "'"])


def grammatical(pattern: str) -> bool:
    """What the parser of OASIS says."""
    try:
        Pattern(pattern)
    except ParseException:
        return False
    return True


def answer(pattern: str) -> str:
    """`read`, or `unhunted` if it is a pattern that says more than we hunt, or `unreadable`."""
    try:
        read_pattern(pattern)
    except UnsupportedRuleError as fault:
        return "unhunted" if "joins or repeats" in str(fault) or "START" in str(fault) else "unreadable"
    return "read"


@given(OBSERVED, DAMAGE)
def test_what_oasis_reads_is_read_and_what_it_refuses_is_refused(pattern: str, damage: str) -> None:
    text = pattern + damage
    assert answer(text) != ("unreadable" if grammatical(text) else "read")


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("[a:b = 'x'] AND [c:d = 'y'] OR [e:f = 'z']", [Joined, Seen]),
        ("[a:b = 'x'] OR [c:d = 'y'] FOLLOWEDBY [e:f = 'z']", [Joined]),
        ("[a:b = 'x'] REPEATS 5 TIMES OR [a:b = 'y']", [Repeated, Seen]),
        ("[a:b = 'x'] REPEATS 1 TIMES", [Seen]),
    ],
)
def test_what_binds_more(pattern: str, meant: list[type]) -> None:
    assert grammatical(pattern)
    assert [type(one) for one in read_pattern(pattern)] == meant


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("[url:value LIKE 'http://%']", "LIKE 'http://%' fits almost everything"),
        ("[file:name = b'YWJj']", "file:name is compared with a time or bytes"),
        ("[file:name IN ('a.exe', h'6162')]", "file:name is compared with a time or bytes"),
        ("[process:command_line MATCHES '[[:alpha:]]+evil']", "classes such as [:alpha:] are not understood"),
        ("[process:command_line MATCHES '(evil']", "not a regular expression: missing )"),
        ("[file:name = 'evil.exe' AND file:size < 1e999]", "'1e999' is no number"),
        (
            "[url:value = 'http://a.example/x' AND ipv4-addr:value != 'abc']",
            "'abc' is neither an address nor a network",
        ),
        ("[url:value = 'http://a.example/x' AND ipv4-addr:value NOT ISSUBSET '198.51.100.0/33']", "neither an address"),
        ("[NOT EXISTS file:name AND file:size = 5]", "file:name cannot be compared with NOT EXISTS"),
        ("[file:name = 'evil.exe'] REPEATS 0 TIMES", "repeats 0 times"),
        (f"[file:name = 'evil.exe'] REPEATS {'9' * 400} TIMES", "a number that is too large"),
        (f"([file:name = 'a.exe'] AND [file:name = 'b.exe']) WITHIN {'9' * 400} SECONDS", "too large"),
    ],
)
def test_what_is_not_hunted_is_told(pattern: str, told: str) -> None:
    rules = read(pattern)
    assert rules.indicators == ()
    assert [told in (one.detail or "") for one in rules.skipped] == [True]


def test_many_brackets_one_after_another_are_read_and_deep_ones_are_not() -> None:
    names = [f"evil{number}.exe" for number in range(80)]
    rules = read("[" + " OR ".join(f"(file:name = '{name}')" for name in names) + "]")
    assert [one.value for one in rules.indicators] == names
    with pytest.raises(UnsupportedRuleError, match="too many brackets"):
        read_pattern("[" + "(" * 51 + "a:b = 'x'" + ")" * 51 + "]")


def test_a_negated_comparison() -> None:
    assert read_pattern("[a:b NOT != 'x']") == [Seen(((Comparison("a", "b", "=", ("x",)),),))]
    assert read_pattern("[a:b NOT = 'x']") == read_pattern("[a:b <> 'x']")
