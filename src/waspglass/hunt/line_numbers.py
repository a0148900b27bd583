"""Line numbers of hits, counted only in files that have hits, and only as far as the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from waspglass.evidence.artefact import Artefact
from waspglass.hunt.collect import Hit

__all__ = ["number_lines"]

_CHUNK = 1 << 20


def number_lines(artefact: Artefact, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with the 1-based line that their offset lies on; the file is read once more for it."""
    wanted = sorted({hit.place.offset for hit in hits if hit.place.line is None and hit.place.offset is not None})
    if not wanted:
        return list(hits)
    lines: dict[int, int] = {}
    number, position, at = 1, 0, 0
    with artefact.file.open() as stream:
        while at < len(wanted):
            chunk = stream.read(_CHUNK)
            start = 0
            while at < len(wanted) and wanted[at] <= position + len(chunk):
                stop = wanted[at] - position
                number += chunk.count(b"\n", start, stop)
                lines[wanted[at]] = number
                start = stop
                at += 1
            number += chunk.count(b"\n", start)
            position += len(chunk)
            if not chunk:
                break
    return [
        replace(hit, place=replace(hit.place, line=lines[hit.place.offset])) if hit.place.offset in lines else hit
        for hit in hits
    ]
