r"""SharePoint's trace logs (Unified Logging Service, ULS), `LOGS\SERVER-YYYYMMDD-HHMM.log`: rows of cells between tabs.

Columns, the blanks that pad them, and times are those of Microsoft's sample (microsoft/Tx, `Traces/ULS.log`), which has
no header, and of rows that people post. A long message is cut: its row ends with `...`, and it goes on in a row whose
time bears a `*` and whose message begins with `...` (rows of pnp/PnP-Tools #249). Between them may stand other rows.

One record a message, put together again. Fields are the columns by their names; `Timestamp` is what the file says,
local time of the server.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import BinaryIO

from waspglass.evidence.artefact import Artefact, LogReader, Place, Record, distinct
from waspglass.evidence.errors import EvidenceReadError, reading
from waspglass.evidence.formats.moments import clock_time
from waspglass.evidence.readers.line_faults import tell_line_faults
from waspglass.evidence.utf16 import as_utf8
from waspglass.model.skip import SkipReason

__all__ = ["UlsReader", "reader"]

_COLUMNS = ("Timestamp", "Process", "TID", "Area", "Category", "EventID", "Level", "Message", "Correlation")
_MESSAGE = "Message"
_MOST_COLUMNS = 64
_STAMP = re.compile(r"(\d\d)[/.-](\d\d)[/.-](\d{4}) (\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))? *(\*?) *\t")
"""The mark between the parts of a date is that of the server's language; their order is not."""
_SECONDS = 19
"""Characters of a time without its fraction."""
_CUT = "..."
_LONGEST_LINE = 256 * 1024
"""Bytes; SharePoint itself cuts messages at about a thousand characters."""
_LONGEST_MESSAGE = 1024 * 1024
_MOST_OPEN = 16
"""Cut messages that wait for more at the same time."""
_PATIENCE = 256
"""Rows that such a message waits."""


class UlsReader(LogReader):
    """`uls`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a message, at the line where it begins, in the order in which messages end.

        Raises:
            EvidenceReadError: If the file cannot be read on; at the end, if something in it could not be read.
        """
        log = _Log(self._settings.zone)
        with reading(artefact.file.path), as_utf8(artefact.file).open() as stream:
            for message in _joined(log.rows(stream)):
                yield Place(line=message.line), message.time, message.record()
            if log.broken is not None:
                raise log.broken
        tell_line_faults(log.faults, artefact.file.path)


reader = UlsReader


@dataclass(slots=True)
class _Message:
    """A row, or the rows of a message that was cut.

    Attributes:
        line: Number of its first line.
        time: When it was written.
        fields: The other columns.
        goes_on: Whether its row goes on with an earlier one.
        pieces: The message.
        length: Characters of it.
        seen: How many rows stood above its last one.
    """

    line: int
    time: datetime | None
    fields: dict[str, str]
    goes_on: bool
    pieces: list[str]
    length: int
    seen: int = 0

    @property
    def cut(self) -> bool:
        return self.pieces[-1].endswith(_CUT)

    def key(self) -> tuple[str | None, ...]:
        """What the rows of one message have in common."""
        return tuple(map(self.fields.get, ("Process", "TID", "Category", "EventID")))

    def add(self, more: _Message) -> None:
        """Takes the next row of the message; what is beyond all bounds is left out."""
        self.pieces[-1] = self.pieces[-1].removesuffix(_CUT)
        self.pieces.append(more.pieces[0].removeprefix(_CUT))
        self.length += more.length

    def record(self) -> Record:
        text = "".join(self.pieces)
        return {**self.fields, _MESSAGE: text} if text else self.fields


def _joined(rows: Iterator[_Message]) -> Iterator[_Message]:
    """The messages of rows."""
    waiting: dict[tuple[str | None, ...], _Message] = {}
    for number, row in enumerate(rows):
        if waiting or row.cut:
            key = row.key()
            before = waiting.pop(key, None)
            if before is not None and row.goes_on and before.length < _LONGEST_MESSAGE:
                before.add(row)
                row = before
            elif before is not None:
                yield before
            if row.cut:
                row.seen = number
                waiting[key] = row
                oldest = next(iter(waiting))
                if len(waiting) <= _MOST_OPEN:
                    continue
                row = waiting.pop(oldest)
            elif waiting and number - next(iter(waiting.values())).seen > _PATIENCE:
                yield waiting.pop(next(iter(waiting)))
        yield row
    yield from waiting.values()


