r"""Two logs of one name and place whose rows differ: evidence of two servers in one collection.

Logs with the default fields do not name their server. If a collection holds `MX01\C\logs\a.log` and
`MX02\C\logs\a.log`, the first is read as `C:\logs\a.log` and the second under its own folder; `MX01\W3SVC1\a.log` and
`MX02\W3SVC1\a.log` stand side by side. A copy of one server's log holds the same rows, or some of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import TypeAlias

from waspglass.evidence.artefact import Artefact, Record
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.evidence.formats.w3c import WHOLE_URI
from waspglass.evidence.windows_path import drive_of
from waspglass.examine.log_head import beginning
from waspglass.examine.sites import site_number

__all__ = ["folders_of_other_servers"]

_PAIRS = 50

_Row: TypeAlias = tuple[datetime, Record]


def folders_of_other_servers(artefacts: Iterable[Artefact]) -> tuple[str, ...]:
    """The folders of two logs that no single server wrote; empty if there are none.

    Two servers are at work at the same time, and each logs what the other does not. The beginnings of at most 50 pairs
    are compared.
    """
    for number, (one, other) in enumerate(_pairs(artefacts)):
        if number >= _PAIRS:
            break
        if _each_has_its_own(_rows(one), _rows(other)):
            return tuple(artefact.file.path.rpartition("\\")[0] for artefact in (one, other))
    return ()


def _pairs(artefacts: Iterable[Artefact]) -> Iterator[tuple[Artefact, Artefact]]:
    alike: dict[tuple[str, str], list[Artefact]] = defaultdict(list)
    for artefact in artefacts:
        if is_line_format(artefact.format) and (place := _place(artefact.file.path)) is not None:
            alike[(artefact.kind, place)].append(artefact)
    for group in alike.values():
        yield from pairwise(group)


def _place(path: str) -> str | None:
    r"""Where a server keeps a log, without what a collection put above: `1\u_ex210303.log`, `\logs\a.log` of one."""
    folder, _, name = path.lower().rpartition("\\")
    if (site := site_number(folder)) is not None:
        return f"{site}\\{name}"
    parts = path.lower().split("\\")
    drive = next((at for at, part in enumerate(parts[:-1]) if drive_of(part) is not None), None)
    return None if drive is None else "\\".join(["", *parts[drive + 1 :]])


def _rows(log: Artefact) -> list[_Row]:
    records = beginning(log, line_format(log.format))
    return [(moment, record) for moment, record in records if moment is not None]


def _each_has_its_own(one: list[_Row], other: list[_Row]) -> bool:
    """Whether each of two logs has more rows of its own than they share, in the time of which both beginnings speak.

    A copy may have lost columns, its last row may have been cut as it was made, and a few more may be damaged, or
    written in another encoding.
    """
    if not one or not other:
        return False
    start = max(min(moment for moment, _ in rows) for rows in (one, other))
    end = min(max(moment for moment, _ in rows) for rows in (one, other))
    columns = (_columns(one) & _columns(other)) - {"date", "time"}  # the moment says them, however they were typed
    if "cs-uri-stem" in columns:
        columns.discard(WHOLE_URI)  # it is made of the stem and of the query, which a copy may have lost
    first, second = (
        {
            (moment.replace(microsecond=0), frozenset((name, record[name]) for name in columns & record.keys()))
            for moment, record in rows
            if start <= moment < end
        }
        for rows in (one, other)
    )
    return len(first & second) < min(len(first - second), len(second - first))


def _columns(rows: list[_Row]) -> set[str]:
    return {name for _, record in rows for name in record}
