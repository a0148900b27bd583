"""Under which headers of a log an entry would not show, because a column that tells it is not among theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Ability", "Unable"]

_MOST_SPANS = 1000
"""Stretches of one file that are kept apart; from there on the rest of the file is one."""


@dataclass(frozen=True, slots=True)
class Unable:
    """A stretch of a log whose header lacks required columns.

    Attributes:
        after: The last moment that was heard before it; None if it begins the log.
        before: The first moment that was heard behind it; None if it ends the log.
        lacking: The columns that are missing, sorted.
    """

    after: datetime | None
    before: datetime | None
    lacking: tuple[str, ...]


@dataclass(slots=True)
class Ability:
    """Follows the headers and the moments of one log.

    Attributes:
        requires: Columns without which a log of this kind cannot show an entry.
    """

    requires: frozenset[str]
    _spans: list[Unable] = field(default_factory=list)
    _lacking: frozenset[str] = frozenset()
    _missed: frozenset[str] = frozenset()
    _after: datetime | None = None
    _heard: datetime | None = None

    @property
    def able(self) -> bool:
        """False while the header in force lacks columns, and for good once there were too many turns."""
        return not (self._missed if self._full else self._lacking)

    def distrust(self, names: Iterable[str]) -> None:
        """Rows below the header in force do not have these columns, though it names them."""
        self._lack(self._lacking.union(names))

    def turn(self, names: Iterable[str] | None) -> None:
        """Another header is in force; None: no header is known."""
        self._lack(frozenset() if names is None else self.requires.difference(names))

    def _lack(self, columns: frozenset[str]) -> None:
        self._lacking = columns
        if not self._missed:
            self._after = self._heard
        self._missed |= columns

    def hear(self, moment: datetime) -> None:
        """A record was met under the header in force."""
        if self._missed and not self._lacking and not self._full:
            self._spans.append(Unable(self._after, moment, tuple(sorted(self._missed))))
            self._missed = frozenset()
        self._heard = moment

    def unable(self) -> tuple[Unable, ...]:
        """All stretches, in the order of the log, once it was read to its end."""
        if self._missed:
            return (*self._spans, Unable(self._after, None, tuple(sorted(self._missed))))
        return tuple(self._spans)

    @property
    def _full(self) -> bool:
        return len(self._spans) >= _MOST_SPANS
