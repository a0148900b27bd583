r"""Chunks of event logs that would unpack into gigabytes.

An event may be written as a template and values; a value may be binary XML with a template of its own, and a template
may name a value more than once. Ten levels of a template that names its value ten times are more than any memory out of
2 kB, and the parser bounds the levels only. In 46,000 events of 612 public logs none calls more than three templates,
and no chunk has more than 40 names of values that are binary XML.

Layout: libyal/libevtx, "Windows XML Event Log (EVTX) format". A value is named by 0x0d or 0x0e, its number (16 bits)
and its type, 0x21 for binary XML; a template is called by 0x0c at the start of a fragment. The parser passes over some
of these bytes, so who knows this test can write a bomb that it does not see: to follow the parser would take longer
than to parse.
"""

from __future__ import annotations

import struct
from functools import cache

import hyperscan

__all__ = ["expands"]

_FIRST_EVENT = 512
_EVENT_HEAD, _EVENT_MARK = struct.Struct("<4sI"), b"**\0\0"
_CALL = b"\x0f\x01\x01\x00\x0c"
_NAMING = rb"[\x0d\x0e]..\x21"
_MOST_TIMES = 10_000
"""How often an event may repeat what it holds, by the worst that can be; of the public logs none comes to 1,500."""
_DEEPEST = 32


def expands(chunk: bytes) -> bool:
    """Whether an event of this chunk may become longer than any event is."""
    named = _named(chunk)
    at = _FIRST_EVENT
    while named > 1 and at + _EVENT_HEAD.size <= len(chunk):
        mark, size = _EVENT_HEAD.unpack_from(chunk, at)
        if mark != _EVENT_MARK or size < _EVENT_HEAD.size:
            break
        calls = max(1, chunk.count(_CALL, at, at + size))
        if named ** min(calls - 1, _DEEPEST) > _MOST_TIMES:
            return True
        at += size
    return False


def _named(chunk: bytes) -> int:
    """How many places name a value that is binary XML, at most; a loop over the bytes takes twice as long."""
    found = 0

    def count(_number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        nonlocal found
        found += 1

    _naming().scan(chunk, match_event_handler=count)
    return found


@cache
def _naming() -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[_NAMING], flags=[hyperscan.HS_FLAG_DOTALL])
    return database
