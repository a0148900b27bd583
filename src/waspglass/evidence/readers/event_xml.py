"""One event as XML (`wevtutil qe /f:xml`, "Save as XML" of the Event Viewer, `evtx_dump`).

The rendered message is there only if somebody asked for it (`RenderingInfo`).
"""

from __future__ import annotations

import re

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.formats.event_shapes import Json
from waspglass.evidence.readers.xml_elements import xml_elements

__all__ = ["event_of_xml"]

_NOT_ALLOWED = re.compile(
    r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    r"|&#(?:[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)
"""XML 1.0, production 2 (`Char`), plain or by number. A command line can hold such characters."""
_BY_ATTRIBUTE = frozenset({"Provider", "TimeCreated", "Security"})
"""Elements of an event's header whose attributes are what they say."""


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
