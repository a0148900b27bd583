"""Checks of the kinds of artefacts of a pack: what reads them, what they refer to, and which columns they ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.located import field_line, read_text
from waspglass.packs.pack import ArtefactKind, Pack
from waspglass.packs.regex_faults import regex_fault

__all__ = ["kind_issues"]

_SHARED = "date time s-ip s-port c-ip c-port cs-version cs-method cs-uri sc-status streamid streamid_ex s-siteid"
_OF_SITES = "s-sitename s-computername cs-uri-stem cs-uri-query cs-username cs-host sc-substatus sc-win32-status"
_OF_REQUESTS = "sc-bytes cs-bytes time-taken cs(User-Agent) cs(Cookie) cs(Referer) cs(Host) cs(X-Forwarded-For)"
_COLUMNS: Mapping[str, list[str]] = {
    "w3c": f"{_SHARED} {_OF_SITES} {_OF_REQUESTS} X-Forwarded-For".split(),
    "httperr": f"{_SHARED} s-reason s-queuename transport".split(),
}
"""Format -> its usual columns: learn.microsoft.com, "W3C Logging" and "Error logging in HTTP APIs". Administrators may
add others, and each component of Exchange has its own."""


def kind_issues(pack: Pack, formats: frozenset[str] | None) -> Iterator[PackIssue]:
    """Faults of the kinds; `formats` are those that something can read."""
    text = read_text(Path(pack.root) / "artefacts.yml", "artefacts.yml")
    counts = Counter(kind.kind for kind in pack.kinds)
    for index, kind in enumerate(pack.kinds):
        if formats is not None and kind.format not in formats:
            line = field_line(text, ("kinds", index, "format"))
            message = f"nothing reads the format {kind.format!r} of {kind.kind}; known: {', '.join(sorted(formats))}"
            yield PackIssue("artefacts.yml", line, Severity.ERROR, "format", message)
        line = field_line(text, ("kinds", index))
        for severity, check, message in _kind_faults(kind, counts):
            yield PackIssue("artefacts.yml", line, severity, check, message)
    if not any(kind.entry for kind in pack.kinds):
        message = "no kind says `entry: true`, so no server that was ever vulnerable can be called clean with this pack"
        yield PackIssue("artefacts.yml", None, Severity.WARNING, "entry", message)


def _kind_faults(kind: ArtefactKind, counts: Counter[str]) -> Iterator[tuple[Severity, str, str]]:
    if counts[kind.kind] > 1:
        yield Severity.ERROR, "duplicate-kind", f"the kind {kind.kind!r} stands {counts[kind.kind]} times"
    if not kind.paths and kind.content is None:
        yield Severity.ERROR, "kind", f"{kind.kind}: neither paths nor content tell a file of this kind"
    if not kind.logsources:
        yield Severity.WARNING, "kind", f"{kind.kind}: answers no logsource, so no rule can look into it"
    yield from _expression_faults(kind)
    yield from _column_faults(kind)
    former = () if kind.earlier is None else (kind.earlier,)
    for other in (*kind.together, *kind.settled_by, *former):
        if other not in counts or other == kind.kind:
            yield Severity.ERROR, "entry", f"{kind.kind}: names {other!r}, which is no other kind of this pack"
    for derived in kind.derive:
        if derived.name in derived.source:
            yield Severity.ERROR, "derive", f"{kind.kind}: the field {derived.name} is cut out of itself"
    if kind.entry and not kind.requires:
        message = f"{kind.kind}: shows an entry, and does not say which columns it needs for that"
        yield Severity.INFO, "entry", message


def _expression_faults(kind: ArtefactKind) -> Iterator[tuple[Severity, str, str]]:
    if kind.content is not None and (fault := regex_fault(kind.content)):
        yield Severity.ERROR, "regex", f"{kind.kind}: content {fault}"
    for derived in kind.derive:
        if fault := regex_fault(derived.regex, groups=1):
            severity = Severity.WARNING if fault.startswith("repeats") else Severity.ERROR
            yield severity, "regex", f"{kind.kind}: derived field {derived.name} {fault}"
    for key, columns in (("witness", kind.witness), ("aside", kind.aside)):
        for column, regex in columns.items():
            if fault := regex_fault(regex):
                yield Severity.ERROR, "regex", f"{kind.kind}: {key} of {column} {fault}"


def _column_faults(kind: ArtefactKind) -> Iterator[tuple[Severity, str, str]]:
    """Columns that look like a typing error: no log has them, so none would count for "clean"."""
    known = _COLUMNS.get(kind.format, [])
    plain = {column.lower(): column for column in known}
    named: Mapping[str, Iterable[str]] = {
        "requires": kind.requires,
        "witness": kind.witness,
        "aside": kind.aside,
        "site": (kind.site,) if kind.site else (),
        "actor": chain(kind.actor.address, kind.actor.user_agent, kind.actor.account, kind.actor.session),
    }
    made = {*kind.aliases, *(derived.name for derived in kind.derive)}
    for key, columns in named.items():
        for column in columns:
            if column not in {*known, *made} and (near := get_close_matches(column.lower(), plain, 1, 0.75)):
                message = f"{kind.kind}: {key} names the column {column!r}; is {plain[near[0]]!r} meant?"
                yield Severity.ERROR, "column", message
