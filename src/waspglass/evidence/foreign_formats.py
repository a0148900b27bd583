"""Names logs that are not read, by how they begin, and says what to give instead."""

from __future__ import annotations

import re

__all__ = ["foreign_format"]

_EVENTS = "give the event log itself, or its XML"
_FORMATS = tuple(
    (re.compile(start, re.DOTALL), f"{name}; {instead}")
    for start, name, instead in (
        (
            rb"\S+ \S+ [^\[\n]{1,500}\[\d\d/[A-Z][a-z]{2}/\d{4}:[\d:]+ [+-]\d{4}\] \"",
            "an access log in NCSA format",
            "call it as IIS does (u_nc210303.log), and it is read",
        ),
        (
            rb"[0-9a-fA-F.:]{3,45}, [^,\n]*, \d{1,2}/\d{1,2}/\d{2,4}, \d{1,2}:\d\d:\d\d, ",
            "an access log in Microsoft's IIS format",
            "call it as IIS does (u_in210303.log), and it is read",
        ),
        (  # in the language of the server
            rb"[^\s\[\]]{2,30} ?\[0\]:?\s{1,9}[^\n:]{2,40}: [^\n]{2,100}\n\s*[^\n:]{2,40}: ",
            "events that wevtutil printed as text",
            _EVENTS,
        ),
        (rb"\s*(?:TimeCreated|ProviderName|Index) +: \S", "events that PowerShell printed as a list", _EVENTS),
        (
            rb"\s*(?:ProviderName: [^\n]+\n\s+TimeCreated +Id |Index Time +EntryType )",
            "events that PowerShell printed as a table",
            _EVENTS,
        ),
        (
            rb"(?:-----BEGIN [A-Z ]{3,20}-----\s{1,2})?(?:UEsDB|H4sI|TVNDR|N3q8|RWxmRmls)[A-Za-z0-9+/]{16}",
            "an archive or event log as base64",
            "decode it first, with `certutil -decode` for example",
        ),
        (rb"ElfChnk\0", "pieces of an event log without its beginning", "put them together as a log"),
        (rb".{4}LfLe", "an event log of Windows Server 2003 or older", "save it as EVTX with the Event Viewer"),
        (rb"(?:<\?xml[^>]*>\s*)?<Objs [^>]{0,200}powershell/2004/04.{1,1000}?\.(?:EventLogRecord|EventLogEntry)<",
            "events as CLIXML", _EVENTS),
        (rb"[^\n]{0,3000}\"win\": ?\{\"(?:system|eventdata)\": ?\{", "events as Wazuh keeps them", _EVENTS),
        (rb"[^\n]{0,300}\bMSWinEventLog[\t,#]", "events as Snare sends them", _EVENTS),
        (rb"(?:<\?xml[^>]*>\s*)?<results preview=", "results of Splunk as XML", "export them as JSON or CSV"),
        (rb"---\r?\nEvent(?:_attributes)?:", "events that Chainsaw printed as YAML", "give its JSON (`--json`)"),
        (rb"timestamp,detections,path,", "a table of Chainsaw", "give its JSON, or the event logs themselves"),
        (rb"\"?@timestamp\"?,[^\n]*(?:winlog|event|url|iis)\.", "a table of Kibana", "give its documents as JSON"),
        (
            rb"date,time,timezone,MACB,|datetime,timestamp_desc,|\{\"__container_type__\"",
            "a timeline of plaso",
            "give what it was made of",
        ),
    )
)  # fmt: skip


def foreign_format(start: bytes) -> str | None:
    """What a file is that begins so, and what to give instead; None if that is not known.

    Sources: Microsoft Learn, "IIS Log File Formats", `wevtutil`, `Export-Clixml`; plaso's output modules `l2tcsv`,
    `dynamic` and `json_line`.
    """
    return next((told for pattern, told in _FORMATS if pattern.match(start)), None)
