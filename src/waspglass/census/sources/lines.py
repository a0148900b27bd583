"""Cuts a content into blocks of whole lines, whatever a hostile file does to their length and encoding."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.model.skip import SkipReason

__all__ = ["LINE_LIMIT", "Block", "block_of", "text_blocks", "utf8_start", "utf16_of", "whole_lines"]

LINE_LIMIT = 8 << 20
"""A record of more than 8 MiB is skipped: no banner that tells about a host needs more."""

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def utf16_of(start: bytes) -> str | None:
    """The codec of a content that begins with a mark of UTF-16."""
    return _WIDE.get(start[:2])


def utf8_start(start: bytes) -> bytes:
    """The start of a content as `text_blocks` gives it."""
    wide = utf16_of(start)
    return start.removeprefix(codecs.BOM_UTF8) if wide is None else start[2:].decode(wide, "replace").encode()


def text_blocks(content: Content) -> Iterator[bytes]:
    """The blocks as UTF-8: a byte-order mark is taken off, UTF-16 with a mark (as Windows tools write) is turned."""
    blocks = content.blocks()
    first = next(blocks, b"")
    wide = utf16_of(first)
    if wide is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(wide)(errors="replace")
    yield decoder.decode(first[2:]).encode("utf-8", "replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines.

    Attributes:
        first: Number of the first line, from 1.
        text: The lines with their line feeds.
        ends: Places of the line feeds.
    """

    first: int
    text: bytes
    ends: list[int]

    def lines(self) -> list[bytes]:
        """The lines without their line feeds."""
        return self.text.removesuffix(b"\n").split(b"\n")


def block_of(first: int, text: bytes) -> Block:
    """Whole lines from the number of the first one."""
    ends: list[int] = []
    find, end = text.find, text.find(b"\n")
    while end >= 0:  # faster than NumPy where lines are as long as banners, and several times faster than `count`
        ends.append(end)
        end = find(b"\n", end + 1)
    return Block(first, text, ends)


def whole_lines(content: Content, tally: Tally, limit: int = LINE_LIMIT) -> Iterator[Block]:
    """Cuts a content after line feeds.

    A line longer than `limit` is counted as skipped and stands as an empty line, so that numbers stay right. Only the
    last line of the content can lack its line feed.
    """
    number = 1
    pending: list[bytes] = []
    length = 0
    for block in text_blocks(content):
        cut = block.rfind(b"\n") + 1
        if not cut:
            length += len(block)
            if length <= limit:
                pending.append(block)
            else:
                pending.clear()
            continue
        lines, tail = block[:cut], block[cut:]
        first_end = lines.find(b"\n")
        if length + first_end > limit:
            tally.add(SkipReason.LINE_TOO_LONG, f"line {number}: longer than {limit} bytes")
            lines = lines[first_end:]
        elif pending:
            lines = b"".join((*pending, lines))
        cut_block = block_of(number, lines)
        yield cut_block
        number += len(cut_block.ends)
        pending, length = ([tail], len(tail)) if tail else ([], 0)
    if length > limit:
        tally.add(SkipReason.LINE_TOO_LONG, f"line {number}: longer than {limit} bytes")
    elif pending:
        yield block_of(number, b"".join(pending))
