r"""Logs of Microsoft's scanners on demand: `Windows\debug\msert.log` (Safety Scanner) and `mrt.log` (removal tool).

In March 2021 administrators were told to run the first, which removes what it finds; often this log is all that is left
of a page. Each scan begins with `Started On` and the server's clock. Below `Threat Detected:` stand the action and what
it was done to (rows of a quiet scan that people post; one scan is appended to another):

    Threat Detected: Virus:DOS/EICAR_Test_File, not removed.
        Action: NoAction, Result: 0x00000000
            file://C:\Windows\eicar.com

The engine is Defender's, so one record a file is what Defender would have logged as an event, and rules on its events
fit: `EventID` (1116 found, 1117 acted upon), `Threat Name`, `Path` (`file:_C:\...`), `Action Name`, `Action ID`,
`Error Code`. The time is that of the beginning of the scan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader
from waspglass.evidence.errors import read_error
from waspglass.evidence.formats.moments import MONTHS, clock_time
from waspglass.evidence.readers.whole_file import decoded, read_whole
from waspglass.model.skip import SkipReason

__all__ = ["SafetyScannerReader", "reader"]

_LIMIT = 4 * 1024 * 1024
_MOST_FILES = 10_000
_STARTED = re.compile(r"\s*Started On \w{3} (\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})\s*", re.IGNORECASE)
_THREAT = re.compile(r"\s*Threat Detected: *([^\s,]+)( and removed!)?", re.IGNORECASE)
_ACTION = re.compile(r"\s*Action: *(\w+), *Result: *(0x[0-9a-f]+)", re.IGNORECASE)
_FILE = re.compile(r"\s*file://(\S.*)", re.IGNORECASE)
_OTHER = re.compile(r"\s*(?:SigSeq:|\w+://|->)", re.IGNORECASE)
_ACTIONS = {"clean": "1", "quarantine": "2", "remove": "3"}
"""Numbers of Defender's actions."""


class SafetyScannerReader(RecordReader):
    """`safety_scanner`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a file in which something was found.

        Raises:
            EvidenceReadError: If the log cannot be read, or names too many files.
        """
        started: datetime | None = None
        threat: dict[str, str] = {}
        files = 0
        # Not `splitlines`: the name of a file may hold U+2028.
        for number, line in enumerate(decoded(read_whole(artefact, _LIMIT)).split("\n"), 1):
            if not line.strip():
                continue
            if (start := _STARTED.fullmatch(line)) is not None:
                started, threat = self._moment(start), {}
            elif (named := _THREAT.match(line)) is not None:
                threat = _found(named[1], "Remove" if named[2] else "", "0x00000000")
            elif threat and (action := _ACTION.match(line)) is not None:
                threat = _found(threat["Threat Name"], action[1], action[2])
            elif threat and (file := _FILE.match(line)) is not None:
                if (files := files + 1) > _MOST_FILES:
                    message = f"it names more than {_MOST_FILES} files"
                    raise read_error(artefact.file.path, SkipReason.LIMIT_REACHED, message, number)
                yield (
                    Place(line=number),
                    started,
                    {**artefact.attributes, **threat, "Path": f"file:_{file[1].rstrip()}"},
                )
            elif not _OTHER.match(line):
                threat = {}  # the summary of the scan names threats again, without files

    def _moment(self, start: re.Match[str]) -> datetime | None:
        month = start[1].lower()
        day, hour, minute, second, year = map(int, start.group(2, 3, 4, 5, 6))
        if month not in MONTHS:
            return None
        return clock_time(self._settings.zone, year, MONTHS.index(month) + 1, day, hour, minute, second)


reader = SafetyScannerReader


def _found(threat: str, action: str, result: str) -> dict[str, str]:
    """What an event says of a threat, and of the action if any was taken."""
    number = _ACTIONS.get(action.lower())
    if number is None:
        return {"EventID": "1116", "Threat Name": threat}
    acted = {"Action Name": action, "Action ID": number, "Error Code": result.lower()}
    return {"EventID": "1117", "Threat Name": threat, **acted}
