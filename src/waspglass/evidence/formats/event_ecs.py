"""What Elastic's modules moved out of an event's data into the names of the Elastic Common Schema, under its old names.

Winlogbeat's modules for Sysmon, PowerShell and the Security log do so, and the integrations of Elastic Agent; without
them the data stay where they were. The digests of Sysmon's `Hashes` and its `User` are taken apart there and stay so.

Source: elastic/beats, x-pack/winlogbeat/module/{sysmon,powershell,security}, pipelines and their expected results.
"""

from __future__ import annotations

from collections.abc import Mapping

from waspglass.evidence.formats.event_shapes import Json, text_of

__all__ = ["add_what_was_moved"]

_SYSMON = {
    "process.command_line": "CommandLine",
    "process.parent.command_line": "ParentCommandLine",
    "process.executable": "Image",
    "process.working_directory": "CurrentDirectory",
    "process.pe.original_file_name": "OriginalFileName",
    "process.parent.executable": "ParentImage",
    "file.path": "TargetFilename",
    "registry.path": "TargetObject",
    "source.ip": "SourceIp",
    "source.port": "SourcePort",
    "destination.ip": "DestinationIp",
    "destination.domain": "DestinationHostname",
    "destination.port": "DestinationPort",
    "dns.question.name": "QueryName",
    "rule.name": "RuleName",
}
_MOVED: Mapping[str, Mapping[str, str]] = {
    "Microsoft-Windows-Sysmon/Operational": _SYSMON,
    "Microsoft-Windows-PowerShell/Operational": {
        "powershell.file.script_block_text": "ScriptBlockText",
        "powershell.file.script_block_id": "ScriptBlockId",
        "file.path": "Path",
    },
    "Security": {
        "process.executable": "ProcessName",
        "process.parent.executable": "ParentProcessName",
        "source.ip": "IpAddress",
        "source.port": "IpPort",
        "source.domain": "WorkstationName",
    },
}
_OF_EVENT: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("Microsoft-Windows-Sysmon/Operational", "6"): {"file.path": "ImageLoaded"},
    ("Microsoft-Windows-Sysmon/Operational", "7"): {"file.path": "ImageLoaded"},
    ("Microsoft-Windows-Sysmon/Operational", "8"): {"process.executable": "SourceImage"},
    ("Microsoft-Windows-Sysmon/Operational", "10"): {"process.executable": "SourceImage"},
    ("Security", "4688"): {"process.executable": "NewProcessName"},
}
"""Where some events have another field than the others."""


def add_what_was_moved(record: dict[str, str], document: Json) -> dict[str, str]:
    """The record with the fields that it lacks.

    Args:
        record: The flat event.
        document: What it was made of; names of the schema may be nested, or have dots in them.
    """
    channel, number = record.get("Channel", ""), record.get("EventID", "")
    if channel in _MOVED:
        for path, field in {**_MOVED[channel], **_OF_EVENT.get((channel, number), {})}.items():
            value = None if field in record else _at(document, path)
            if value is not None:
                record[field] = text_of(value)
    return record


def _at(document: Json, path: str) -> object:
    value: object = document
    for part in (path,) if path in document else path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
