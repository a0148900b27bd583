"""Which channels of Windows events a file holds: a rule for Sysmon says nothing where only `Security` was collected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import contains
from typing import Protocol, TypeVar

from waspglass.evidence.artefact import Columns, Record
from waspglass.evidence.errors import MalformedLineError
from waspglass.evidence.formats.event_json import EventJson

__all__ = ["Channels"]

_IN_TEXT = re.compile(rb'(?:hannel|LogName|EventLog)"\s*:\s*"([^"\\]{1,256})"')
"""`Channel`, `winlog.channel`, `LogName`, `EventLog`, as collectors call it. Only a hint: the event is then read."""
_LONGEST = 1 << 20
_MOST = 1000
"""Windows has some hundreds; a file with more is a made one."""


class _Stretch(Protocol):
    """Whole lines in a buffer."""

    @property
    def data(self) -> bytearray: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


_Block = TypeVar("_Block", bound=_Stretch)


@dataclass(slots=True)
class Channels:
    """Notes the channels of one file's events, and parses an event only where its text names one that is new."""

    _found: dict[str, None] = field(default_factory=dict)
    _hints: set[bytes] = field(default_factory=set)
    _last: str = "\0"
    _events: bool = False

    def known(self) -> tuple[str, ...] | None:
        """The channels, sorted; None if events were met and none of them named its channel (or too many did)."""
        if (self._events and not self._found) or max(len(self._found), len(self._hints)) > _MOST:
            return None
        return tuple(sorted(self._found))

    def note(self, record: Record) -> None:
        """Takes an event that was read."""
        self._events = True
        channel = record.get("Channel")
        if channel and len(self._found) <= _MOST:
            self._found[channel] = None

    def note_texts(self, texts: Sequence[str]) -> None:
        """Takes the JSON of events. Nearly all name the channel of the one before, so that is looked for first."""
        self._events = self._events or bool(texts)
        if all(map(contains, texts, repeat(self._last))):
            return
        last = self._last
        for text in texts:
            if last not in text:
                raw = text.encode()
                for found in _IN_TEXT.finditer(raw):
                    last = found[0].decode("utf-8", "replace")
                    if self._new(found):
                        self._note_line(raw)
        self._last = last

    def note_lines(self, data: bytes | bytearray, start: int, end: int) -> None:
        """Takes a stretch of whole lines, one event each."""
        self._events = self._events or end > start
        for found in _IN_TEXT.finditer(data, start, end):
            if self._new(found):
                line_end = data.find(b"\n", found.end(), end)
                line = data[data.rfind(b"\n", start, found.start()) + 1 : end if line_end < 0 else line_end]
                self._note_line(bytes(line))

    def _new(self, found: re.Match[bytes]) -> bool:
        """Whether the hint was not met before."""
        if found[1] in self._hints or len(self._hints) > _MOST:
            return False
        self._hints.add(found[1])
        return True

    def _note_line(self, line: bytes) -> None:
        try:
            self.note(EventJson().record(line, Columns()))
        except MalformedLineError:
            return

    def of_blocks(self, blocks: Iterable[_Block]) -> Iterator[_Block]:
        """The same blocks, noted on their way."""
        for block in blocks:
            self.note_lines(block.data, block.start, block.end)
            yield block

    def of_chunks(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks, noted on their way; lines may be cut by them anywhere."""
        rest = b""
        for chunk in chunks:
            lines, _, rest = (rest[-_LONGEST:] + chunk).rpartition(b"\n")
            self.note_lines(lines, 0, len(lines))
            yield chunk
        self.note_lines(rest, 0, len(rest))
