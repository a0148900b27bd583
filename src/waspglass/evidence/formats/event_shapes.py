"""Windows events in the shapes that parsers and shippers give them, flattened to the field names of Sigma.

- nxlog / OTRF: flat objects (`Channel`, `EventID`, `SourceName`, the event's data beside them);
- winlogbeat: `winlog.*` nested, or flat with dots in the keys; before version 7 without `winlog` around it;
- the `evtx` package and `evtx_dump`: `Event.System` and `Event.EventData` / `Event.UserData`, with attributes inside of
  an element or, by an option and in Chainsaw, beside it; the same without `Event` by Velociraptor's `parse_evtx`.

What else tools export is in `event_exports`. Names change here, values never: needles are derived from them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson

__all__ = [
    "RENAMED",
    "SYSTEM",
    "SYSTEM_ATTRIBUTES",
    "Json",
    "event_of_beats",
    "event_of_parser",
    "flat_event",
    "items_of",
    "json_text",
    "text_of",
    "whole_text",
]

Json = Mapping[str, object]
_DEEPEST = 100
"""Lists and wrappers in one another."""
RENAMED = {
    "SourceName": "Provider_Name",
    "ProviderName": "Provider_Name",
    "provider_name": "Provider_Name",
    "source_name": "Provider_Name",
    "Hostname": "Computer",
    "computer_name": "Computer",
    "RecordNumber": "EventRecordID",
    "record_id": "EventRecordID",
    "record_number": "EventRecordID",
    "event_id": "EventID",
    "channel": "Channel",
    "log_name": "Channel",
    "message": "Message",
}
"""What some collectors call a field of an event's header -> what Sigma calls it; its data keep their names."""
SYSTEM = ("EventID", "Channel", "Computer", "EventRecordID", "Level", "Task", "Opcode", "Keywords")
"""What is taken from an event's header as it stands."""
SYSTEM_ATTRIBUTES = (
    ("Provider_Name", "Provider", "Name"),
    ("SystemTime", "TimeCreated", "SystemTime"),
    ("UserID", "Security", "UserID"),
)
"""Field, element of the header, and the attribute of it that is the value."""


def text_of(value: object, depth: int = 0) -> str:
    """A value as text; the parts of a list one a line. What lies deeper than any event has it is left out."""
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, list):
        parts = value if depth < _DEEPEST else ()
        return "\n".join(text_of(part, depth + 1) for part in parts if part is not None)
    if isinstance(value, dict):
        inner = value.get("#text", value.get("Value")) if depth < _DEEPEST else None
        return text_of(inner, depth + 1) if inner is not None else json_text(value)
    return str(value)


def whole_text(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can name and UTF-8 cannot say."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def json_text(value: object) -> str:
    """An object as JSON, as far as it can be written: not if it is too deep."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # also for numbers of more than 64 bits, and halves of surrogate pairs
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        except (RecursionError, TypeError, ValueError):
            return ""


def items_of(table: object, *, inner: bool = False) -> dict[str, str]:
    """What a table holds, under its own names; a table in it is a wrapper of more (`inner`), one in that is a value."""
    items: dict[str, str] = {}
    if not isinstance(table, dict):
        return items
    for name, value in table.items():
        if value is None or name == "#attributes":
            continue
        if isinstance(value, dict) and "#text" not in value and not inner:
            items.update(items_of(value, inner=True))
        else:
            items[name] = value if isinstance(value, str) else text_of(value)
    return items


def event_of_parser(event: Json) -> dict[str, str]:
    """An event of `System` and `EventData` or `UserData`."""
    record = items_of(event["UserData"]) if "UserData" in event else {}
    if "EventData" in event:
        record.update(items_of(event["EventData"]))
    system = event.get("System")
    if not isinstance(system, dict):
        return record
    for name in SYSTEM:
        value = system.get(name)
        if value is not None:
            record[name] = text_of(value)
    for name, holder, attribute in SYSTEM_ATTRIBUTES:
        element = system.get(f"{holder}_attributes") or system.get(holder)
        if isinstance(element, dict) and name not in record:
            attributes = element.get("#attributes", element)
            value = attributes.get(attribute) if isinstance(attributes, dict) else None
            if value is not None:
                record[name] = text_of(value)
    return record


def event_of_beats(document: Json, winlog: Json) -> dict[str, str]:
    """An event of winlogbeat."""
    record = items_of(winlog.get("user_data")) | items_of(winlog.get("event_data"))
    for name, value in winlog.items():
        if name not in ("event_data", "user_data") and value is not None and not isinstance(value, Mapping):
            record[RENAMED.get(name, name)] = text_of(value)
    for name in ("@timestamp", "message"):
        if document.get(name) is not None:
            record[RENAMED.get(name, name)] = text_of(document[name])
    return record


def flat_event(document: Json, renamed: Mapping[str, str]) -> dict[str, str]:
    """An event whose fields stand side by side."""
    record: dict[str, str] = {}
    for name, value in document.items():
        if value is None or value == "":
            continue
        plain = name.removeprefix("winlog.")
        record[renamed.get(plain) or plain.removeprefix("event_data.")] = text_of(value)
    return record
