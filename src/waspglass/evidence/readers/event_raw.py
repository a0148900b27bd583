"""The text of one event as Splunk keeps it (`_raw`): XML, or names and values a line, as its agent writes them.

    03/03/2021 04:12:11 AM
    LogName=Security
    EventCode=4688
    Message=A new process has been created. ...

The first line is local time; `_time` beside the text is not. Source: Splunk, "Monitor Windows event log data"; real
ones in splunk/attack_data.
"""

from __future__ import annotations

import re
from contextlib import suppress

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.formats.event_exports import unwrapped
from waspglass.evidence.formats.event_json import event_time
from waspglass.evidence.formats.event_providers import provider_name
from waspglass.evidence.formats.event_shapes import Json, text_of, whole_text
from waspglass.evidence.readers.event_xml import event_of_xml

__all__ = ["event_of_agent", "event_of_raw"]

_RAW = "_raw"
_LINE = re.compile(r"^([A-Za-z]\w{0,63})=([^\r\n]*)", re.MULTILINE)
_NAMES = {"EventCode": "Id", "SourceName": "ProviderName", "ComputerName": "MachineName", "Sid": "UserId"}


def event_of_raw(document: Json, path: str) -> Json:
    """The event that the text of a row is, in the shape of a parser or of `Get-WinEvent`; else the row as it is.

    The fields that stand beside the text have Splunk's names, so the text goes before.

    Args:
        document: A row of an export.
        path: For messages.
    """
    row = unwrapped(document)
    raw = row.get(_RAW)
    if not isinstance(raw, str):
        return document
    if raw.lstrip().startswith("<Event"):
        with suppress(EvidenceReadError):
            return event_of_xml(whole_text(raw), path)
    event = event_of_agent(raw)
    if event is None:
        return document
    known = {"_time": text_of(row.get("_time") or "")}
    return event if event_time(known) is None else event | known | {"TimeCreated": None}


def event_of_agent(text: str) -> dict[str, object] | None:
    """An event as the agent writes it, in the shape of `Get-WinEvent`, with its local time; None if it is none."""
    header, _, message = text.partition("\nMessage=")
    told: dict[str, str] = dict(_LINE.findall(header))
    if "EventCode" not in told:
        return None
    named = {_NAMES.get(name, name): value for name, value in told.items()}
    named["ProviderName"] = provider_name(named.get("ProviderName", ""))
    return {"TimeCreated": text.lstrip().partition("\n")[0].strip(), **named, "Message": message.rstrip()}
