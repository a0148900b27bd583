"""Events as XML (`wevtutil qe /f:xml`, "Save as XML" of the Event Viewer, `evtx_dump`), one document an event.

Each `<Event>` is read by itself, so one that is damaged hides no other and no file is held as a whole. The rendered
message is there only if somebody asked for it (`RenderingInfo`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.formats.event_shapes import Json
from waspglass.evidence.readers.event_faults import LONGEST_EVENT, MOST_FAULTS, PIECE, tell_faults
from waspglass.evidence.readers.xml_elements import xml_elements

__all__ = ["event_of_xml", "xml_documents"]

_BEGIN = re.compile(r"<Event[\s>]")
_END = "</Event>"
_LONGEST_MARK = 16
_NOT_ALLOWED = re.compile(
    r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    r"|&#(?:[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)
"""XML 1.0, production 2 (`Char`), plain or by number. A command line can hold such characters."""
_BY_ATTRIBUTE = frozenset({"Provider", "TimeCreated", "Security"})
"""Elements of an event's header whose attributes are what they say."""


def xml_documents(text: TextIO, held: str, path: str) -> Iterator[Json]:
    """The events of an export, in the shape of the `evtx` package.

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
            if block is None:
                faults += 1
            else:
                yield event_of_xml(block, path)
        except EvidenceReadError:
            faults += 1
            if block is not None and (behind := _last_begin(block)):  # the end that was found is that of another event
                with suppress(EvidenceReadError):
                    yield event_of_xml(block[behind:], path)
        if faults > MOST_FAULTS:
            break
    tell_faults(faults, path)


def _blocks(text: TextIO, held: str) -> Iterator[str | None]:
    """The text of each event; None for one that does not end."""
    at, ended = 0, False
    while True:
        begin = _BEGIN.search(held, at)
        end = -1 if begin is None else held.find(_END, begin.end())
        if begin is not None and end >= 0:
            at = end + len(_END)
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


def _last_begin(block: str) -> int:
    return max(found.start() for found in _BEGIN.finditer(block))


def event_of_xml(block: str, path: str) -> Json:
    """One event; characters that XML does not allow, which exporters write as they stand in it, are replaced.

    Raises:
        EvidenceReadError: If it is damaged.
    """
    try:
        return _document(block, path)
    except EvidenceReadError:
        allowed = _NOT_ALLOWED.sub("\ufffd", block)
        if allowed == block:
            raise
        return _document(allowed, path)


def _document(block: str, path: str) -> Json:
    system: dict[str, object] = {}
    data: dict[str, str] = {}
    unnamed: list[str] = []
    for element in xml_elements(block.encode(), path):
        text = element.text if element.text.strip() else ""  # `evtx_dump` breaks the line inside of empty ones
        match element.path:
            case (_, "System", name):
                system[name] = dict(element.attributes) if name in _BY_ATTRIBUTE else element.text.strip()
            case (_, "EventData", "Data") if "Name" not in element.attributes:
                unnamed += [text] if text else []
            case (_, "EventData", name):
                data[element.attributes.get("Name", name)] = text
            case (_, "RenderingInfo", "Message"):
                data.setdefault("Message", text)
            case (_, "UserData", *_) if text:
                data[element.name] = text
    return {"Event": {"System": system, "EventData": _with_unnamed(data, unnamed)}}


def _with_unnamed(data: dict[str, str], unnamed: list[str]) -> dict[str, str]:
    return data | {"Data": "\n".join(unnamed)} if unnamed else data
