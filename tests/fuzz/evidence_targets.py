"""The readers of logs and of single files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache

from tests.evidence.evtx_writer import evtx
from tests.evidence.formats.test_event_exports import SHAPES
from tests.evidence.pe_writer import program_file
from tests.evidence.readers.test_access_log import ALL_FIELDS, IIS, NCSA, W3C
from tests.evidence.readers.test_access_table import TABLES
from tests.evidence.readers.test_defender_export import DEFENDER_EXPORTS
from tests.evidence.readers.test_event_export import EVENT_VIEWER, EXPORTS
from tests.evidence.readers.test_readers import COMPILED, HOST_CONFIG, LIST, TASK, UPGRADE, setup_log
from tests.evidence.readers.test_safety_scanner import SCANS
from tests.evidence.readers.test_uls import ULS
from tests.evidence.trees import memory_artefact
from tests.fuzz.target import EXAMPLES, Target, sample_files, shown, shown_skips
from tests.hunt.evidence import IIS_FIELDS, artefact, both, row, rules_of, sigma
from waspglass.evidence.formats.registry import line_format
from waspglass.evidence.log_span import log_span
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.rules.rule import RuleSet

_ITEMS = """
script: {cs-uri-stem|endswith: .aspx}
agent: {cs(User-Agent)|contains: Exchange}
address: {ClientIpAddress|cidr: 10.0.0.0/8}
script2: {UrlStem|contains: proxyLogon}
number: {sc-status|gt: 400}
nothing: {cs-uri-query: null}
pattern: {EventData|re: 'CMD=Set-\\w+'}
pattern2: {Data|contains: script}
word: ['%2e', 'eval']
condition: (script or agent or script2 or pattern or pattern2 or word or address) and not (number or nothing)
"""


@cache
def _rules() -> RuleSet:
    sources = ("category: webserver", "product: exchange, service: httpproxy", "product: exchange, service: ecp-server")
    windows = "a: {EventID: [1, 6, 4688]}\nb: {Image|endswith: w3wp.exe}\nc: ['eval']\ncondition: 1 of them"
    return rules_of(
        *(sigma(_ITEMS, logsource=source, title=f"r{number}") for number, source in enumerate(sources)),
        sigma(windows, logsource="product: windows, service: security", title="w"),
        indicators=["type,value\nip,198.51.100.7\nhash,a\nuri,/x.aspx\n"],
    )


def _log(kind: str, form: str, data: bytes) -> None:
    """The scan with needles and the one without agree; the span holds what is found; nothing is left unescaped."""
    one = artefact(kind, data)
    result = both([one], _rules())
    for found in (*result.findings, *result.context):
        shown(found.excerpt)
        shown(found.source)
    shown_skips(result.skipped)
    for stream_only in (False, True):
        span = log_span(memory_artefact(data, "x.log", form) if stream_only else one, line_format(form), 24)
        shown_skips(span.skipped)
        assert span.first is None or span.last is None or span.first <= span.last


def _reader(name: str, data: bytes) -> None:
    for place, moment, record in record_readers()[name].records(memory_artefact(data, r"C:\a\b.c", name)):
        assert place is not None
        assert moment is None or moment.tzinfo is not None
        assert {type(one) for pair in record.items() for one in pair} <= {str}


def _logs(kind: str, form: str, seeds: tuple[str, ...], *more: bytes, words: tuple[bytes, ...] = ()) -> Target:
    def contents() -> list[bytes]:
        return [*sample_files(*seeds), *sample_files(*seeds, root=EXAMPLES), *more]

    return Target(form, lambda data: _log(kind, form, data), contents, words)


_IIS = f"#Fields: {IIS_FIELDS}\r\n{row('/x.aspx')}\r\n{row('/ecp/y.js', status=500)}\r\n".encode()
_HTTPERR = (
    b"#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri "
    b"sc-status s-siteid s-reason s-queuename\r\n2021-03-03 00:00:01 198.51.100.7 5 10.0.0.1 443 HTTP/1.1 GET "
    b"/ecp/x.aspx?%2e 400 - BadRequest -\r\n"
)
_HEADER_WORDS = (b"#Fields: ", b"#Date: ", b"#Software: ", b"\xef\xbb\xbf#", b"cs-uri-stem", b"2021-03-03", b"\r\n")


def _httperr(data: bytes) -> None:
    form = line_format("httperr")
    columns = form.implied
    for line in data.split(b"\n"):
        if line.startswith(form.header_starts):
            columns = form.header(line, columns)
        elif columns is not None and form.cells(line, len(columns.names)) is not None:
            record = form.record(line, columns)
            moment = form.time(record, columns)
            assert moment is None or moment.tzinfo is not None
            for value in record.values():
                low = line.lower()
                assert all(any(raw.lower() in low for raw in forms) for forms in form.raw_forms(value)), value
    shown_skips(log_span(memory_artefact(data, "x.log", "httperr"), form, 24).skipped)


def _file_reader(name: str, *seeds: bytes, globs: tuple[str, ...] = (), words: tuple[bytes, ...] = ()) -> Target:
    return Target(name, lambda data: _reader(name, data), lambda: [*seeds, *sample_files(*globs)], words)


_XML_WORDS = (b"<!DOCTYPE", b"<!ENTITY", b"]]>", b"<![CDATA[", b"&#0;", b"&lt;", b"xmlns:", b"\xff\xfe", b"\xfe\xff")
_EVTX = evtx([[(datetime(2021, 3, 3, tzinfo=UTC), {"EventID": "1", "A": "b"})]])

EVIDENCE_TARGETS = (
    _logs("iis", "w3c", ("*/samples/iis/*", "**/u_ex21030[34].log"), _IIS, words=_HEADER_WORDS),
    Target("httperr", _httperr, lambda: [_HTTPERR], _HEADER_WORDS),
    _logs(
        "httpproxy",
        "diagnostics_csv",
        ("*/samples/httpproxy/*", "*/samples/ecp/*", "*/samples/oabgenerator/*", "*/samples/cmdlet/*"),
        words=(b"#Fields: ", b"DateTime,", b'""', b"S:CMD=", b"EventData", b"''"),
    ),
    _logs(
        "events",
        "event_json",
        ("*/samples/events/*",),
        *(json.dumps(shape).encode() for shape in SHAPES.values()),
        words=(b'"EventID":', b'"Event":{"System":', b'"winlog":', b"\\u0065", b"1e999", b'"#attributes":', b"null"),
    ),
    _file_reader("evtx", _EVTX, words=(b"ElfFile\0", b"ElfChnk\0", b"**\0\0")),
    _file_reader(
        "event_export",
        *(text.encode() for text in (*EXPORTS.values(), *EVENT_VIEWER.values())),
        words=(
            b"Record 1\n",
            b'"Properties":',
            b'"Details":',
            b"#TYPE x\n",
            b"/Date(1614733323000)/",
            b"\xff\xfe",
            b"\\ud8",
        ),
    ),
    _file_reader("web_file", b"<%@ Page %>", globs=("*/samples/web/**/*.aspx",)),
    _file_reader("iis_config", HOST_CONFIG, globs=("*/samples/iis-config/**/*.config",), words=_XML_WORDS),
    _file_reader("compiled_page", COMPILED, globs=("*/samples/compiled/**/*.compiled",), words=_XML_WORDS),
    _file_reader("oab_export", LIST.encode(), globs=("*/samples/*/**/OabVirtualDirectory.txt",)),
    _file_reader("scheduled_task", TASK.encode("utf-16"), TASK.encode(), words=_XML_WORDS),
    _file_reader(
        "exchange_setup_log", setup_log(*UPGRADE), words=(b"Setup version: ", b"Local time zone: (UTC+99:99)")
    ),
    _file_reader(
        "uls", ULS.encode(), ULS.encode("utf-16"), words=(b"07/18/2025 18:06:04.12*\t", b"...", b"Timestamp\t")
    ),
    _file_reader(
        "safety_scanner", SCANS.encode(), SCANS.encode("utf-16"), words=(b"Started On ", b"Threat Detected: ")
    ),
    _file_reader(
        "access_log",
        *(
            line.encode()
            for line in (NCSA, IIS, W3C, f"u_ex1.log:{ALL_FIELDS}", f"u_ex1.log:#Fields: date time\n{W3C}")
        ),
        words=(b'" 200 1', b'\\"', b" [03/Mar/2021:", b", ", b'"-" "-"', b".log:", b"#Fields: ", b"---------- "),
    ),
    _file_reader(
        "access_table", *(text.encode() for text in TABLES.values()), words=(b'"', b",", b"csUriStem", b" [UTC]")
    ),
    _file_reader(
        "defender_export", *(text.encode() for text in DEFENDER_EXPORTS.values()), words=(b'"', b",", b'"properties":')
    ),
    _file_reader("pe_version", program_file((15, 1, 2176, 2), {"CompanyName": "Sample"}), words=(b"MZ", b"PE\0\0")),
)
