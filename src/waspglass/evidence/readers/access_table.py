"""Requests to IIS as a table or as JSON: of Log Parser, Sentinel (`W3CIISLog`), Splunk (`ms:iis:*`), filebeat.

Often all that is left of logs that are gone from the server. Fields bear the names of W3C logs, so rules for web
servers run on them: columns are known whatever stands between the words of their names (`cs-uri-stem`, `csUriStem`,
`cs_uri_stem`). A `+` in what a visitor's program said of itself is a blank, as IIS writes it. A row without such
columns is that of the Elastic Common Schema, or has the line of the log itself.

Sources: Log Parser's help, "IISW3C Input Format Fields"; learn.microsoft.com, Azure Monitor, table `W3CIISLog`; Splunk
Add-on for Microsoft IIS, source type `ms:iis:auto`; elastic.co, "Filebeat reference", IIS fields (6.3 to 8), and the
pipeline of that module (elastic/beats, filebeat/module/iis).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from waspglass.evidence.artefact import Artefact, LogReader, Place, Record
from waspglass.evidence.errors import MalformedLineError, read_error, reading
from waspglass.evidence.formats.event_exports import unwrapped
from waspglass.evidence.formats.event_json import event_time
from waspglass.evidence.formats.event_shapes import Json, text_of, whole_text
from waspglass.evidence.formats.moments import moment
from waspglass.evidence.readers.access_log import SAID, read_request
from waspglass.evidence.readers.event_documents import documents
from waspglass.evidence.utf16 import as_utf8
from waspglass.model.skip import SkipReason

__all__ = ["AccessTableReader", "reader"]

_COLUMNS = (
    *("s-sitename", "s-computername", "s-ip", "s-port", "cs-method", "cs-uri-stem", "cs-uri-query", "cs-username"),
    *("c-ip", "cs-version", "cs-host", "sc-status", "sc-substatus", "sc-win32-status", "sc-bytes", "cs-bytes"),
    *("time-taken", "date", "time", "X-Forwarded-For", "cs(X-Forwarded-For)", *SAID),
)
_MARKS = re.compile(r"[^a-z0-9]+")
_KNOWN = {_MARKS.sub("", name.lower()): name for name in _COLUMNS}
_SERVER = ("Computer", "host")
"""What Sentinel and Splunk say of the server, where the log does not."""
_SHIPPED = {
    "s-sitename": ("iis.access.site_name",),
    "s-computername": ("iis.access.server_name", "host.hostname", "host.name", "agent.hostname", "beat.hostname"),
    "s-ip": ("destination.ip", "destination.address", "iis.access.server_ip"),
    "s-port": ("destination.port", "iis.access.port"),
    "cs-method": ("http.request.method", "iis.access.method"),
    "cs-uri-stem": ("url.path", "iis.access.url"),
    "cs-uri-query": ("url.query", "iis.access.query_string"),
    "cs-username": ("user.name", "iis.access.user_name"),
    "c-ip": ("source.ip", "source.address", "iis.access.remote_ip"),
    "cs-host": ("destination.domain", "iis.access.hostname"),
    "sc-status": ("http.response.status_code", "iis.access.response_code"),
    "sc-substatus": ("iis.access.sub_status",),
    "sc-win32-status": ("iis.access.win32_status",),
    "sc-bytes": ("http.response.body.bytes", "iis.access.body_sent.bytes"),
    "cs-bytes": ("http.request.body.bytes", "iis.access.body_received.bytes"),
    "X-Forwarded-For": ("network.forwarded_ip",),
    "cs(User-Agent)": ("user_agent.original", "iis.access.agent"),
    "cs(Referer)": ("http.request.referrer", "iis.access.referrer"),
    "cs(Cookie)": ("iis.access.cookie",),
}
"""Column -> names in the Elastic Common Schema, and before it (filebeat 6), the surest first."""
_LINES = ("_raw", "event.original", "message")
"""Where Splunk and filebeat keep the line of the log."""
_DEEPEST = 4
_LONGEST_NAME = 64
"""Characters of a column's name; the names of a table are remembered, and must not be gigabytes."""
_ABSENT = frozenset({"", "-", "NULL"})


class AccessTableReader(LogReader):
    """`access_table`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a request; its place is its number in the file, from 1.

        Raises:
            EvidenceReadError: At the end, if some of it, or times of requests, could not be read.
        """
        path, untimed, unread = artefact.file.path, 0, 0
        with reading(path), as_utf8(artefact.file).open() as stream:
            for number, document in enumerate(documents(stream, path), 1):
                row = unwrapped(document)
                found = {_as_w3c(name): _text(value) for name, value in row.items() if _is_plain(value)}
                if "cs-uri-stem" not in found:
                    found |= _shipped(row)
                unread += "cs-uri-stem" not in found
                time = _time(found)
                untimed += time is None
                yield Place(record=number), time, _request(found)
        if unread:
            message = f"rows without the path of a request: {unread}; export columns by name, each log by itself"
            raise read_error(path, SkipReason.MALFORMED_LINE, message)
        if untimed:
            raise read_error(path, SkipReason.BAD_TIME, f"requests without a time that can be read: {untimed}")


reader = AccessTableReader


def _as_w3c(name: str) -> str:
    """The name of that column in a W3C log; others, and those that Splunk begins with `_`, keep theirs."""
    return _column(name) if len(name) <= _LONGEST_NAME else name


@lru_cache(maxsize=1024)
def _column(name: str) -> str:
    return name if name.startswith("_") else _KNOWN.get(_MARKS.sub("", name.lower()), name)


def _text(value: object) -> str:
    return value if isinstance(value, str) and value.isascii() else whole_text(text_of(value))


def _is_plain(value: object) -> bool:
    return value is not None and not isinstance(value, dict)


def _shipped(row: Json) -> dict[str, str]:
    """What a row without columns of W3C says of a request under other names, or by the line of the log."""
    leaves = dict(_leaves(row))
    named = ((column, name) for column, names in _SHIPPED.items() for name in reversed(names) if name in leaves)
    found = {column: leaves[name] for column, name in named}
    if "cs-method" in found:  # the schema asked for lower case once
        found["cs-method"] = found["cs-method"].upper()
    if "cs-uri-stem" not in found:
        for line in (leaves[name] for name in _LINES if name in leaves):
            try:
                request, time = read_request(line, UTC)
            except MalformedLineError:
                continue
            return {**found, **request, **({} if time is None else {"SystemTime": time.isoformat()})}
    return found


def _leaves(table: Json, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """The values of a row by their whole names; they may be nested, or have dots in their names."""
    for name, value in table.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _leaves(value, f"{prefix}{name}.", depth + 1)
        elif _is_plain(value):
            yield f"{prefix}{name}", _text(value)


def _request(found: Mapping[str, str]) -> Record:
    record = {name: found[name] for name in _COLUMNS if found.get(name, "") not in _ABSENT}
    server = next((found[name] for name in _SERVER if found.get(name, "") not in _ABSENT), "")
    if server:
        record.setdefault("s-computername", server)
    for name in SAID:
        if name in record and " " not in record[name]:
            record[name] = record[name].replace("+", " ")
    stem, query = record.get("cs-uri-stem"), record.get("cs-uri-query")
    if stem is not None:
        record["cs-uri"] = stem if query is None else f"{stem}?{query}"
    return record


def _time(found: Mapping[str, str]) -> datetime | None:
    """That of IIS, which is UTC; else that of whoever stored the row. Log Parser may put a day before a clock time."""
    return moment(f"{found.get('date', '')[:10]} {found.get('time', '').rpartition(' ')[2]}") or event_time(found)
