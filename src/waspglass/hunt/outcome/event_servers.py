"""Which servers the events of a file are of, and from when to when each wrote: evidence may hold logs of others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from waspglass.evidence.artefact import Record

__all__ = ["EventServers", "Wrote"]

_NAME = re.compile(r'[^"\\\s]{1,256}')
_IN_TEXT = re.compile(rf'"Computer":"({_NAME.pattern})"')
"""As the readers of events write it, before the data of the event."""
_MOST = 1000
"""Servers of one file; those beyond are not told."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """What one server wrote into a file of events.

    Attributes:
        server: As the events name it.
        first: The earliest moment of its events; None if none of them has one.
        last: The latest.
    """

    server: str
    first: datetime | None
    last: datetime | None


@dataclass(slots=True)
class EventServers:
    """Notes who wrote the events of one file."""

    _found: dict[str, list[datetime]] = field(default_factory=dict)
    _last: str = "\0"
    _name: str = ""

    def told(self) -> tuple[Wrote, ...]:
        """The servers, by name."""
        found = sorted(self._found.items())
        return tuple(Wrote(name, min(span, default=None), max(span, default=None)) for name, span in found)

    def note(self, record: Record, moment: datetime | None) -> None:
        """Takes an event that was read."""
        name = record.get("Computer", "")
        if _NAME.fullmatch(name):
            self._add(name, [moment])

    def note_texts(self, texts: Sequence[tuple[int, datetime | None, str]]) -> None:
        """Takes the JSON of events. Nearly all are of the server of the one before, so that is looked for first."""
        if self._name and all(self._last in text for _, _, text in texts):
            self._add(self._name, [moment for _, moment, _ in texts])
            return
        for _, moment, text in texts:
            if self._last not in text:
                found = _IN_TEXT.search(text)
                if found is None:
                    continue
                self._last, self._name = found[0], found[1]
            self._add(self._name, [moment])

    def _add(self, name: str, moments: Sequence[datetime | None]) -> None:
        known = [moment for moment in moments if moment is not None]
        span = self._found.get(name, []) + known
        if name in self._found or len(self._found) < _MOST:
            self._found[name] = [min(span), max(span)] if span else []
