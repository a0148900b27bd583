r"""Access logs without a header: NCSA (which Apache and nginx write too), Microsoft's IIS format, rows of W3C logs.

    192.0.2.1 - EXAMPLE\user [08/Apr/2021:17:39:04 -0800] "GET /a.aspx?x HTTP/1.0" 200 3401
    192.0.2.1, -, 03/20/21, 7:55:20, W3SVC2, SERVER, 198.51.100.45, 4502, 163, 3223, 200, 0, GET, /a.gif, -,
    u_ex210320.log:2021-03-20 07:55:20 198.51.100.45 GET /a.gif - 443 - 192.0.2.1 Mozilla/4.0+(x) - 200 0 0 31

Fields bear the names of W3C logs, so rules for web servers run on them. NCSA states the zone of its times; those of the
IIS format are local, the month first (learn.microsoft.com, "IIS Log File Formats"; rows in tests of logjoint and in
brianary/scripts). It separates by comma and blank and quotes nothing; of its values only the path can hold both.

`findstr`, `grep` and `Select-String` put the name of the file before rows of W3C logs and lines of dashes between them,
and mostly leave the header behind that names their columns. Without it rows are read if IIS writes so many columns
unless told otherwise, or with all fields chosen, and each value has the shape of its column (`#Fields` of IIS 6, 7 to
8, 8.5 and later in published logs).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone, tzinfo
from typing import BinaryIO

from waspglass.evidence.artefact import Artefact, Columns, LogReader, Place, Record, distinct
from waspglass.evidence.errors import MalformedLineError, reading
from waspglass.evidence.formats.moments import MONTHS, clock_time
from waspglass.evidence.formats.w3c import ExtendedLog
from waspglass.evidence.readers.line_faults import tell_line_faults
from waspglass.evidence.readers.local_times import local_moment
from waspglass.evidence.utf16 import as_utf8
from waspglass.model.skip import SkipReason

__all__ = ["SAID", "AccessLogReader", "read_request", "reader"]

_LONGEST_LINE = 256 * 1024
"""Bytes; web servers refuse requests of a quarter of it."""
_NCSA = (
    r"(?P<ip>[^\s,]{1,100}) \S{1,200} (?P<user>[^\[\n]{1,500}) "
    r"\[(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<clock>\d{4}:\d\d:\d\d:\d\d) (?P<zone>[+-]\d{4})\] "
    r'"(?P<request>%s)" (?P<status>\d{3}) (?P<size>\d+|-)%s'
)
_VALUE = r'(?:[^"\\]|\\.)*'
_REST = "(?P<rest> .*)?"
_WAYS = tuple(re.compile(_NCSA % way) for way in ((".*", "(?P<rest>)"), (_VALUE, _REST), (".*?", _REST)))
"""As IIS writes: what a visitor asked for, with quotes as they are, then status and size alone, which a request that
looks like them does not replace. Then with more behind it, as others write: with quotes escaped, or as they are."""
_COMBINED = re.compile(rf' "({_VALUE})" "({_VALUE})"')
_IIS = (
    *("c-ip", "cs-username", "date", "time", "s-sitename", "s-computername", "s-ip", "time-taken", "cs-bytes"),
    *("sc-bytes", "sc-status", "sc-win32-status", "cs-method"),
)
_SHORT_YEAR = re.compile(r"/(\d\d)$")
_HEADER = re.compile(r"(?:[^\s#][^\t#]{0,300}:)?#(?:Fields:(.*)|Software:|Version:|Date:)|-{10} |-{2,}$")
_ROW = re.compile(r"""(?:[^\s"[,][^"[,\t]{0,300}?:)??(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*)""")
"""What stands before it cannot be the beginning of another format, in which a visitor chooses what the path holds."""
_W3C = ExtendedLog("w3c")
_ASKED = "cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip"
SAID = ("cs(User-Agent)", "cs(Referer)", "cs(Cookie)")
"""What a visitor's program says of itself, in which IIS writes `+` for a blank."""
_SENT = "cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host"
_ANSWERED = "sc-status sc-substatus sc-win32-status"
_MEASURED = "sc-bytes cs-bytes time-taken"
_LAYOUTS = tuple(
    Columns(names=("date", "time", *names.split()))
    for names in (
        f"s-ip {_ASKED} cs(User-Agent) cs(Referer) {_ANSWERED} time-taken",
        f"s-ip {_ASKED} cs(User-Agent) {_ANSWERED} time-taken",
        f"s-sitename s-ip {_ASKED} cs(User-Agent) {_ANSWERED}",
        f"s-sitename s-computername s-ip {_ASKED} {_SENT} {_ANSWERED} {_MEASURED}",
    )
)
_REQUEST = frozenset({"c-ip", "cs-method", "cs-uri-stem", "sc-status"})


class AccessLogReader(LogReader):
    """`access_log`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a request.

        Raises:
            EvidenceReadError: If the file cannot be read on; at the end, if lines of it could not be read.
        """
        faults, layouts = Counter[SkipReason](), _LAYOUTS
        with reading(artefact.file.path), as_utf8(artefact.file).open() as stream:
            for number, line, ended in _lines(stream, faults):
                try:
                    record, moment = read_request(line, self._settings.zone, layouts)
                except MalformedLineError:  # a header last: what a visitor sends can look like one
                    if (header := _HEADER.match(line)) is None:
                        faults[SkipReason.MALFORMED_LINE if ended else SkipReason.CUT_LINE] += 1
                    elif header[1]:
                        layouts = (Columns(names=distinct(header[1].split())), *_LAYOUTS)
                    continue
                if moment is None:
                    faults[SkipReason.BAD_TIME] += 1
                yield Place(line=number), moment, record
        tell_line_faults(faults, artefact.file.path)


reader = AccessLogReader


def _lines(stream: BinaryIO, faults: Counter[SkipReason]) -> Iterator[tuple[int, str, bool]]:
    """Lines with their numbers, and whether they have an end; one that is too long is left out and counted."""
    number, whole = 1, True
    while raw := stream.readline(_LONGEST_LINE):
        begins, whole = whole, raw.endswith(b"\n")
        if begins and not whole and len(raw) == _LONGEST_LINE:
            faults[SkipReason.LINE_TOO_LONG] += 1
        elif begins and (line := raw.decode("utf-8", "replace").rstrip("\r\n\0 ").removeprefix("\ufeff")):
            yield number, line, whole
        number += whole


def read_request(line: str, zone: tzinfo, layouts: Sequence[Columns] = _LAYOUTS) -> tuple[Record, datetime | None]:
    """Fields and moment of the request in one line of any of these formats.

    Args:
        line: Without its end.
        zone: Of the server, for the IIS format.
        layouts: What the columns of a W3C log may be, the likeliest first.

    Raises:
        MalformedLineError: If it is none.
    """
    row = _ROW.fullmatch(line)
    if row is not None and (record := _of_w3c(row[1], layouts)) is not None:
        return record, _W3C.time(record, _LAYOUTS[0])
    found = next(filter(None, (way.fullmatch(line) for way in _WAYS)), None)
    return _of_iis(line, zone) if found is None else _of_ncsa(found)


def _of_w3c(row: str, layouts: Sequence[Columns]) -> Record | None:
    for layout in layouts:
        with suppress(MalformedLineError):
            record = _W3C.record(row.encode(), layout)
            if record.keys() >= _REQUEST and not any(_W3C.misfits(record, layout)):
                return {name: text.replace("+", " ") if name in SAID else text for name, text in record.items()}
    return None


def _of_iis(line: str, zone: tzinfo) -> tuple[Record, datetime | None]:
    cells = line.removesuffix(",").split(", ", len(_IIS))
    stem, behind, query = cells[-1].rpartition(", ")
    if len(cells) <= len(_IIS) or not behind:
        raise MalformedLineError("fewer columns than any format of IIS has")
    values = dict(zip(_IIS, cells, strict=False))
    day = _SHORT_YEAR.sub(r"/20\1", values["date"])
    return _record(values | _uri(stem, query)), local_moment(f"{day} {values['time']}", zone, day_first=False)


def _of_ncsa(found: re.Match[str]) -> tuple[Record, datetime | None]:
    method, _, target = found["request"].partition(" ")
    uri, _, version = target.rpartition(" ")
    if not version.startswith("HTTP/"):  # a request of HTTP/0.9 names none
        uri, version = target, ""
    stem, _, query = uri.partition("?")
    values = {"c-ip": found["ip"], "cs-username": found["user"], "cs-method": method, "cs-version": version}
    values |= {"sc-status": found["status"], "sc-bytes": found["size"]} | _uri(stem, query)
    if (more := _COMBINED.match(found["rest"] or "")) is not None:
        values |= {"cs(Referer)": more[1], "cs(User-Agent)": more[2]}
    return _record(values), _moment(found)


def _uri(stem: str, query: str) -> dict[str, str]:
    asked = query not in ("", "-")
    return {"cs-uri-stem": stem, "cs-uri-query": query, "cs-uri": f"{stem}?{query}" if asked else stem}


def _record(values: dict[str, str]) -> Record:
    return {name: value for name, value in values.items() if value not in ("", "-")}


def _moment(found: re.Match[str]) -> datetime | None:
    zone = found["zone"]
    east = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    try:
        month = MONTHS.index(found["month"].lower()) + 1
        offset = timezone(east if zone[0] == "+" else -east)
    except ValueError:
        return None
    year, *clock = map(int, found["clock"].split(":"))
    return clock_time(offset, year, month, int(found["day"]), *clock)
