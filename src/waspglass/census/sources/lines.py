"""Splits a content into lines, block by block, whatever a hostile file does to their length and encoding."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.model.skip import SkipReason

__all__ = ["LINE_LIMIT", "line_blocks", "text_blocks"]

LINE_LIMIT = 8 << 20
"""A record of more than 8 MiB is skipped: no banner that tells about a host needs more."""

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def text_blocks(content: Content) -> Iterator[bytes]:
    """The blocks as UTF-8: a byte-order mark is taken off, UTF-16 with a mark (as Windows tools write) is turned."""
    blocks = content.blocks()
    first = next(blocks, b"")
    mark = next((mark for mark in _WIDE if first.startswith(mark)), None)
    if mark is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(_WIDE[mark])(errors="replace")
    yield decoder.decode(first[2:]).encode("utf-8", "replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def line_blocks(content: Content, tally: Tally, limit: int = LINE_LIMIT) -> Iterator[tuple[int, list[bytes]]]:
    """Yields the 1-based number of the first line and the lines of a block, without their ends.

    A line longer than `limit` is counted as skipped and stands as an empty line, so that numbers stay right. The last
    line is handed over even if its end is missing.
    """
    number = 1
    pending: list[bytes] = []
    length = 0
    for block in text_blocks(content):
        lines = block.split(b"\n")
        tail = lines.pop()
        if not lines:
            length += len(tail)
            if length <= limit:
                pending.append(tail)
            else:
                pending.clear()
            continue
        if length + len(lines[0]) > limit:
            tally.add(SkipReason.LINE_TOO_LONG, f"line {number}: longer than {limit} bytes")
            lines[0] = b""
        elif pending:
            lines[0] = b"".join((*pending, lines[0]))
        yield number, lines
        number += len(lines)
        pending, length = ([tail], len(tail)) if tail else ([], 0)
    if length > limit:
        tally.add(SkipReason.LINE_TOO_LONG, f"line {number}: longer than {limit} bytes")
    elif pending:
        yield number, [b"".join(pending)]
