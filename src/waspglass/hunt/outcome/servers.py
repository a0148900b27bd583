"""Which servers wrote the records of a file, and until when each did: evidence may hold logs of others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from operator import contains

__all__ = ["Servers", "Wrote"]

_NAME = re.compile(r'[^"\\\s]{1,256}')
_IN_TEXT = re.compile(rf'"Computer":"({_NAME.pattern})"')
"""As the readers of events write it, before the data of the event."""
_MOST = 1000
"""Servers of one file; those beyond are not told."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """What one server wrote into a file.

    Attributes:
        server: As the records name it.
        last: The latest moment of those of its records that were asked; None if none of them has one.
    """

    server: str
    last: datetime | None


@dataclass(slots=True)
class Servers:
    """Notes who wrote the records of one file."""

    _found: dict[str, datetime | None] = field(default_factory=dict)
    _last: str = "\0"
    _name: str = ""

    def told(self) -> tuple[Wrote, ...]:
        """The servers, by name."""
        return tuple(Wrote(name, last) for name, last in sorted(self._found.items(), key=lambda item: item[0]))

    def note(self, name: str | None, moment: datetime | None) -> None:
        """Takes a record that was read, by the name that it gives its server."""
        if name and _NAME.fullmatch(name):
            self._add(name, moment)

    def note_texts(self, texts: Sequence[str], moments: Sequence[datetime | None]) -> None:
        """Takes the JSON of some events. Nearly all are of the server of the one before, which is looked for first."""
        if self._names(texts[0]) and all(map(contains, texts, repeat(self._last))):
            self._add(self._name, max(filter(None, moments), default=None))
            return
        for text, moment in zip(texts, moments, strict=True):
            if self._names(text):
                self._add(self._name, moment)

    def _names(self, text: str) -> bool:
        """Whether the event names a server, which is then the one that is looked for first."""
        if self._last not in text:
            if (found := _IN_TEXT.search(text)) is None:
                return False
            self._last, self._name = found[0], found[1]
        return True

    def _add(self, name: str, moment: datetime | None) -> None:
        if name in self._found or len(self._found) < _MOST:
            known = self._found.get(name)
            self._found[name] = moment if known is None else max(known, moment or known)
