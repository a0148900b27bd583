"""One text log during a pass: the header in force, the rules bound to it, and the test of single lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from waspglass.evidence.artefact import Artefact, Columns, LineFormat, Place, Record
from waspglass.evidence.errors import MalformedLineError
from waspglass.evidence.foreign_formats import foreign_format
from waspglass.evidence.format import format_of
from waspglass.hunt.matching.binding import Bindings, Bound
from waspglass.hunt.outcome.ability import Ability
from waspglass.hunt.outcome.collect import Collector
from waspglass.hunt.outcome.servers import Servers
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import ArtefactKind

__all__ = ["Binder", "LogState", "is_header", "naive_scan", "split_lines"]

Binder = Callable[[ArtefactKind, LineFormat, Columns], Bindings]

_MOST_HEADERS = 32
"""Different headers of one file; rules are bound and needles chosen for each, so thousands would take minutes."""

_MOST_TURNS = 1000
"""Headers in one file before each of which the last record is asked for its time."""
LOOKED_AT = 8
"""Records at a time that are asked whether the header is theirs."""

_TURNED = "a header names columns in another order than one before it; what stands below it may be misread"

_FOREIGN = "a header does not fit the values below it (%s); what stands there may be misread"


def is_header(format_: LineFormat, line: bytes) -> bool:
    """True if the line may change the header in force."""
    return line.startswith(format_.header_starts)


@dataclass(eq=False)
class LogState:
    """What is known at a place of a log; `test` decides a line exactly."""

    artefact: Artefact
    kind: ArtefactKind
    format: LineFormat
    binder: Binder
    collector: Collector
    columns: Columns | None = None
    bindings: Bindings | None = None
    moments: list[datetime] = field(default_factory=list)
    servers: Servers = field(default_factory=Servers)
    ability: Ability = field(init=False)
    _names: tuple[str, ...] | None = None
    _seen: set[tuple[str, ...] | None] = field(default_factory=set)
    _events: bool = False
    _turns: int = 0
    looked: int | None = None
    """Where records were asked last whether the header is theirs; None below a new one."""
    unended: bool = False
    """True at the last line of a file that ends without a line feed: it may be cut, which the survey of spans tells."""
    _doubted: bool = False

    def __post_init__(self) -> None:
        self.ability = Ability(frozenset(self.kind.requires))
        self._events = format_of(self.kind.format).events
        self.switch(self.format.implied)

    def switch(self, columns: Columns | None) -> bool:
        """Puts a header in force; True if its columns are others than before."""
        self.columns = columns
        names = None if columns is None or (not columns.names and self.format.header_starts) else columns.names
        if names == self._names and (names is None) == (self.bindings is None):
            return False
        self._names = names
        self._turns += 1
        self.looked, self._doubted = None, False
        self.ability.turn(names)
        new = names not in self._seen
        if new and len(self._seen) >= _MOST_HEADERS:
            self.bindings = None
            return True
        if new and any(_turned(names or (), known or ()) for known in self._seen):
            self.collector.skip(SkipReason.DAMAGED, _TURNED)
        self._seen.add(names)
        self.bindings = None if names is None or columns is None else self.binder(self.kind, self.format, columns)
        return True

    def changes(self, line: bytes) -> bool:
        """True if a header line would put other columns in force."""
        columns = self.format.header(line, self.columns)
        return (columns.names if columns is not None else None) != self._names

    def header(self, line: bytes, before: Callable[[], bytes] | None = None) -> bool:
        """Reads a header line; True if the columns changed.

        Args:
            line: The header.
            before: Gives the last record in front of it, which is asked for where the columns change: the log may turn
                from able to show an entry to unable or back.
        """
        columns = self.format.header(line, self.columns)
        if before is not None and columns is not None and columns.names != self._names and self._turns < _MOST_TURNS:
            self.mark(before())
        return self.switch(columns)

    def look(self, lines: Iterable[bytes]) -> None:
        """Asks some records below the header in force whether it is theirs, and who wrote them.

        If most deny it, it is not trusted.
        A single record has to deny two columns: one odd value is what a visitor sent to a server that is hardly used.
        """
        if self.bindings is None or self.columns is None or self._doubted:
            return
        records, odd = list[Record](), Counter[str]()
        for line in lines:
            if not line.strip(b"\0\r ") or is_header(self.format, line):
                continue
            try:
                record = self.format.record(line, self.columns)
            except MalformedLineError:
                continue
            records.append(record)
            odd.update(self.format.misfits(record, self.columns))
        names = sorted(name for name, count in odd.items() if count * 2 > len(records))
        if names and (len(records) > 1 or len(names) > 1):
            self._doubted = True
            self.collector.skip(SkipReason.DAMAGED, _FOREIGN % ", ".join(names))
            self.ability.distrust(names)
        for record in records:  # rows of several servers may stand among one another
            self._note_server(record, None)

    def row(self, line: bytes) -> Record | None:
        """The record, without derived fields; None (and a counted skip) if the line cannot be read."""
        if self.bindings is None or self.columns is None:
            if line.strip() and self._names is not None:
                detail = f"lines under more than {_MOST_HEADERS} different headers"
                self.collector.skip(SkipReason.UNDECIDED, detail)
            elif line.strip():
                self.collector.skip(SkipReason.NO_HEADER, foreign_format(line))
            return None
        if not line.strip():
            return None  # under a header of one column a blank line would be a record
        try:
            return self.format.record(line, self.columns)
        except MalformedLineError:
            if not self.unended:
                self.collector.skip(SkipReason.MALFORMED_LINE)
            return None

    def derived(self, line: bytes) -> Record | None:
        """The record with derived fields; None as with `row`."""
        row = self.row(line)
        return None if row is None or self.bindings is None else self.bindings.derive(row)

    def test(self, line: bytes, place: Place, candidates: tuple[Bound, ...]) -> tuple[Bound, ...] | None:
        """Decides the candidates on one line, and reports those that match; None if the line cannot be read.

        To derive fields takes as long as to read the row: it is done for rules that ask for them, and for hits.
        """
        row = self.row(line)
        if row is None or self.columns is None or self.bindings is None:
            return None
        if self._events:
            event = row.get("EventID")
            candidates = tuple([one for one in candidates if one.event_ids is None or event in one.event_ids])
        early = any(bound.derived for bound in candidates)
        record = self.bindings.derive(row) if early else row
        matched = tuple([bound for bound in candidates if bound.predicate(record)])
        if matched:
            record = record if early else self.bindings.derive(row)
            time = self.format.time(record, self.columns)
            if time is None:
                self.collector.skip(SkipReason.BAD_TIME)
            for bound in matched:
                self.collector.add(bound, place, time, record, line)
        return matched

    def mark(self, line: bytes) -> None:
        """Notes the moment of a line for coverage, and who wrote it, without counting faults."""
        if self.bindings is None or self.columns is None or not line.strip() or is_header(self.format, line):
            return
        try:
            record = self.format.record(line, self.columns)
            moment = self.format.time(record, self.columns)
        except MalformedLineError:
            return
        if moment is not None:
            self.moments.append(moment)
            self.ability.hear(moment)
        self._note_server(record, moment)

    def _note_server(self, record: Record, moment: datetime | None) -> None:
        if self.bindings is not None and not self._doubted and not self._events:
            self.servers.note(self.bindings.server(record), moment)


def _turned(names: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """True if the columns that both headers name stand in another order.

    No server writes that into one log, save for custom fields that somebody took out and added again. Who can write
    into the log can give the values of the rows below to other columns so, where no rule looks for them.
    """
    common = set(names).intersection(known)
    return [name for name in names if name in common] != [name for name in known if name in common]


def split_lines(chunks: Iterable[bytes], limit: int) -> Iterator[tuple[int, bytes | None, bool]]:
    """Offset and content of each line, and whether a line feed ends it; no content of one longer than the limit.

    Memory is bounded by limit and chunk.
    """
    rest, offset, skipping = b"", 0, False
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield offset, None if skipping or len(line) > limit else line, True
            offset += len(line) + 1
            skipping = False
        if len(rest) > limit:
            offset += len(rest)
            rest, skipping = b"", True
    if skipping or len(rest) > limit:
        yield offset, None, False
    elif rest:
        yield offset, rest, False


def naive_scan(state: LogState, chunks: Iterable[bytes], limit: int) -> int:
    """Tests every rule on every line: slow, plain, and what the fast scan is tested against. Returns the bytes read."""
    number, end = 0, 0
    first = list[bytes]()
    for offset, line, ended in split_lines(chunks, limit):
        number += 1
        state.unended = not ended
        if line is None:
            state.collector.skip(SkipReason.LINE_TOO_LONG)
            continue
        end = offset + len(line) + 1
        if is_header(state.format, line):
            if state.changes(line):
                state.look(first)
                first.clear()
            state.header(line)
            continue
        if len(first) < LOOKED_AT:
            first.append(line)
        bound = state.bindings.bound if state.bindings is not None else ()
        state.test(line, Place(line=number, offset=offset), bound)
    state.look(first)
    return end
