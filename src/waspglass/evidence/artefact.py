"""A file of a known kind, and the two ways in which such files are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

import orjson

from waspglass.evidence.tree import EvidenceFile

__all__ = [
    "Artefact",
    "Columns",
    "LineFormat",
    "LogReader",
    "Place",
    "ReaderSettings",
    "Record",
    "RecordReader",
    "distinct",
    "filled",
]

Record = Mapping[str, str]
"""Field name -> value. A field that is empty in the log (`-` in W3C) is absent, which is Sigma's `null`."""


def filled(fields: Record) -> dict[str, str]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file of the evidence that a kind of the pack claims.

    Attributes:
        kind: The kind's name in the pack (`iis`, `httpproxy`, `eventlog`, `webfile`, ...).
        format: Name of the line format or record reader that understands the content.
        file: Where the bytes are.
        attributes: What the path tells, e.g. `{"site": "W3SVC1"}`, `{"protocol": "Ecp"}`.
    """

    kind: str
    format: str
    file: EvidenceFile
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where inside a file: a 1-based line, an event record id, or a byte offset."""

    line: int | None = None
    record: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The header in force at a place of a text log.

    Attributes:
        names: Column names in order; a format without columns (JSON lines) has none.
        date: The `#Date` in force, for logs whose rows carry only a time of day.
    """

    names: tuple[str, ...] = ()
    date: datetime | None = None


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Names of columns, each once: of several columns of one name the last keeps it, the others get a number.

    A record can have one value of a name only, and whoever looks for a column's place must mean the same one.
    """
    found = list(names)
    taken = set(found)
    if len(taken) == len(found):
        return tuple(found)
    kept: set[str] = set()
    numbers: dict[str, int] = {}
    for place in range(len(found) - 1, -1, -1):
        name = found[place]
        if name in kept:
            number = numbers.get(name, 2)
            while f"{name} ({number})" in taken:
                number += 1
            numbers[name] = number + 1
            found[place] = f"{name} ({number})"
        kept.add(name)
    return tuple(found)


class LineFormat(ABC):
    """A text log of one record a line, large enough that only candidate lines are ever parsed.

    Implementations are stateless; the caller keeps the header in force, which can change in the middle of a file. What
    a format says nothing of here makes a scan slower, never wrong.

    Attributes:
        name: As packs call it.
        header_starts: Byte strings at the start of a line that may change the header in force, empty if none can.
        directives: Lower-case starts of the header lines that change anything; the scan looks for them.
        implied: The header before any header line; None if a file must begin with one.
        blank: What stands for a blank inside a value (`+` in W3C logs); a rule's literal with a blank means this.
        separators: Bytes of which one stands between all columns of a row; empty if cells may be quoted.
        wild: Regular expression of lines that may break what `raw_forms` promises; all of them are looked at.
    """

    name: str
    header_starts: tuple[bytes, ...] = ()
    directives: tuple[bytes, ...] = ()
    implied: Columns | None = None
    blank: str = " "
    separators: bytes = b""
    wild: bytes | None = None

    def cells(self, line: bytes, count: int) -> list[bytes] | None:
        """The raw cells of a plain row with this number of columns; None if the row needs `record` to be understood."""
        del line, count
        return None

    def empty_cell(self, place: int, count: int) -> tuple[bytes, ...]:
        """Regular expressions, one of which a line (with its end) matches if that cell is empty; none if unknown."""
        del place, count
        return ()

    def virtual(self, columns: Columns) -> Mapping[str, tuple[str, ...]]:
        """Fields that `record` makes of columns, as far as the header tells: name -> those columns."""
        del columns
        return {}

    def header(self, line: bytes, columns: Columns | None) -> Columns | None:
        """The header in force after this header line."""
        del line
        return columns

    def misfits(self, record: Record, columns: Columns) -> Iterable[str]:
        """Names of columns whose value in this record cannot be one of theirs: the header is that of other rows."""
        del record, columns
        return ()

    @abstractmethod
    def record(self, line: bytes, columns: Columns) -> Record:
        """Parses one line (without its line end).

        Raises:
            MalformedLineError: If the line does not fit the header.
        """

    @abstractmethod
    def time(self, record: Record, columns: Columns) -> datetime | None:
        """The record's moment in UTC; None if it has none or it is absurd."""

    @abstractmethod
    def raw_forms(self, literal: str) -> tuple[tuple[bytes, ...], ...]:
        """For pieces of a literal of a field's value, all byte forms under which each can stand in a raw line.

        The base of needle derivation: if a parsed value contains `literal`, then the raw line contains at least one
        form of every piece (compared without regard to ASCII case).
        """


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """What the caller knows and a record reader may need; each takes of it what it wants.

    Attributes:
        known_good: The SHA-256 (lower-case hex) of the files that the vendor shipped; only asked whether it holds one.
        named_zone: Time zone of the server, for times that were written without one; None if nobody named it.
        keys: Registry keys that are read besides those of Windows.
        server: Name of the server, for exports that have records of others too; None if nobody named it.
    """

    known_good: Container[str] | None = None
    named_zone: tzinfo | None = None
    keys: tuple[str, ...] = ()
    server: str | None = None

    @property
    def zone(self) -> tzinfo:
        """The named one, else UTC."""
        return self.named_zone or UTC


_NOTHING_KNOWN = ReaderSettings()


class RecordReader(ABC):
    """A file that is parsed whole (configuration, task, export, binary header) or that has records of its own."""

    def __init__(self, settings: ReaderSettings = _NOTHING_KNOWN) -> None:
        self._settings = settings

    @abstractmethod
    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """Place, moment and fields of each record.

        Raises:
            EvidenceReadError: If the file cannot be read on; what was yielded before stands.
        """


class LogReader(RecordReader):
    """A log that may be of gigabytes: the scan looks at the text of each record, and parses the few that can match."""

    def json_lines(self, artefact: Artefact) -> Iterator[tuple[int, datetime | None, str]]:
        """Line or number, moment and JSON of each record; of events in any shape that `event_json` reads.

        Raises:
            EvidenceReadError: As `records`.
        """
        for place, moment, record in self.records(artefact):
            yield place.line or place.record or 0, moment, orjson.dumps(record).decode()
