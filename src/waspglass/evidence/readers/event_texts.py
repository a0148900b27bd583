"""Events that stand one after the other in a text: as XML, or as Splunk's agent writes them, or both in one export.

Each is read by itself, so one that is damaged hides no other and no file is held as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import TextIO

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.formats.event_shapes import Json
from waspglass.evidence.readers.event_faults import LONGEST_EVENT, MOST_FAULTS, PIECE, tell_faults
from waspglass.evidence.readers.event_raw import event_of_agent
from waspglass.evidence.readers.event_xml import event_of_xml

__all__ = ["are_event_texts", "event_texts"]

_XML, _END = "<Event", "</Event>"
_AGENT = r"^\d\d/\d\d/\d{4} \d\d:\d\d:\d\d(?:\.\d{1,7})? [AP]M\r?\nLogName="
_BEGIN = re.compile(rf"{_XML}[\s>]|{_AGENT}", re.MULTILINE)
_NEXT = re.compile(rf"^{_XML} xmlns=|{_AGENT}", re.MULTILINE)
"""Ends an event of the agent, whose message may have any text in it."""
_START = re.compile(rf"(?:#(?!TYPE)[^\n]*\n\s*)*(?:(?:Record \d+\s+)?<|{_AGENT})")
"""Somebody may have written notes above them."""
_LONGEST_MARK = 64


def are_event_texts(start: str) -> bool:
    """Whether a file that begins so holds such events."""
    return _START.match(start) is not None


def event_texts(text: TextIO, held: str, path: str) -> Iterator[Json]:
    """The events of an export, in the shape of the `evtx` package or of `Get-WinEvent`.

    Args:
        text: What follows.
        held: What was read of it already.
        path: For messages.

    Raises:
        EvidenceReadError: At the end, if some of them could not be read.
    """
    faults = 0
    for block in _blocks(text, held):
        try:
            event = None if block is None else _event(block, path)
            if event is None:
                faults += 1
            else:
                yield event
        except EvidenceReadError:
            faults += 1
            yield from _behind_a_cut(block or "", path)
        if faults > MOST_FAULTS:
            break
    tell_faults(faults, path)


def _event(block: str, path: str) -> Json | None:
    return event_of_xml(block, path) if block.startswith(_XML) else event_of_agent(block)


def _behind_a_cut(block: str, path: str) -> Iterator[Json]:
    """Events in what was taken for one, where the end that was found is that of another."""
    begins = [found.start() for found in _BEGIN.finditer(block)]
    for begin, end in pairwise((*begins[1:], len(block))):
        with suppress(EvidenceReadError):
            event = _event(block[begin:end], path)
            if event is not None:
                yield event


def _blocks(text: TextIO, held: str) -> Iterator[str | None]:
    """The text of each event; None for one that does not end."""
    at, ended = 0, False
    while True:
        begin = _BEGIN.search(held, at)
        end = -1 if begin is None else _end(held, begin, ended=ended)
        if begin is not None and end >= 0:
            at = end
            yield held[begin.start() : at]
            if at > PIECE:
                held, at = held[at:], 0
            continue
        start = max(at, len(held) - _LONGEST_MARK) if begin is None else begin.start()
        if begin is not None and (ended or len(held) - start > LONGEST_EVENT):
            yield None
            at = begin.end()
        elif ended:
            return
        else:
            more = text.read(max(PIECE, len(held) - start))
            held, at, ended = held[start:] + more, 0, not more


def _end(held: str, begin: re.Match[str], *, ended: bool) -> int:
    """Where the event ends, as far as the text is there; -1 if it does not."""
    if begin[0].startswith(_XML):
        end = held.find(_END, begin.end())
        return end if end < 0 else end + len(_END)
    following = _NEXT.search(held, begin.end())
    if following is not None:
        return following.start()
    return len(held) if ended else -1
