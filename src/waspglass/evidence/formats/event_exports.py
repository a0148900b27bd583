r"""Windows events as forensic tools and shells export them; see `event_shapes` for how parsers give them.

- Velociraptor's artefacts (`Windows.EventLogs.*`): `EventTime`, `Provider`, ..., with `EventData` as an object;
- EvtxECmd (JSON, or a row of its CSV as an object): `EventId`, ..., the event's data as JSON in the text `Payload`;
- `Get-WinEvent | ConvertTo-Json` and `Get-EventLog`: the data have no names there. Of a few events the order is known
  (`_IN_ORDER`, by their manifests), of a few the message tells them (`event_message`);
- Splunk (`result` around the fields, `EventCode`), Elasticsearch (`_source` around the document; in Kibana `fields`
  around lists of values), Chainsaw (`document`, and `data` in it, around an event of the `evtx` package);
- Sentinel and Log Analytics: tables `SecurityEvent` and `Event`, whose data without a column are XML in a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

import orjson

from waspglass.evidence.formats.event_message import data_of_message
from waspglass.evidence.formats.event_shapes import RENAMED, SYSTEM, Json, flat_event, items_of, text_of

__all__ = ["export_of", "unwrapped"]

_WRAPPERS = ("_source", "result", "document", "data")
_EXPORTED = RENAMED | {
    "EventId": "EventID",
    "EventCode": "EventID",
    "EventRecordId": "EventRecordID",
    "RecordID": "EventRecordID",
    "RecordId": "EventRecordID",
    "LogName": "Channel",
    "Provider": "Provider_Name",
    "EventLog": "Channel",
    "EventSourceName": "Provider_Name",
    "RenderedDescription": "Message",
    "ComputerName": "Computer",
    "MachineName": "Computer",
    "UserId": "UserID",
    "UserSID": "UserID",
}
_DATA = ("UserData", "EventData")
_XML_DATA = re.compile(r'<Data(?: Name="([^"<]*)")?>([^<]*)</Data>|<Param>([^<]*)</Param>')
_OF_AGENT = ("EventCode", "LogName", "SourceName", "ComputerName")
_OF_EVENTLOG = {"EventID": "Id", "Source": "ProviderName", "Index": "RecordId", "ReplacementStrings": "Properties"}
_SCRIPT = "MessageNumber MessageTotal ScriptBlockText ScriptBlockId Path"
_IN_ORDER = {
    ("Microsoft-Windows-PowerShell", "4104"): _SCRIPT,
    ("PowerShellCore", "4104"): _SCRIPT,
    ("Microsoft-Windows-Security-Auditing", "4688"): (
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId NewProcessId NewProcessName "
        "TokenElevationType ProcessId CommandLine TargetUserSid TargetUserName TargetDomainName TargetLogonId "
        "ParentProcessName MandatoryLabel"
    ),
    ("Microsoft-Windows-Security-Auditing", "4698"): (
        "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId TaskName TaskContent"
    ),
    ("Service Control Manager", "7045"): "ServiceName ImagePath ServiceType StartType AccountName",
}


def unwrapped(document: Json) -> Json:
    """The event out of what a search engine or Chainsaw puts around it."""
    for name in _WRAPPERS:
        inner = document.get(name)
        if isinstance(inner, Mapping) and (name != "data" or "Event" in inner):
            document = inner
    fields = document.get("fields")
    return fields if isinstance(fields, Mapping) and "_index" in document else document


def export_of(document: Json) -> dict[str, str] | None:
    """The event in one of these shapes, flattened; None for any other."""
    if isinstance(document.get("Payload"), str) and "EventId" in document:
        return _of_evtxecmd(document)
    if any(isinstance(document.get(name), Mapping) for name in _DATA):
        return _of_velociraptor(document)
    if "Id" in document and "EventID" not in document and ("ProviderName" in document or "LogName" in document):
        return _of_get_winevent(document)
    if "ReplacementStrings" in document or ("InstanceId" in document and "EntryType" in document):
        return _of_get_eventlog(document)
    if "TimeGenerated" in document and ("EventLog" in document or "EventSourceName" in document):
        return _of_log_analytics(document)
    return _of_splunk(document) if "EventCode" in document else None


def _beside(data: dict[str, str], header: dict[str, str]) -> dict[str, str]:
    """The event's data and its header; what the header says of the event itself goes before."""
    return header | data | {name: header[name] for name in SYSTEM if name in header}