@dataclass(slots=True)
class _Log:
    """What is known at a place of the log.

    Attributes:
        zone: Of the server.
        columns: The header in force.
        faults: What could not be read, and how many lines of it.
        broken: Why the file could not be read on; kept until the messages that wait for more are told.
        second: The time that was read last, without its fraction: most rows have that of the row above.
    """

    zone: tzinfo
    columns: tuple[str, ...] = _COLUMNS
    faults: Counter[SkipReason] = field(default_factory=Counter)
    broken: OSError | EvidenceReadError | None = None
    second: tuple[str, datetime | None] = ("", None)

    def rows(self, stream: BinaryIO) -> Iterator[_Message]:
        """The rows of the log; a line that begins with no time belongs to the message above it."""
        begun, length, first = list[str](), 0, 0
        for number, line in self._lines(stream):
            if _STAMP.match(line):
                if begun:
                    yield self._row(first, "\n".join(begun))
                begun, length, first = [line], len(line), number
            elif line.startswith("Timestamp") and "\t" in line:
                if begun:
                    yield self._row(first, "\n".join(begun))
                begun = []
                self._header(line)
            elif line and not line.isspace():
                if begun and length < _LONGEST_MESSAGE:
                    begun.append(line)
                    length += len(line)
                else:
                    self.faults[SkipReason.MALFORMED_LINE] += 1
        if begun:
            yield self._row(first, "\n".join(begun))

    def _lines(self, stream: BinaryIO) -> Iterator[tuple[int, str]]:
        """Lines with their numbers; of one that is too long, its beginning."""
        number, whole = 1, True
        while raw := self._raw(stream):
            begins, whole = whole, raw.endswith(b"\n")
            if begins:
                line = raw.decode("utf-8", "replace").rstrip("\r\n\0").removeprefix("\ufeff")
                yield number, line
                if line and not whole and len(raw) == _LONGEST_LINE:
                    self.faults[SkipReason.LINE_TOO_LONG] += 1
                elif "\r" in line:  # as lines of an old Mac: all of them are one
                    self.faults[SkipReason.MALFORMED_LINE] += 1
            number += whole

    def _raw(self, stream: BinaryIO) -> bytes:
        try:
            return stream.readline(_LONGEST_LINE)
        except (OSError, EvidenceReadError) as fault:
            self.broken = fault
            return b""

    def _header(self, line: str) -> None:
        names = [name.strip() for name in line.split("\t", _MOST_COLUMNS)]
        if _MESSAGE in names and len(names) <= _MOST_COLUMNS:
            self.columns = distinct(names)
        else:
            self.faults[SkipReason.MALFORMED_LINE] += 1

    def _row(self, number: int, text: str) -> _Message:
        stamp = _STAMP.match(text)
        cells = text.split("\t")
        columns = self.columns
        surplus = len(cells) - len(columns)
        if surplus > 0:  # tabs inside of the message
            place = columns.index(_MESSAGE)
            cells[place : place + surplus + 1] = ["\t".join(cells[place : place + surplus + 1])]
        fields = {name: value for name, cell in zip(columns, cells, strict=False) if (value := cell.strip())}
        message = fields.pop(_MESSAGE, "")
        time = None if stamp is None else self._time(stamp)
        return _Message(number, time, fields, stamp is not None and bool(stamp[8]), [message], len(message))

    def _time(self, stamp: re.Match[str]) -> datetime | None:
        text = stamp.string[:_SECONDS]
        if text != self.second[0]:
            month, day, *rest = map(int, stamp.group(1, 2, 3, 4, 5, 6))
            self.second = text, clock_time(self.zone, rest[0], month, day, *rest[1:])
        second = self.second[1]
        if second is None:
            self.faults[SkipReason.BAD_TIME] += 1
            return None
        return second + timedelta(microseconds=int((stamp[7] or "").ljust(6, "0")))
