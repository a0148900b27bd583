"""Reads `facts.json`, and says exactly which entry is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from waspglass.model.errors import Location, UsageError
from waspglass.model.escape import bounded, printable
from waspglass.model.facts import BuildFact, Facts

__all__ = ["read_facts", "refuse_facts"]

_LIMIT = 1_000_000
_SHOWN = 200
"""Characters of a wrong entry that an error repeats."""
_HINT = "docs/reference/facts.md shows the entries"
_WANTED = {"builds": "build such as 15.1.2106.12", "own_pages": "path of a page such as /folder/page.aspx"}
_FORMS = {"model_type": "an object {...}", "tuple_type": "a list [...]", "string_type": "a text in quotes"}
"""What JSON calls what the model wants."""
_DISPLAYED = re.compile(r"\s*Version [\d.]+ \(Build [\d.]+\)")
_DISPLAYED_HINT = "Exchange shows a version in this form without its security updates; take that of Bin\\ExSetup.exe"


def read_facts(path: Path) -> Facts:
    """The facts in a JSON file.

    Raises:
        UsageError: If the file cannot be read, is not JSON, or an entry is not what it should be.
    """
    place = Location(str(path))
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LIMIT + 1)
    except OSError as fault:
        hint = f"Check the path, or leave --facts out; {_HINT}"
        raise UsageError(f"cannot read the facts ({fault.strerror})", location=place, hint=hint) from fault
    if len(raw) > _LIMIT:
        raise UsageError("the facts file is larger than 1 MB", location=place, hint=_HINT)
    try:
        loaded = json.loads(raw, object_pairs_hook=partial(_once, place))  # UTF-16 too, as Windows PowerShell writes it
    except (ValueError, RecursionError) as fault:
        line = getattr(fault, "lineno", None)
        raise UsageError(f"not JSON: {fault}", location=Location(str(path), line=line), hint=_HINT) from fault
    return facts_of(loaded, str(path))


def _once(place: Location, pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of which no entry stands twice: of two `builds`, JSON's reader would drop the first without a word.

    Raises:
        UsageError: If one does.
    """
    entries: dict[str, object] = {}
    for name, value in pairs:
        if name in entries:
            raise UsageError(f"{bounded(printable(repr(name)), _SHOWN)} stands twice", location=place, hint=_HINT)
        entries[name] = value
    return entries


def _names(place: tuple[str | int, ...]) -> Iterable[str]:
    """The names that may stand where one stands that nobody knows."""
    fields = (Facts if len(place) == 1 else BuildFact).model_fields
    return (field.alias or name for name, field in fields.items())


def refuse_facts(evidence: Path) -> None:
    """Stops where the facts were given as the evidence, which looks like evidence without anything to read.

    Raises:
        UsageError: If it is a file of facts.
    """
    if evidence.suffix.lower() != ".json" or not evidence.is_file():
        return
    try:
        facts = read_facts(evidence)
    except UsageError:
        return
    if facts.model_fields_set:
        raise UsageError(
            "this file holds facts and no evidence",
            location=Location(str(evidence)),
            hint="Give it with --facts, and name the folder, archive or log beside it",
        )


def facts_of(loaded: object, source: str) -> Facts:
    """Validates facts that were read already.

    Raises:
        UsageError: At the first entry that is not what it should be.
    """
    try:
        facts = Facts.model_validate(loaded)
    except ValidationError as fault:
        first = fault.errors()[0]
        field = bounded(printable(".".join(str(part) for part in first["loc"])), _SHOWN) or None
        said = bounded(printable(repr(first["input"])), _SHOWN)
        hint = _HINT
        if first["type"] == "string_pattern_mismatch" and (wanted := _WANTED.get(str(first["loc"][0]))):
            message = f"{said} is no {wanted}"
            hint = _DISPLAYED_HINT if _DISPLAYED.match(first["input"]) else _HINT
        elif first["type"] == "extra_forbidden":
            message = f"no fact has this name; here can stand: {', '.join(_names(first['loc']))}"
        elif first["type"].startswith("datetime_"):
            message, hint = f"{said} is not a time", "Write 2021-03-01 or 2021-03-01T12:00:00Z"
        elif form := _FORMS.get(first["type"]):
            message = f"{said} stands where {form} belongs"
        else:
            message = bounded(first["msg"].removeprefix("Value error, "), _SHOWN)
        raise UsageError(message, location=Location(source, field=field), hint=hint) from fault
    if facts.timezone is not None:
        try:
            ZoneInfo(facts.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
            raise UsageError(
                f"no time zone is called {bounded(printable(repr(facts.timezone)), _SHOWN)}",
                location=Location(source, field="timezone"),
                hint="Use an IANA name such as Europe/Berlin",
            ) from fault
    return facts
