r"""`C:\ExchangeSetupLogs\ExchangeSetup.log`: which versions were installed on this server, and when.

One record a run of setup. Lines look like `[11.14.2022 17:13:08.0081] [0] Setup version: 15.2.1118.7.`; the date is
month first, its separators follow the system's language. Line forms: microsoft/CSS-Exchange,
`Setup/SetupLogReviewer` (MIT), and logs posted in public.

Fields: `path`, `version` (of the setup program), `build` (the same, only if this run installed it to the end),
`installed_before` (the build that the server ran when the run began), `mode`, `user`, `local_time`, `time_zone`,
`result` (`completed`, `failed`, `unfinished`), `errors` (how many). The time is that of the end of the run, else of its
start. Times are taken as local and turned to UTC with the offset that the log itself states; that they are local is
how its readers treat them, and not proven, so they may be wrong by that offset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader, filled
from waspglass.evidence.errors import EvidenceReadError, reading
from waspglass.evidence.formats.moments import plausible
from waspglass.evidence.utf16 import as_utf8

__all__ = ["ExchangeSetupLogReader", "reader"]

_LINE = re.compile(
    r"\[(\d{1,2})[./-](\d{1,2})[./-](\d{4}) (\d{1,2})[:.](\d\d)[:.](\d\d)(?:\.\d+)?\] \[\d+\] (.*)", re.DOTALL
)
_VERSION = re.compile(r"Setup version: (\d+\.\d+\.\d+\.\d+)")
_ZONE = re.compile(r"Local time zone: (\((?:UTC|GMT)([+-]\d\d):?(\d\d)?\).*|.*)", re.IGNORECASE)
_INSTALLED = re.compile(
    r"(?:locally installed version is|version currently installed is) (\d+\.\d+\.\d+\.\d+)", re.IGNORECASE
)
_PARAMETER = re.compile(r"Command Line Parameter Name='([^']{1,64})', Value='([^']{0,256})'")
_USER = re.compile(r"Logged on user: (.{1,256}?)\.?\s*$")
_BEGINNINGS = ("Starting Microsoft Exchange", "Local time zone:", "Setup version:")
"""Lines at the top of a run, in their order; a log may lack the first."""
_DONE = re.compile(r"setup operation completed successfully", re.IGNORECASE)
_FAILED = re.compile(r"setup operation (?:wasn't|was not|didn't) complete|setup (?:has )?failed", re.IGNORECASE)
_NOT_INSTALLING = frozenset(
    {"preparead", "prepareschema", "preparedomain", "preparealldomains", "p", "ps", "pd", "pad"}
)
_INSTALLING_MODES = frozenset({"install", "upgrade", "recoverserver"})
_LONGEST_LINE = 64 * 1024


@dataclass(slots=True)
class _Run:
    """One run of setup, as far as it was read."""

    line: int
    started: datetime
    last: datetime
    zone: timedelta | None = None
    fields: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    errors: int = 0


class ExchangeSetupLogReader(RecordReader):
    """`exchange_setup_log`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a run, oldest first.

        Raises:
            EvidenceReadError: If the file cannot be read on.
        """
        run: _Run | None = None
        broken: EvidenceReadError | None = None
        try:
            for number, moment, text in _lines(artefact):
                begins = any(words in text for words in _BEGINNINGS)
                if begins and (run is None or "version" in run.fields):
                    if run is not None:
                        yield self._record(run, artefact)
                    run = _Run(number, moment, moment)
                if run is not None:
                    run.last = moment
                    _note(run, text)
        except EvidenceReadError as fault:
            broken = fault
        if run is not None:
            yield self._record(run, artefact)
        if broken is not None:
            raise broken

    def _record(self, run: _Run, artefact: Artefact) -> tuple[Place, datetime | None, Record]:
        mode = run.parameters.get("mode") or run.parameters.get("m") or ""
        if not mode:
            mode = next((name for name in run.parameters if name in _NOT_INSTALLING), "")
        result = run.fields.pop("result", "unfinished")
        fields = {
            **run.fields,
            "path": artefact.file.path,
            "mode": mode,
            "result": result,
            "errors": str(run.errors),
            "local_time": f"{run.started:%Y-%m-%d %H:%M:%S}",
        }
        if result == "completed" and mode.lower() in _INSTALLING_MODES and "version" in fields:
            fields["build"] = fields["version"]
        moment = run.last if result == "completed" else run.started
        return Place(line=run.line), self._utc(run, moment), filled(fields)

    def _utc(self, run: _Run, moment: datetime) -> datetime | None:
        try:
            if run.zone is not None:
                return plausible(moment - run.zone)
            return plausible(moment.replace(tzinfo=self._settings.zone))
        except (OverflowError, ValueError):
            return None


reader = ExchangeSetupLogReader


def _note(run: _Run, text: str) -> None:
    """Keeps what one line says about the run."""
    if "[ERROR]" in text:
        run.errors += 1
    if found := _VERSION.search(text):
        run.fields.setdefault("version", found[1])
    elif found := _ZONE.search(text):
        run.fields["time_zone"] = found[1].strip().rstrip(".")[:256]
        if found[2]:
            hours, minutes = int(found[2]), int(found[3] or 0)
            run.zone = timedelta(hours=hours, minutes=-minutes if hours < 0 else minutes)
    elif found := _PARAMETER.search(text):
        run.parameters.setdefault(found[1].lower(), found[2])
    elif found := _INSTALLED.search(text):
        run.fields.setdefault("installed_before", found[1])
    elif found := _USER.search(text):
        run.fields.setdefault("user", found[1])
    elif _DONE.search(text):
        run.fields["result"] = "completed"
    elif _FAILED.search(text):
        run.fields["result"] = "failed"


def _lines(artefact: Artefact) -> Iterator[tuple[int, datetime, str]]:
    """Lines with a time stamp; setup writes this log as ANSI or UTF-8, some copies are UTF-16."""
    with reading(artefact.file.path), as_utf8(artefact.file).open() as stream:
        number = 0
        while raw := stream.readline(_LONGEST_LINE):
            number += 1
            text = raw.decode("utf-8", "replace")
            found = _LINE.search(text)
            if found is not None and (moment := _moment(found)) is not None:
                yield number, moment, found[7]


def _moment(found: re.Match[str]) -> datetime | None:
    month, day, year, hour, minute, second = (int(found[group]) for group in range(1, 7))
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # local; turned to UTC by _utc
    except ValueError:
        return None
