"""Scan exports of the census, lists of contacts, and programs that are traced."""

from __future__ import annotations

import datetime as dt
import gzip
import json

import zstandard

from tests.census.exports import COLUMNS_2021, COLUMNS_TODAY, banner, jsonl
from tests.census.test_other_sources import CENSYS_SERVICE, NMAP_HOST, ROW_2021, SHELL, TEST, csv, nmap
from tests.fuzz.archive_targets import scratch
from tests.fuzz.target import EXAMPLES, Target, sample_files, shown_skips
from tests.trace.programs import ORIGINAL
from waspglass.census.contacts import read_contacts
from waspglass.census.normalise import Filing, normalise
from waspglass.census.sighting import Tally
from waspglass.census.sources.all import all_sources
from waspglass.census.sources.content import open_content
from waspglass.census.sources.json_array import in_lines
from waspglass.census.sources.mapping import Mapping
from waspglass.census.sources.opening import exports_in
from waspglass.census.sources.recognise import choose
from waspglass.census.sources.source import Head
from waspglass.trace.hashing import Features
from waspglass.trace.languages import LANGUAGES
from waspglass.trace.program import Source, program_of
from waspglass.trace.unpack import unpack

_LATEST = dt.datetime(2021, 4, 1, tzinfo=dt.UTC)


def _export(data: bytes, wanted: str | None = None, mapping: Mapping | None = None) -> None:
    """Read and normalised as `census add` does, without the store."""
    path = scratch("export-2021-03-09")
    path.write_bytes(data)
    tally = Tally("x")
    for export in exports_in(path):
        with open_content(export, partial=True) as opened:
            content = in_lines(opened)
            head = Head(export.name, content.peek()[: 1 << 16])
            source = choose(head, all_sources(mapping), wanted, "x")
            filing = Filing(source.feed(head), dt.date(2021, 3, 9), _LATEST)
            for raw in source.read(content, head, tally):
                normalise(raw, filing, tally)
    shown_skips(tally.skipped())


def _source(name: str, *seeds: bytes, words: tuple[bytes, ...] = ()) -> Target:
    return Target(f"census_{name}", lambda data: _export(data, name), lambda: seeds, words)


def _contacts(data: bytes) -> None:
    path = scratch("contacts.csv")
    path.write_bytes(data)
    contacts = read_contacts(path)
    contacts.find("192.0.2.1", ["mail.b.example"], 64496)


def _program(data: bytes) -> None:
    """The first byte chooses the language; features are sorted and distinct whatever the text is."""
    if not data:
        return
    language = LANGUAGES[data[0] % len(LANGUAGES)]
    program = program_of(Source("x", data[1:], language))
    for features in program.views.values():
        assert _ascending(features)


def _ascending(features: Features) -> bool:
    return bool((features[1:] > features[:-1]).all())


def _program_seeds() -> list[bytes]:
    texts = [
        ORIGINAL.encode(),
        *sample_files("trace-*/**/*.p*", root=EXAMPLES),
        *sample_files("*/samples/web/**/*.aspx"),
    ]
    return [bytes([number]) + texts[number % len(texts)] for number in range(max(len(LANGUAGES), len(texts)))]


def _unpack(data: bytes) -> None:
    found = unpack(Source("x", data))
    assert sum(len(layer.raw) for layer in found.layers) < 1 << 28


_SHODAN = jsonl(banner("192.0.2.1"), banner("2001:db8::1", "15.1.2176"))
_LIST = json.dumps([banner("192.0.2.1"), banner("192.0.2.2")], indent=1)
_ARRAYS = (_LIST.encode(), f'{{\n"result": {{"hits": {_LIST}}}}}'.encode())
_MAPPING = Mapping(
    name="x", format="json", each="a.b", columns={"address": "ip", "head": "c", "names": "d", "seen": "e"}
)
_DECLARED = jsonl(
    {"ip": "192.0.2.1", "a": {"b": [{"c": {"X_OWA_Version": ["15.1"]}, "d": [["x"]], "e": 1615284000123}]}}
)
_CENSYS = jsonl({"ip": "192.0.2.1", "services": [CENSYS_SERVICE]})
_NMAP = nmap(NMAP_HOST.format(address="192.0.2.1", script=TEST.format(state="VULNERABLE")))
_SHADOW = csv(COLUMNS_2021, ROW_2021, SHELL)

OTHER_TARGETS = (
    _source("shodan", _SHODAN, words=(b'"ip_str":', b'"http":', b'"vulns":', b"1e999", b"X-OWA-Version: ", b"\\ud800")),
    _source("censys", _CENSYS, words=(b'"services":', b'"ip":', b"[[[[", b"null")),
    _source("nmap", _NMAP, words=(b"<host", b"<!DOCTYPE", b"<!ENTITY", b"<elem key=", b"<address addr=")),
    _source("shadowserver", _SHADOW, csv(COLUMNS_TODAY, ROW_2021), words=(b'""', b'"', b"\r", b"\xef\xbb\xbf", b";")),
    Target(
        "census_array", lambda data: _export(data, "shodan"), lambda: _ARRAYS, (b"[", b"]", b"{", b'"', b"\\", b"\n")
    ),
    Target(
        "census_declared", lambda data: _export(data, "table", _MAPPING), lambda: (_DECLARED,), (b"[", b"1e999", b"{")
    ),
    Target(
        "census_packed",
        _export,
        lambda: [pack(one) for one in (_SHODAN, _SHADOW) for pack in (gzip.compress, zstandard.compress)],
    ),
    Target(
        "contacts",
        _contacts,
        lambda: sample_files("**/contacts.csv", root=EXAMPLES),
        (b"cidr", b"asn", b"email", b"/0"),
    ),
    Target("trace_program", _program, _program_seeds),
    Target(
        "trace_unpack",
        _unpack,
        lambda: [text[1:] for text in _program_seeds()],
        (b"-enc ", b"[char]", b"0x41,", b"H4sI"),
    ),
)
