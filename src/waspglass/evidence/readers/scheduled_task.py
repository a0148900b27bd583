r"""Scheduled tasks (`C:\Windows\System32\Tasks`, XML, usually UTF-16).

One record an action, because a task may have several. Fields: `path` (the file), `name` (the task's URI, or the file's
name), `author`, `date` (as written, local time without a zone as a rule), `description`, `user`, `run_level`, `hidden`,
`enabled`, `triggers` (their elements' names, one a line), `command`, `arguments`, `working_directory`, `class_id` (of a
COM handler), `modified`. The record's time is the registration date if that has a zone, else the file's last write.

Source: Microsoft, [MS-TSCH] 2.5, Task Schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader, filled
from waspglass.evidence.formats.moments import plausible
from waspglass.evidence.readers.line_places import LinePlaces
from waspglass.evidence.readers.whole_file import read_whole
from waspglass.evidence.readers.xml_elements import text_of, xml_elements
from waspglass.model.document import format_instant

__all__ = ["ScheduledTaskReader", "reader"]

_LIMIT = 4 * 1024 * 1024
_FIELDS = {
    ("RegistrationInfo", "URI"): "name",
    ("RegistrationInfo", "Author"): "author",
    ("RegistrationInfo", "Date"): "date",
    ("RegistrationInfo", "Description"): "description",
    ("Principal", "UserId"): "user",
    ("Principal", "GroupId"): "group",
    ("Principal", "RunLevel"): "run_level",
    ("Settings", "Hidden"): "hidden",
    ("Settings", "Enabled"): "enabled",
}
_ACTION_FIELDS = {
    ("Exec", "Command"): "command",
    ("Exec", "Arguments"): "arguments",
    ("Exec", "WorkingDirectory"): "working_directory",
    ("ComHandler", "ClassId"): "class_id",
    ("ComHandler", "Data"): "arguments",
}


class ScheduledTaskReader(RecordReader):
    """`scheduled_task`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record an action, or one for a task without actions.

        Raises:
            EvidenceReadError: If the XML is damaged.
        """
        path = artefact.file.path
        task = {"path": path, "name": path.rpartition("\\")[2]}
        actions: list[tuple[int, dict[str, str]]] = []
        action: dict[str, str] = {}
        triggers: list[str] = []
        for element in xml_elements(read_whole(artefact, _LIMIT), path):
            pair = element.path[-2:]
            if len(pair) < 2:
                continue
            if pair in _FIELDS:
                task[_FIELDS[pair]] = text_of(element)
            elif pair in _ACTION_FIELDS:
                action[_ACTION_FIELDS[pair]] = text_of(element)
            elif pair[0] == "Actions":
                actions.append((element.line, action))
                action = {}
            elif pair[0] == "Triggers":
                triggers.append(element.name.removesuffix("Trigger"))
        task["triggers"] = "\n".join(triggers)
        if artefact.file.modified is not None:
            task["modified"] = format_instant(artefact.file.modified)
        moment = _zoned(task.get("date", "")) or artefact.file.modified
        places = LinePlaces()
        for line, one in actions or [(1, {})]:
            fields = {**artefact.attributes, **task, **one}
            yield places.at(line), moment, filled(fields)


reader = ScheduledTaskReader


def _zoned(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return plausible(moment) if moment.tzinfo is not None else None
