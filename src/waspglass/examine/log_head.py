"""The beginnings of logs, for questions that do not need the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from waspglass.evidence.artefact import Artefact, LineFormat, Record
from waspglass.evidence.errors import EvidenceReadError, MalformedLineError

__all__ = ["beginning", "head_of", "spread"]

_HEAD = 64 * 1024


def head_of(artefact: Artefact) -> bytes:
    """The first 64 KiB; empty if they cannot be read, because the hunt reads the same file and counts the skip."""
    try:
        with artefact.file.open() as stream:
            return stream.read(_HEAD)
    except (OSError, EvidenceReadError):
        return b""


def spread(group: list[Artefact], most: int) -> list[Artefact]:
    """The first, the last and some between by path, which for dated logs is by time."""
    ordered = sorted(group, key=lambda artefact: artefact.file.path)
    if len(ordered) <= most:
        return ordered
    return [ordered[n * (len(ordered) - 1) // (most - 1)] for n in range(most)]


def beginning(artefact: Artefact, form: LineFormat) -> Iterator[tuple[datetime | None, Record]]:
    """The records that stand whole in the first 64 KiB."""
    head = head_of(artefact)
    columns = form.implied
    # Of a file that goes on, the last line is cut.
    whole = head if len(head) < _HEAD else head[: head.rfind(b"\n") + 1]
    for line in whole.splitlines():
        if line.startswith(form.header_starts):
            columns = form.header(line, columns)
        elif columns is not None:
            try:
                record = form.record(line, columns)
            except MalformedLineError:
                continue
            yield form.time(record, columns), record
