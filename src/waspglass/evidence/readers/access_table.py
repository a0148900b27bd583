"""Requests to IIS as a table or as JSON, as Log Parser, Sentinel (`W3CIISLog`) and Splunk (`ms:iis:*`) export them.

Often all that is left of logs that are gone from the server. Fields bear the names of W3C logs, so rules for web
servers run on them: columns are known whatever stands between the words of their names (`cs-uri-stem`, `csUriStem`,
`cs_uri_stem`). A `+` in what a visitor's program said of itself is a blank, as IIS writes it.

Sources: Log Parser's help, "IISW3C Input Format Fields"; learn.microsoft.com, Azure Monitor, table `W3CIISLog`; Splunk
Add-on for Microsoft IIS, source type `ms:iis:auto`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from waspglass.evidence.artefact import Artefact, LogReader, Place, Record
from waspglass.evidence.errors import read_error, reading
from waspglass.evidence.formats.event_exports import unwrapped
from waspglass.evidence.formats.event_json import event_time
from waspglass.evidence.formats.event_shapes import text_of, whole_text
from waspglass.evidence.formats.moments import moment
from waspglass.evidence.readers.event_documents import documents
from waspglass.evidence.utf16 import as_utf8
from waspglass.model.skip import SkipReason

__all__ = ["AccessTableReader", "reader"]

_SAID = ("cs(User-Agent)", "cs(Referer)", "cs(Cookie)")
_COLUMNS = (
    *("s-sitename", "s-computername", "s-ip", "s-port", "cs-method", "cs-uri-stem", "cs-uri-query", "cs-username"),
    *("c-ip", "cs-version", "cs-host", "sc-status", "sc-substatus", "sc-win32-status", "sc-bytes", "cs-bytes"),
    *("time-taken", "date", "time", "X-Forwarded-For", "cs(X-Forwarded-For)", *_SAID),
)
_MARKS = re.compile(r"[^a-z0-9]+")
_KNOWN = {_MARKS.sub("", name.lower()): name for name in _COLUMNS}
_SERVER = ("Computer", "host")
"""What Sentinel and Splunk say of the server, where the log does not."""
_ABSENT = frozenset({"", "-", "NULL"})


class AccessTableReader(LogReader):
    """`access_table`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a request; its place is its number in the file, from 1.

        Raises:
            EvidenceReadError: At the end, if some of it, or times of requests, could not be read.
        """
        path, untimed = artefact.file.path, 0
        with reading(path), as_utf8(artefact.file).open() as stream:
            for number, document in enumerate(documents(stream, path), 1):
                row = unwrapped(document)
                found = {_as_w3c(name): whole_text(text_of(value)) for name, value in row.items() if value is not None}
                time = _time(found)
                untimed += time is None
                yield Place(record=number), time, _request(found)
        if untimed:
            raise read_error(path, SkipReason.BAD_TIME, f"requests without a time that can be read: {untimed}")


reader = AccessTableReader


def _as_w3c(name: str) -> str:
    """The name of that column in a W3C log; others, and those that Splunk begins with `_`, keep theirs."""
    return name if name.startswith("_") else _KNOWN.get(_MARKS.sub("", name.lower()), name)


def _request(found: Mapping[str, str]) -> Record:
    record = {name: found[name] for name in _COLUMNS if found.get(name, "") not in _ABSENT}
    server = next((found[name] for name in _SERVER if found.get(name, "") not in _ABSENT), "")
    if server:
        record.setdefault("s-computername", server)
    for name in _SAID:
        if name in record and " " not in record[name]:
            record[name] = record[name].replace("+", " ")
    stem, query = record.get("cs-uri-stem"), record.get("cs-uri-query")
    if stem is not None:
        record["cs-uri"] = stem if query is None else f"{stem}?{query}"
    return record


def _time(found: Mapping[str, str]) -> datetime | None:
    """That of IIS, which is UTC; else that of whoever stored the row. Log Parser may put a day before a clock time."""
    return moment(f"{found.get('date', '')[:10]} {found.get('time', '').rpartition(' ')[2]}") or event_time(found)
