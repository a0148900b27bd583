"""What users bring: rules, indicators, packs, facts; and the cache that rules are kept in."""

from __future__ import annotations

from functools import cache

from tests.fuzz.archive_targets import scratch
from tests.fuzz.target import SAMPLES, Target, sample_files, shown_skips
from tests.hunt.evidence import artefact, both, iis, pack, row
from waspglass.evidence.artefact import Artefact
from waspglass.examine.facts_file import read_facts
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.stored import rules_from_json, rules_to_json
from waspglass.hunt.scan.yara_rules import YaraScanner
from waspglass.model.document import Document
from waspglass.packs.check_files import duplicate_keys
from waspglass.packs.folder import AdviceFile, ArtefactsFile, ClocksFile, PackHead
from waspglass.packs.known_good import read_known_good
from waspglass.packs.located import read_table, read_yaml
from waspglass.packs.pack import BuildRow, Figure, RuleSource, TimelineRow
from waspglass.packs.yara_source import checked_yara


@cache
def _evidence() -> tuple[Artefact, ...]:
    return (
        iis(row("/owa/auth/x.aspx", query="a=1&b=%2e"), row("/ecp/y.js", ip="198.51.100.7", status=500)),
        artefact("ecp-server", "TimeStamp,EventData\n2021-03-03T00:00:01Z,S:CMD=Set-OabVirtualDirectory.x='a'\n"),
        artefact("events", '{"EventID": 1, "Channel": "Security", "Image": "w3wp.exe"}\n'),
    )


def _rules(data: bytes) -> None:
    """Any text as a user's rule: read or skipped, and what was read finds the same both ways."""
    source = RuleSource(path="x", text=data.decode("utf-8", "replace"), origin="user")
    rules = load_rules(pack(), [source])
    shown_skips(rules.skipped)
    if rules.rules or rules.indicators:
        shown_skips(both(list(_evidence()), rules).skipped)


def _yara(data: bytes) -> None:
    source = RuleSource(path="x.yar", text=data.decode("utf-8", "replace"), origin="user")
    checked = checked_yara(source)
    if not checked.faults and not checked.includes:
        scanner = YaraScanner([source], 2)
        scanner.scan(artefact("webfile", '<%@ Page %><script runat="server">eval(x)</script>' * 20))


def _facts(data: bytes) -> None:
    path = scratch("facts.json")
    path.write_bytes(data)
    read_facts(path)


_YAML: tuple[type[Document], ...] = (PackHead, ArtefactsFile, AdviceFile, ClocksFile)
_TABLES: tuple[type[Document], ...] = (BuildRow, TimelineRow, Figure)


def _pack_file(data: bytes) -> None:
    """The first byte says which file of a pack the rest is."""
    if not data:
        return
    text = data[1:].decode("utf-8", "replace")
    number = data[0] % (len(_YAML) + len(_TABLES))
    if number < len(_YAML):
        list(duplicate_keys("x", text))
        read_yaml(text, "x", _YAML[number])
    else:
        read_table(text, "x", _TABLES[number - len(_YAML)])


def _pack_seeds() -> list[bytes]:
    names = ("pack.yml", "artefacts.yml", "advice.yml", "clocks.yml", "builds.csv", "timeline.csv", "figures.csv")
    return [
        bytes([number]) + content[:6000]
        for number, name in enumerate(names)
        for content in sample_files(f"*/{name}", most=200_000)
    ]


def _known_good(data: bytes) -> None:
    path = scratch("known_good.bin")
    path.write_bytes(data)
    found = read_known_good(path)
    assert ("0" * 64 in found) in (True, False)


def _stored(data: bytes) -> None:
    """The cache may be damaged by a full disk; then rules are read anew."""
    rules_from_json(data)


def _stored_seeds() -> list[bytes]:
    rules = load_rules(pack(*(one.decode() for one in sample_files("proxylogon/sigma/**/*.yml")[:3])))
    from waspglass.hunt.rules.stored import RuleTable

    table = RuleTable(rules.rules, rules.correlations, rules.indicators, frozenset(), rules.skipped)
    return [rules_to_json(table)]


_SIGMA_WORDS = tuple(
    f"|{name}".encode()
    for name in [
        "contains",
        "startswith",
        "endswith",
        "all",
        "re",
        "i",
        "m",
        "s",
        "cased",
        "cidr",
        "gt",
        "lt",
        "exists",
        "base64",
        "base64offset",
        "utf16",
        "wide",
        "windash",
        "expand",
        "fieldref",
        "minute",
        "neq",
    ]
)
_CSV = (
    b"type,value,tlp\nip,198.51.100.7,green\nhash,0123456789abcdef0123456789abcdef,x\nurl,http://evil.example/a.aspx,\n"
)
_FACTS = (
    b'{"hostname": "MX01", "timezone": "Europe/Berlin", "collected_at": "2021-03-12T00:00:00Z", '
    b'"builds": [{"build": "15.1.2176.2", "from": "2021-01-05T00:00:00Z"}]}'
)
_STIX = (
    b'{"type":"bundle","id":"bundle--1","objects":[{"type":"indicator","id":"indicator--1","name":"x","pattern":'
    b"\"[ipv4-addr:value = '198.51.100.7'] OR [file:hashes.'SHA-256' = 'aa'] OR [url:value = 'http://e.example/x.aspx']\""
    b"}]}"
)

RULE_TARGETS = (
    Target("sigma", _rules, lambda: sample_files("*/sigma/**/*.yml", most=6000), _SIGMA_WORDS),
    Target("yara", _yara, lambda: sample_files("*/yara/*.yar")),
    Target("stix", _rules, lambda: [_STIX], (b'"pattern":', b"[ipv4-addr:value = '", b" OR ", b" LIKE ", b"\\'")),
    Target("csv_indicators", _rules, lambda: [_CSV], (b"type,value", b"ip,", b"sha256,", b"\xef\xbb\xbf", b"hxxp://")),
    Target("facts", _facts, lambda: [_FACTS], (b"Europe/", b"2021-03-12T00:00:00+99:99", b"1e999", b"\\ud800")),
    Target("pack", _pack_file, _pack_seeds, (b"&a", b"*a", b"!!python/object", b"<<: ", b"|-\n", b"? ")),
    Target("known_good", _known_good, lambda: [path.read_bytes()[:4000] for path in SAMPLES.glob("*/known_good.bin")]),
    Target("stored_rules", _stored, _stored_seeds),
)
