"""Exports of the OAB virtual directory's settings, in the forms that administrators and collectors leave behind.

* the list that `Get-OabVirtualDirectory | fl` prints, and that Exchange itself writes when a virtual directory is reset
  (`Name : OAB (Default Web Site)`, long values broken over lines; shown in CISA's MAR-10328877-1.v1 of 2021-03-18,
  where the `ExternalUrl` holds a script);
* CSV (`Export-Csv`, with the separator of any country), JSON (`ConvertTo-Json`), CLIXML (`Export-Clixml`);
* LDIF out of Active Directory, where the URLs are called `msExchExternalHostName` and `msExchInternalHostName`.

One record an object. Fields are the settings under their own names, with `Name`, `ExternalUrl` and `InternalUrl` for
LDIF too, and `path` for the file (the setting `Path` keeps its capital). The time is `WhenChangedUTC`, if that can be
read.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime

import orjson

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader, filled
from waspglass.evidence.errors import read_error
from waspglass.evidence.formats.event_shapes import json_text
from waspglass.evidence.formats.moments import json_date, moment, plausible
from waspglass.evidence.readers.line_places import LinePlaces
from waspglass.evidence.readers.whole_file import decoded, read_whole
from waspglass.evidence.readers.xml_elements import text_of, xml_elements
from waspglass.model.skip import SkipReason

__all__ = ["OabExportReader", "reader"]

_LIMIT = 8 * 1024 * 1024
_MOST_OBJECTS = 10_000
_PAIR = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,63})[ \t]*(::?)(?:[ \t]+(.*)|)")
_HOLDERS = frozenset({"MS", "Props"})
_ADDRESSES = frozenset({"ExternalUrl", "InternalUrl"})
_NAMES_OF_OBJECTS = frozenset({"name", "runspaceid", "dn", "identity"})
_OF_LDIF = {"msexchexternalhostname": "ExternalUrl", "msexchinternalhostname": "InternalUrl", "name": "Name"}
_TIME_FORMS = ("%m/%d/%Y %I:%M:%S %p", "%Y%m%d%H%M%S.0Z")
_Found = tuple[int, dict[str, str]]


class OabExportReader(RecordReader):
    """`oab_export`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record an exported object.

        Raises:
            EvidenceReadError: If the form is broken, or there are too many objects.
        """
        path = artefact.file.path
        content = read_whole(artefact, _LIMIT)
        places = LinePlaces()
        for number, (line, fields) in enumerate(_objects(content, path)):
            if number >= _MOST_OBJECTS:
                raise read_error(path, SkipReason.LIMIT_REACHED, f"more than {_MOST_OBJECTS} objects in it")
            for name, value in tuple(fields.items()):
                if (ours := _OF_LDIF.get(name.lower())) is not None:
                    fields.setdefault(ours, value)
            record = {**artefact.attributes, **filled(fields), "path": path}
            yield places.at(line), _changed(fields), record


reader = OabExportReader


def _objects(content: bytes, path: str) -> Iterator[_Found]:
    text = decoded(content)
    start = text.lstrip()[:1]
    if start == "<":
        return _from_clixml(content, path)
    if start in {"{", "["}:
        return _from_json(decoded(content, "replace"), path)
    first = text.lstrip("\r\n \t").partition("\n")[0]
    if start == "#" or (_separator(first) in first and "externalurl" in first.lower() and ":" not in first):
        return _from_csv(text, path)
    return _from_list(text)


def _from_list(text: str) -> Iterator[_Found]:
    """`Key : value` lines; a line that starts with blanks goes on with the value before; a key again: a new object."""
    pieces: dict[str, list[str]] = {}
    began, last = 1, ""
    for number, line in enumerate(text.splitlines(), 1):
        pair = _PAIR.fullmatch(line.rstrip())
        if pair is not None:
            last, colons, value = pair[1], pair[2], (pair[3] or "").strip()
            if last in pieces and last.lower() in _NAMES_OF_OBJECTS:
                yield began, _joined(pieces)
                pieces = {}
            if not pieces:
                began = number
            again = pieces.setdefault(last, [])
            again.extend(["\n"] if again else [])
            again.append(_from_base64(value) if colons == "::" else value)
        elif last and line[:1] in {" ", "\t"} and line.strip():
            pieces[last].append(line.strip())
    if pieces:
        yield began, _joined(pieces)


def _joined(pieces: dict[str, list[str]]) -> dict[str, str]:
    return {key: "".join(parts) for key, parts in pieces.items()}


def _from_base64(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "backslashreplace")
    except (binascii.Error, ValueError):
        return value


def _separator(names: str) -> str:
    """What stands between the names of columns; they hold none of these."""
    return max(",;\t", key=names.count)


def _from_csv(text: str, path: str) -> Iterator[_Found]:
    written = text.splitlines(keepends=True)
    lines = [line for line in written if not line.startswith("#TYPE")]
    try:
        reader = csv.DictReader(io.StringIO("".join(lines)), delimiter=_separator(lines[0] if lines else ""))
        began = len(written) - len(lines) + (reader.line_num if reader.fieldnames else 0) + 1
        for row in reader:
            yield began, {key: value for key, value in row.items() if isinstance(value, str) and key}
            began = len(written) - len(lines) + reader.line_num + 1
    except csv.Error as fault:
        raise read_error(path, SkipReason.DAMAGED, f"the CSV is damaged ({fault})") from fault


def _from_json(text: str, path: str) -> Iterator[_Found]:
    try:
        document: object = orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError as fault:
        raise read_error(path, SkipReason.DAMAGED, f"the JSON is damaged ({fault})") from fault
    for one in document if isinstance(document, list) else [document]:
        if isinstance(one, dict):
            yield 1, {str(key): _plain(value) for key, value in one.items()}


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        # ConvertTo-Json writes a Uri as an object whose text is in one of these.
        inner = value.get("OriginalString") or value.get("AbsoluteUri")
        return inner if isinstance(inner, str) else json_text(value)
    return value if isinstance(value, str) else json_text(value)


def _from_clixml(content: bytes, path: str) -> Iterator[_Found]:
    """Settings that are objects have settings of their own, `Name` among them; these are not the directory's.

    An object around directories has them as a setting; they are told from other settings by their addresses.
    """
    held: dict[int, dict[str, str]] = {}
    for element in xml_elements(content, path):
        holder, name = element.parent, element.attributes.get("N")
        if name and holder is not None and holder.name in _HOLDERS and holder.path[-2:-1] == ("Obj",):
            held.setdefault(id(holder.parent), {})[name] = text_of(element)
        fields = held.pop(id(element), {}) if element.name == "Obj" else {}
        if fields and (_HOLDERS.isdisjoint(element.path) or not _ADDRESSES.isdisjoint(fields)):
            yield element.line, fields


def _changed(fields: dict[str, str]) -> datetime | None:
    text = (fields.get("WhenChangedUTC") or fields.get("whenChanged") or "").strip()
    if (read := json_date(text) or moment(text)) is not None:
        return read
    for form in _TIME_FORMS:
        try:
            return plausible(datetime.strptime(text, form))  # noqa: DTZ007  # it is UTC, which `plausible` takes it for
        except ValueError:
            continue
    return None
