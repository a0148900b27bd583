"""The data of an event, read out of its message, for exports that have nothing else of them.

Sysmon's message is in English and names its fields. The messages of other events are in the language of the server, but
in every language their values stand in the same order, each in a line of its own behind a label, a colon and a tab. So
they are known by their place. Windows has added values to some messages; which of the forms it is tell the values of
fields that are called `...Id`, as all of them are hexadecimal numbers. Account names stand where the event has a SID.

Sources: the templates in Microsoft's manifests, by Microsoft Learn, "4688(S): A new process has been created" and its
siblings; rendered events in splunk/attack_data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from waspglass.evidence.formats.event_providers import provider_name

__all__ = ["data_of_message"]

_SUBJECT = "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId "
_TARGET = "TargetUserSid TargetUserName TargetDomainName TargetLogonId "
_FORMS = {
    "4688": (
        _SUBJECT + _TARGET + "NewProcessId NewProcessName TokenElevationType MandatoryLabel ProcessId "
        "ParentProcessName CommandLine",
        _SUBJECT + "NewProcessId NewProcessName TokenElevationType ProcessId CommandLine",
        _SUBJECT + "NewProcessId NewProcessName TokenElevationType ProcessId",
    ),
    "4697": (_SUBJECT + "ServiceName ServiceFileName ServiceType ServiceStartType ServiceAccount",),
    "4698": (_SUBJECT + "TaskName TaskContent",),
    "4702": (_SUBJECT + "TaskName TaskContentNew",),
    "7045": ("ServiceName ImagePath ServiceType StartType AccountName",),
}
"""Number of an event -> its fields in the order of its message, the newest form first."""
_PROVIDERS = ("Microsoft-Windows-Security-Auditing", "Service Control Manager")
_SYSMON_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9]{0,63}): ([^\r\n]*)", re.MULTILINE)
_LABEL = re.compile(r"^(?:\t[^\t\n:]{1,80}:[ \t]*|[^\t\n:]{1,80}:(?: ?\t[ \t]*|  |\s*\Z))", re.MULTILINE)
"""The last value may be empty, and blanks at the end of the message be gone."""
_BLANK_LINE = re.compile(r"\n[\t\r]*\n")
_NUMBER = re.compile(r"0x[0-9A-Fa-f]+")
_BLOCK = re.compile(r"[^\n(]*\((\d+)\D{1,20}(\d+)\)")


def data_of_message(provider: str, number: str, message: str) -> dict[str, str]:
    """Field -> value; nothing if the message of this event is not known, or has another form.

    Args:
        provider: Who wrote the event, by its name or as Windows shows it.
        number: Its `EventID`.
        message: As Windows shows it, in any language.
    """
    if provider == "Microsoft-Windows-Sysmon":
        return {found[1]: found[2] for found in _SYSMON_FIELD.finditer(message)}
    if provider == "Microsoft-Windows-PowerShell":
        return _script(message) if number == "4104" else {}
    if number not in _FORMS or provider_name(provider) not in _PROVIDERS:
        return {}
    values = _values(message)
    return next((data for form in _FORMS[number] if (data := _placed(form.split(), values))), {})


def _placed(names: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    if len(values) < len(names):
        return {}
    data = dict(zip(names, values, strict=False))
    right = all(_NUMBER.fullmatch(value) for name, value in data.items() if name.endswith("Id"))
    return data if right else {}


def _values(message: str) -> list[str]:
    """What stands behind the labels; a value goes on to the next label or blank line."""
    labels = list(_LABEL.finditer(message))
    ends = [label.start() for label in labels[1:]] + [len(message)]
    found = (message[label.end() : end] for label, end in zip(labels, ends, strict=False))
    return [_BLANK_LINE.split(value, maxsplit=1)[0].strip("\t\r\n") for value in found]


def _script(message: str) -> dict[str, str]:
    """`Creating Scriptblock text (1 of 1):`, the text, then, unless it is cut, `ScriptBlock ID: ` and `Path: `."""
    first, *lines = message.strip().split("\n")
    head = _BLOCK.match(first)
    if head is None:
        return {}
    data = {"MessageNumber": head[1], "MessageTotal": head[2]}
    if len(lines) > len(("", "identifier", "path")) and not lines[-3].strip():
        *lines, _, identifier, path = lines
        data |= {"ScriptBlockId": identifier.partition(":")[2].strip(), "Path": path.partition(":")[2].strip()}
    return data | {"ScriptBlockText": "\n".join(lines).removesuffix("\r")}
