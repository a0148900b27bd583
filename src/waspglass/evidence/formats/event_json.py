r"""Windows events as JSON lines, in three shapes that are met, flattened to the field names of Sigma.

- nxlog / OTRF: flat objects (`Channel`, `EventID`, `SourceName`, the event's data beside them);
- winlogbeat: `winlog.*` nested, or flat with dots in the keys;
- the `evtx` package: `Event.System` and `Event.EventData` / `Event.UserData`.

Result: `EventID`, `Channel`, `Provider_Name`, `Computer`, `EventRecordID`, `Level`, and each item of the event's data
under its own name. A list of unnamed data becomes `Data`, one item a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import orjson

from waspglass.evidence.artefact import Columns, Record
from waspglass.evidence.errors import MalformedLineError
from waspglass.evidence.formats.moments import moment

__all__ = ["RENAMED", "SYSTEM", "SYSTEM_ATTRIBUTES", "EventJson", "flatten_event"]

Json = Mapping[str, object]
_TIME_NAMES = ("SystemTime", "@timestamp", "EventTime", "TimeCreated", "UtcTime", "timestamp")
RENAMED = {
    "SourceName": "Provider_Name",
    "ProviderName": "Provider_Name",
    "provider_name": "Provider_Name",
    "Hostname": "Computer",
    "computer_name": "Computer",
    "RecordNumber": "EventRecordID",
    "record_id": "EventRecordID",
    "event_id": "EventID",
    "channel": "Channel",
    "message": "Message",
}
"""What some collectors call a field -> what Sigma calls it."""
SYSTEM = ("EventID", "Channel", "Computer", "EventRecordID", "Level", "Task", "Opcode", "Keywords")
"""What is taken from an event's header as it stands."""
SYSTEM_ATTRIBUTES = (
    ("Provider_Name", "Provider", "Name"),
    ("SystemTime", "TimeCreated", "SystemTime"),
    ("UserID", "Security", "UserID"),
)
"""Field, element of the header, and the attribute of it that is the value."""
_UNSAFE = re.compile(r"""[^ !#$%()*,.0-9:;?@A-Z\[\]^_`a-z{|}~-]+""")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, list):
        return "\n".join(_text(part) for part in value if part is not None)
    if isinstance(value, Mapping):
        inner = value.get("#text")
        return _text(inner) if inner is not None else orjson.dumps(value).decode()
    return str(value)


def _items(table: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Leaves of a table under their own names; a nested table's leaves carry its name too unless it is a wrapper."""
    if not isinstance(table, Mapping):
        return
    for name, value in table.items():
        if value is None or name == "#attributes":
            continue
        if isinstance(value, Mapping) and "#text" not in value and not prefix.count("."):
            yield from _items(value, f"{prefix}{name}.")
        else:
            yield RENAMED.get(str(name), str(name)), _text(value)


def _attribute(system: Json, name: str, attribute: str) -> str | None:
    holder = system.get(name)
    if isinstance(holder, Mapping):
        attributes = holder.get("#attributes", holder)
        if isinstance(attributes, Mapping) and attributes.get(attribute) is not None:
            return _text(attributes[attribute])
    return None


def _from_evtx(event: Json) -> dict[str, str]:
    system = event.get("System")
    record: dict[str, str] = {}
    for part in ("UserData", "EventData"):
        record.update(_items(event.get(part)))
    if not isinstance(system, Mapping):
        return record
    for name in SYSTEM:
        value = system.get(name)
        if value is not None:
            record[name] = _text(value)
    for name, holder, attribute in SYSTEM_ATTRIBUTES:
        value = _attribute(system, holder, attribute)
        if value is not None:
            record.setdefault(name, value)
    return record


def _from_beats(document: Json, winlog: Json) -> dict[str, str]:
    record = dict(_items(winlog.get("user_data"))) | dict(_items(winlog.get("event_data")))
    for name, value in winlog.items():
        if name not in ("event_data", "user_data") and value is not None and not isinstance(value, Mapping):
            record[RENAMED.get(name, name)] = _text(value)
    for name in ("@timestamp", "message"):
        if document.get(name) is not None:
            record[RENAMED.get(name, name)] = _text(document[name])
    return record


def flatten_event(document: Json) -> dict[str, str]:
    """One event of any of the three shapes as a flat record."""
    event = document.get("Event")
    if isinstance(event, Mapping):
        return _from_evtx(event)
    winlog = document.get("winlog")
    if isinstance(winlog, Mapping):
        return _from_beats(document, winlog)
    record: dict[str, str] = {}
    for name, value in document.items():
        if value is None or value == "":
            continue
        plain = name.removeprefix("winlog.").removeprefix("event_data.")
        record[RENAMED.get(plain, plain)] = _text(value)
    return record


class EventJson:
    """`event_json`."""

    name = "event_json"
    blank = " "
    separators = b""
    header_starts: tuple[bytes, ...] = ()
    directives: tuple[bytes, ...] = ()
    implied: Columns | None = Columns()
    wild: bytes | None = rb"\\u00(?:2[0-589acdef]|3[0-9abf]|[4-7][0-9a-f])"
    """ASCII written as an escape (other than the few that HTML-safe writers escape) could hide any needle."""

    def cells(self, line: bytes, count: int) -> list[bytes] | None:
        """An event has no columns."""
        del line, count
        return None

    def empty_cell(self, place: int, count: int) -> tuple[bytes, ...]:
        """Not known: cells may be quoted."""
        del place, count
        return ()

    def virtual(self, columns: Columns) -> dict[str, tuple[str, ...]]:
        """None: an event has what fields it has."""
        del columns
        return {}

    def header(self, line: bytes, columns: Columns | None) -> Columns | None:
        """There are no header lines."""
        del line
        return columns

    def record(self, line: bytes, columns: Columns) -> Record:
        """The flattened event; empty values are absent."""
        del columns
        try:
            document = orjson.loads(line.strip(b" \t\r\n,").removeprefix(b"\xef\xbb\xbf"))
        except (orjson.JSONDecodeError, RecursionError) as error:
            raise MalformedLineError(f"not JSON: {error}") from None
        if not isinstance(document, dict):
            raise MalformedLineError("not a JSON object")
        return {name: value for name, value in flatten_event(document).items() if value != ""}

    def time(self, record: Record, columns: Columns) -> datetime | None:
        """When the event was made; the moment of collection only where nothing else is said."""
        del columns
        for name in _TIME_NAMES:
            if name in record and (read := moment(record[name])) is not None:
                return read
        return None

    def raw_forms(self, literal: str) -> tuple[bytes, ...]:
        """The longest run of characters that no JSON writer in use escapes."""
        return (max(_UNSAFE.split(literal), key=len).encode("ascii"),)
