"""Evidence in memory, and the smallest kinds of log, for tests of the hunt."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from waspglass.evidence.artefact import Artefact
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import HuntResult, Limits
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.rule import RuleSet
from waspglass.packs.pack import (
    ActorFields,
    ArtefactKind,
    DerivedField,
    Logsource,
    Pack,
    RuleSource,
    Translated,
    WebRoot,
    Window,
)

TEXT = Translated(en="test", de="Test")
IIS_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status "
    "sc-substatus sc-win32-status time-taken"
)
WINDOW = Window(first_exploitation=datetime(2021, 1, 3, tzinfo=UTC), patch_available=datetime(2021, 3, 2, tzinfo=UTC))
CANARY = "msExchEcpCanary=([A-Za-z0-9_-]+)"


def _kind(
    name: str, form: str, *logsources: Logsource, canary: str | None = None, address: str | None = None
) -> ArtefactKind:
    return ArtefactKind(
        kind=name,
        format=form,
        logsources=logsources,
        derive=() if canary is None else (DerivedField(name="canary", source=(canary,), regex=CANARY),),
        actor=ActorFields(address=() if address is None else (address,)),
        title=TEXT,
    )


KINDS = (
    _kind("iis", "w3c", Logsource(category="webserver"), canary="cs-uri-query", address="c-ip"),
    _kind(
        "httpproxy", "diagnostics_csv", Logsource(product="exchange", service="httpproxy"), address="ClientIpAddress"
    ),
    _kind("ecp-server", "diagnostics_csv", Logsource(product="exchange", service="ecp-server"), canary="EventData"),
    _kind("events", "event_json", Logsource(product="windows")),
    _kind("webfile", "web_file", Logsource(product="windows", category="file_web")),
)


@dataclass(frozen=True)
class MemoryFile:
    """An evidence file whose bytes are in memory."""

    path: str
    data: bytes
    modified: datetime | None = None
    local: Path | None = None
    forkable: bool = True
    above: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.data)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)

    def seekable(self) -> BinaryIO:
        return self.open()


def pack(*sigma: str, yara: Sequence[str] = (), indicators: Sequence[str] = ()) -> Pack:
    return Pack(
        id="test",
        version="1",
        sha256="0" * 64,
        title=TEXT,
        cves=(),
        products=(),
        window=WINDOW,
        kinds=KINDS,
        web_roots=(WebRoot(path="**/inetpub/wwwroot", url=""),),
        sigma=tuple(RuleSource(path=f"rule{number}.yml", text=text) for number, text in enumerate(sigma)),
        yara=tuple(RuleSource(path=f"rule{number}.yar", text=text) for number, text in enumerate(yara)),
        indicators=tuple(RuleSource(path=f"list{number}", text=text) for number, text in enumerate(indicators)),
    )


def rules_of(*sigma: str, indicators: Sequence[str] = ()) -> RuleSet:
    return load_rules(pack(*sigma, indicators=indicators))


def artefact(kind: str, data: bytes | str, path: str = "log") -> Artefact:
    raw = data.encode() if isinstance(data, str) else data
    return Artefact(kind, next(one.format for one in KINDS if one.kind == kind), MemoryFile(path, raw))


def iis(*rows: str, fields: str = IIS_FIELDS) -> Artefact:
    return artefact("iis", "\r\n".join((f"#Fields: {fields}", *rows, "")))


def row(
    stem: str = "/owa/",
    *,
    method: str = "GET",
    query: str = "-",
    agent: str = "Mozilla/5.0",
    ip: str = "198.51.100.7",
    status: int = 200,
    time: str = "00:00:01",
) -> str:
    return f"2021-03-03 {time} 10.0.0.1 {method} {stem} {query} 443 - {ip} {agent} - {status} 0 0 5"


def places(result: HuntResult) -> list[tuple[str, int | None]]:
    found = ((one.rule, one.line) for one in (*result.findings, *result.context))
    return sorted(found, key=lambda row: (row[0], row[1] or 0))


def both(artefacts: Sequence[Artefact], rules: RuleSet, limits: Limits | None = None) -> HuntResult:
    """The fast result, after it was compared with the naive one."""
    fast = hunt(list(artefacts), rules, limits=limits)
    slow = hunt(list(artefacts), rules, limits=limits, naive=True)
    assert places(fast) == places(slow)
    assert fast.findings == slow.findings
    assert fast.context == slow.context
    return fast


def sigma(
    detection: str, *, logsource: str = "category: webserver", title: str = "t", extra: str = "", id_: str = ""
) -> str:
    """A Sigma rule; `detection` is the YAML below `detection:`."""
    body = "\n".join(f"  {line}" for line in detection.strip("\n").splitlines())
    name = f"id: {id_}\n" if id_ else ""
    return f"title: {title}\n{name}name: {title}\nlogsource: {{{logsource}}}\ndetection:\n{body}\n{extra}\n"
