"""The data of an event, read out of its message, for exports that have nothing else of them.

Sysmon's message is in English and names its fields. The messages of other events are in the language of the server, but
in every language their values stand in the same order, each in a line of its own behind a label, a colon and a tab. So
they are known by their place. Windows has added values to some messages; which of the forms it is tell the values of
fields that are called `...Id`, as all of them are hexadecimal numbers. Account names stand where the event has a SID.
What an intruder may write in any way (commands, tasks, scripts) stands last, and is taken with all its lines.

Sources: the templates in Microsoft's manifests, by Microsoft Learn, "4688(S): A new process has been created" and its
siblings; rendered events in splunk/attack_data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

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
_EXPLAINED = 4
"""Paragraphs behind the command of 4688, in every language and form."""
_TASK_END = "</Task>"
_SYSMON_LABEL = re.compile(r"^([A-Za-z][A-Za-z0-9]{0,63}): ", re.MULTILINE)
_COMMAND = "\nCommandLine: "
_INDENTED_LABEL = re.compile(r"^[\t ][^\t\n:]{1,80}:[ \t]*", re.MULTILINE)
_LABEL = re.compile(r"^[^\t\n:]{1,80}:(?: ?\t[ \t]*|  |\s*\Z)", re.MULTILINE)
"""The last value may be empty, and blanks at the end of the message be gone."""
_BLANK_LINE = re.compile(r"\n[\t\r]*\n")
_NUMBER = re.compile(r"0x[0-9A-Fa-f]+")
_BLOCK = re.compile(r"[^\n(]*\([^\d\n]{0,20}\d+[^\d\n]{1,20}\d+[^\d\n]{0,20}\)[^\n]*\n")
_BLOCK_END = re.compile(r"\r?\n\r?\n[^\n:]{1,40}: ?([0-9A-Fa-f-]{36})(?:\r?\n[^\n:]{1,40}:([^\n]*))?\s*\Z")


def data_of_message(provider: str, number: str, message: str) -> dict[str, str]:
    """Field -> value; nothing if the message of this event is not known, or has another form.

    Args:
        provider: Who wrote the event, by its name or as Windows shows it.
        number: Its `EventID`.
        message: As Windows shows it, in any language.
    """
    if provider == "Microsoft-Windows-Sysmon":
        data = _sysmon(message)
    elif provider in ("Microsoft-Windows-PowerShell", "PowerShellCore"):
        data = _script(message) if number == "4104" else {}
    elif number in _FORMS and provider_name(provider) in _PROVIDERS:
        labels = list((_LABEL if number == "7045" else _INDENTED_LABEL).finditer(message))
        data = next((data for form in _FORMS[number] if (data := _placed(form.split(), message, labels))), {})
    else:
        data = {}
    return {name: value for name, value in data.items() if value}


def _sysmon(message: str) -> dict[str, str]:
    """What looks like a field in a command may be none: those before the command are told by what stands before it."""
    head, command, rest = message.partition(_COMMAND)
    return _fields(command + rest) | _fields(head)


def _fields(message: str) -> dict[str, str]:
    labels = list(_SYSMON_LABEL.finditer(message))
    return {label[1]: value.strip("\r\n") for label, value in zip(labels, _behind(labels, message), strict=True)}


def _placed(names: Sequence[str], message: str, labels: Sequence[re.Match[str]]) -> dict[str, str]:
    if len(labels) < len(names):
        return {}
    data = {name: _paragraph(text) for name, text in zip(names, _behind(labels, message), strict=False)}
    rest = message[labels[len(names) - 1].end() :]
    if names[-1] == "CommandLine":
        data["CommandLine"] = _command(rest)
    elif _TASK_END in rest and names[-1].startswith("TaskContent"):
        data[names[-1]] = rest[: rest.rindex(_TASK_END)] + _TASK_END
    right = all(_NUMBER.fullmatch(value) for name, value in data.items() if name.endswith("Id"))
    return data if right else {}


def _behind(labels: Sequence[re.Match[str]], message: str) -> Iterator[str]:
    """What stands behind each label, to the next one."""
    ends = [label.start() for label in labels[1:]] + [len(message)]
    return (message[label.end() : end] for label, end in zip(labels, ends, strict=False))


def _paragraph(text: str) -> str:
    return _BLANK_LINE.split(text, maxsplit=1)[0].strip("\t\r\n")


def _command(text: str) -> str:
    """A command, which may have blank lines and labels in it, without what explains the event behind it."""
    text = text.rstrip("\t\r\n")
    breaks = [found.start() for found in _BLANK_LINE.finditer(text)]
    return text[: breaks[max(0, len(breaks) - _EXPLAINED)] if breaks else None].strip("\t\r\n")


def _script(message: str) -> dict[str, str]:
    """`Creating Scriptblock text (1 of 1):`, the text, then, unless it is cut, `ScriptBlock ID: ` and `Path: `."""
    head = _BLOCK.match(message)
    if head is None:
        return {}
    end = _BLOCK_END.search(message, head.end())
    if end is None:
        return {"ScriptBlockText": message[head.end() :].strip("\r\n")}
    text = message[head.end() : end.start()]
    return {"ScriptBlockText": text, "ScriptBlockId": end[1], "Path": (end[2] or "").strip()}