def _of_splunk(document: Json) -> dict[str, str]:
    """Splunk makes fields of whatever has a `=` in it, so those of its agent and of the message go before."""
    agent = flat_event({name: document.get(name) for name in _OF_AGENT}, _EXPORTED)
    header = flat_event(document, _EXPORTED) | agent
    told = data_of_message(header.get("Provider_Name", ""), header.get("EventID", ""), header.get("Message", ""))
    return _beside(told, header)


def _of_velociraptor(document: Json) -> dict[str, str]:
    data: dict[str, str] = {}
    for name in _DATA:
        data.update(items_of(document.get(name)))
    return _beside(data, flat_event({name: one for name, one in document.items() if name not in _DATA}, _EXPORTED))


def _of_evtxecmd(document: Json) -> dict[str, str]:
    """`RecordNumber` counts the lines of the export there, and is no number of the event."""
    left_out = ("Payload", "RecordNumber")
    header = flat_event({name: one for name, one in document.items() if name not in left_out}, _EXPORTED)
    try:
        payload = orjson.loads(str(document["Payload"]))
    except orjson.JSONDecodeError:
        return header | {"Payload": str(document["Payload"])}
    data: dict[str, str] = {}
    for name in _DATA:
        data.update(_named(payload.get(name) if isinstance(payload, Mapping) else None))
    return _beside(data, header)


def _named(table: object) -> dict[str, str]:
    """The items of `{"Data": [{"@Name": name, "#text": value}, ...]}`; those without a name become `Data`."""
    if not isinstance(table, Mapping):
        return {}
    listed = table.get("Data")
    data = items_of({name: one for name, one in table.items() if name != "Data"})
    unnamed: list[str] = []
    for one in listed if isinstance(listed, list) else [listed]:
        if isinstance(one, Mapping) and isinstance(one.get("@Name"), str):
            value = one.get("#text")
            if value is not None:
                data[str(one["@Name"])] = text_of(value)
        elif one is not None:
            unnamed.append(text_of(one))
    return data | ({"Data": "\n".join(unnamed)} if unnamed else {})


def _of_log_analytics(document: Json) -> dict[str, str]:
    in_xml = ("EventData", "ParameterXml")
    header = flat_event(
        {name: one for name, one in document.items() if name not in in_xml}, _EXPORTED | {"Source": "Provider_Name"}
    )
    texts = {name: text_of(document.get(name) or "") for name in in_xml}
    found = next(filter(None, map(_XML_DATA.findall, texts.values())), [])
    if not found:  # of `UserData`, and what is written in another way
        return header | {name: text for name, text in texts.items() if text}
    listed = [
        {"@Name": name, "#text": unescape(text)} if name else unescape(text or param) for name, text, param in found
    ]
    return _beside(_named({"Data": listed}), header)


def _of_get_winevent(document: Json) -> dict[str, str]:
    left_out = ("Id", "Properties", "Bookmark", "MatchedQueryIds", "KeywordsDisplayNames")
    header = flat_event({name: one for name, one in document.items() if name not in left_out}, _EXPORTED)
    header["EventID"] = text_of(document.get("Id", ""))
    listed = document.get("Properties")
    joined = [listed] if isinstance(listed, str) and not listed.startswith("System.") else []  # else the name of a type
    values = [text_of(one) for one in listed] if isinstance(listed, list) else joined
    provider = header.get("Provider_Name", "")
    order = _IN_ORDER.get((provider, header["EventID"]), "").split()
    if len(values) >= len(order) > 0:
        data = dict(zip(order, values, strict=False))
    else:
        told = data_of_message(provider, header["EventID"], header.get("Message", ""))
        data = told or {"Data": "\n".join(values)}
    return _beside({name: value for name, value in data.items() if value}, header)


def _of_get_eventlog(document: Json) -> dict[str, str]:
    """By way of the shape of `Get-WinEvent`. A table has the data in the message alone."""
    named = {name: one for name, one in document.items() if name not in ("Data", "Site", "Container")}
    return _of_get_winevent({_OF_EVENTLOG.get(name, name): one for name, one in named.items()})
