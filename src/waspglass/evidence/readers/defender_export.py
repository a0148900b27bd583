r"""Rows of Microsoft Defender for Endpoint's tables (advanced hunting) that somebody exported: often all that was kept.

Read are the portal's table (CSV), answers of the API (`Results`; `results` of Microsoft Graph), what is streamed
(`records`, `properties`), and rows of Sentinel. What rules know (processes, files, connections, values of the registry)
gets the names of Sysmon's fields; `Channel` is the table, `EventID` the `ActionType`. Other rows have no channel.

`FolderPath` is mostly the whole path, and sometimes the folder, as the reference has it. An export may be of all
devices of an organisation: if the server is named, rows of others are left out, and told.

Sources: learn.microsoft.com, advanced hunting (columns); pySigma-backend-microsoft365defender (names of Sigma).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from waspglass.evidence.artefact import Artefact, LogReader, Place, Record
from waspglass.evidence.errors import EvidenceReadError, raise_together, read_error, reading
from waspglass.evidence.formats.event_json import event_time
from waspglass.evidence.formats.event_shapes import text_of, whole_text
from waspglass.evidence.readers.event_documents import documents
from waspglass.evidence.server_name import short_name
from waspglass.evidence.utf16 import as_utf8
from waspglass.model.skip import SkipReason

__all__ = ["DefenderExportReader", "reader"]

_TABLES = {
    "ProcessCreated": "DeviceProcessEvents",
    "FileCreated": "DeviceFileEvents",
    "FileModified": "DeviceFileEvents",
    "FileRenamed": "DeviceFileEvents",
    "FileDeleted": "DeviceFileEvents",
    "ConnectionSuccess": "DeviceNetworkEvents",
    "InboundConnectionAccepted": "DeviceNetworkEvents",
    "RegistryValueSet": "DeviceRegistryEvents",
}
"""`ActionType` -> the table that has it; a query may join several."""
_NEEDED = {
    "DeviceProcessEvents": ("Image", "ParentImage"),
    "DeviceFileEvents": ("Image", "TargetFilename"),
    "DeviceNetworkEvents": ("Image",),
    "DeviceRegistryEvents": ("Image", "TargetObject"),
}
"""Fields without which rules must not judge a row: their filters would find nothing to leave out."""
_OF_NEW_PROCESS = {
    "ProcessId": "ProcessId",
    "CommandLine": "ProcessCommandLine",
    "IntegrityLevel": "ProcessIntegrityLevel",
    "OriginalFileName": "ProcessVersionInfoOriginalFileName",
    "Description": "ProcessVersionInfoFileDescription",
    "Product": "ProcessVersionInfoProductName",
    "Company": "ProcessVersionInfoCompanyName",
    "ParentProcessId": "InitiatingProcessId",
    "ParentCommandLine": "InitiatingProcessCommandLine",
}
_ACTOR = "InitiatingProcess"
_SYSTEM_PROCESS = "4"
"""The number of the process that Sysmon calls `System`, in every Windows."""
_HIVES = (("HKEY_LOCAL_MACHINE\\", "HKLM\\"), ("HKEY_USERS\\", "HKU\\"), ("HKEY_CURRENT_USER\\", "HKCU\\"))
_CONTROL_SET = re.compile(r"(?i)^(HKLM\\SYSTEM\\)ControlSet\d{3}(?=\\|$)")
"""Sysmon names the set in use `CurrentControlSet`."""
_DWORD = re.compile(r"\d{1,10}")


class DefenderExportReader(LogReader):
    """`defender_export`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a row; its place is its number in the file, from 1.

        Raises:
            EvidenceReadError: At the end, for each sort of what could not be read or concerns other devices.
        """
        path, server = artefact.file.path, short_name(self._settings.server or "")
        untimed = partial = others = 0
        faults: list[EvidenceReadError] = []
        try:
            with reading(path), as_utf8(artefact.file).open() as stream:
                for number, document in enumerate(documents(stream, path), 1):
                    row = _row(document)
                    record = _event(row)
                    if server and short_name(record.get("Computer", server)) != server:
                        others += 1
                        continue
                    moment = event_time(row)
                    untimed += moment is None
                    partial += record.get("EventID") in _TABLES and "Channel" not in record
                    yield Place(record=number), moment, record
        except EvidenceReadError as fault:
            faults.append(fault)
        if untimed:
            faults.append(read_error(path, SkipReason.BAD_TIME, f"rows without a time that can be read: {untimed}"))
        if partial:
            message = f"rows without the folder of a file or of its process: {partial}; "
            message += "export FolderPath and InitiatingProcessFolderPath, too"
            faults.append(read_error(path, SkipReason.MISSING_FIELD, message))
        if others:
            message = f"rows of other devices than the named server: {others}"
            faults.append(read_error(path, SkipReason.OTHER_SITE, message))
        raise_together(faults)


reader = DefenderExportReader


def _row(document: Mapping[str, object]) -> dict[str, str]:
    """The columns that have a value; what is streamed has them inside."""
    inner = document.get("properties")
    row = inner if isinstance(inner, Mapping) else document
    texts = {whole_text(str(name)): whole_text(text_of(value)) for name, value in row.items() if value is not None}
    return {name: text for name, text in texts.items() if text}


def _event(row: Record) -> dict[str, str]:
    """The event, with a channel if it is one that rules can judge."""
    action = row.get("ActionType", "")
    table = _TABLES.get(action, "")
    record = {"EventID": action, "Computer": row.get("DeviceName", ""), **(_DATA[table](row) if table else {})}
    record = {name: text for name, text in record.items() if text}
    whole = bool(table) and all(name in record for name in _NEEDED[table])
    return {"Channel": table, **record} if whole else record


def _process(row: Record) -> dict[str, str]:
    named = {name: row.get(column, "") for name, column in _OF_NEW_PROCESS.items()}
    image, user = _path(row, ""), _account(row, "")
    return {"Image": image, "User": user, "ParentImage": _actor(row), "ParentUser": _account(row, _ACTOR)} | (
        named | {"Hashes": _hashes(row)}
    )


def _file(row: Record) -> dict[str, str]:
    return _by_process(row) | {"TargetFilename": _path(row, ""), "Hashes": _hashes(row)}


def _connection(row: Record) -> dict[str, str]:
    """As Sysmon has it: the source is who opened the connection."""
    inbound = row.get("ActionType") == "InboundConnectionAccepted"
    source, target = ("Remote", "Local") if inbound else ("Local", "Remote")
    return _by_process(row) | {
        "Initiated": "false" if inbound else "true",
        "Protocol": row.get("Protocol", "").lower(),
        "SourceIp": row.get(f"{source}IP", ""),
        "SourcePort": row.get(f"{source}Port", ""),
        "DestinationIp": row.get(f"{target}IP", ""),
        "DestinationPort": row.get(f"{target}Port", ""),
        "DestinationHostname": "" if inbound else row.get("RemoteUrl", ""),
    }


def _value(row: Record) -> dict[str, str]:
    key, data = row.get("RegistryKey", ""), row.get("RegistryValueData", "")
    for long, short in _HIVES:
        if key.upper().startswith(long):
            key = short + key[len(long) :]
    if row.get("RegistryValueType") == "Dword" and _DWORD.fullmatch(data):
        data = f"DWORD (0x{int(data):08x})"
    key = _CONTROL_SET.sub(r"\1CurrentControlSet", key)
    target = f"{key}\\{row.get('RegistryValueName', '(Default)')}" if key else ""
    return _by_process(row) | {"TargetObject": target, "Details": data}


_DATA: Mapping[str, Callable[[Record], dict[str, str]]] = {
    "DeviceProcessEvents": _process,
    "DeviceFileEvents": _file,
    "DeviceNetworkEvents": _connection,
    "DeviceRegistryEvents": _value,
}


def _by_process(row: Record) -> dict[str, str]:
    return {"Image": _actor(row), "ProcessId": row.get(f"{_ACTOR}Id", ""), "User": _account(row, _ACTOR)}


def _actor(row: Record) -> str:
    """Path of the process that did it."""
    return "System" if row.get(f"{_ACTOR}Id") == _SYSTEM_PROCESS else _path(row, _ACTOR)


def _path(row: Record, whose: str) -> str:
    """The whole path; empty if the folder is not told, as a name alone does not say what the file is."""
    folder, name = row.get(f"{whose}FolderPath", ""), row.get(f"{whose}FileName", "")
    if not folder or not name or re.split(r"[\\/]", folder)[-1].lower() == name.lower():
        return folder
    return folder.rstrip("\\") + "\\" + name


def _account(row: Record, whose: str) -> str:
    domain, name = row.get(f"{whose}AccountDomain", ""), row.get(f"{whose}AccountName", "")
    return f"{domain}\\{name}" if domain and name else name


def _hashes(row: Record) -> str:
    return ",".join(f"{name}={row[name]}" for name in ("SHA1", "MD5", "SHA256") if name in row)
