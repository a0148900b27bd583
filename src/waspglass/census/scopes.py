"""A source that sends several reports a day, each for one country or organisation: which are missing on which day.

Shadowserver names the recipient in the file name (`2021-03-09-scan_exchange-germany-geo.csv`). A day on which the
report of Austria came and that of Germany did not says nothing about Germany: its servers are not gone. Where nothing
came but headers without rows, the day is no scan at all, unless each report that had rows lately is among them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from waspglass.census.counted import Scan
from waspglass.census.sources.opening import without_packing
from waspglass.census.sources.shadowserver import NAME
from waspglass.census.store.manifest import Added, Manifest

__all__ = ["DELAYED", "Gap", "gaps", "recipient_of"]

DELAYED = "-delayed"
"""Ends the recipient's name in a report that comes after the usual one of its day; none is due on any day.

The-Shadowserver-Foundation/report_schema, `report-filename.md` of 4 July 2025, which does not say what is in it.
"""

_WITHIN = dt.timedelta(days=7)
"""A report that did not come for longer is taken for given up."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A day on which reports are missing.

    Attributes:
        missing: The reports that did not come, by recipient, and had rows when they last came, within the week before.
        came: The day on which each of them last came.
        counted: False if nothing else came but headers: then the day does not count as a scan of the source.
    """

    date: dt.date
    source: str
    missing: tuple[str, ...]
    came: tuple[dt.date, ...]
    counted: bool

    @property
    def scan(self) -> Scan:
        """Day and source."""
        return self.date, self.source


def gaps(manifest: Manifest) -> tuple[Gap, ...]:
    """The days with missing reports, by source and day."""
    found: list[Gap] = []
    for source, days in _reports(manifest.added).items():
        last: dict[str, tuple[dt.date, int]] = {}
        late = {f"{name}{DELAYED}" for came in days.values() for name in came}
        for day, came in sorted(days.items()):
            missing = {
                name: seen
                for name, (seen, rows) in last.items()
                if name not in came and rows and day - seen <= _WITHIN and None not in came
            }
            if missing:
                names = tuple(sorted(missing))
                last_days = tuple(missing[name] for name in names)
                found.append(Gap(day, source, names, last_days, any(came.values())))
            last |= {name: (day, rows) for name, rows in came.items() if name is not None and name not in late}
    return tuple(found)


def recipient_of(name: str) -> str | None:
    """Whom a report is for, by the name of its export (`file.zip:inner.csv`); None if that does not tell."""
    name = name.rsplit(":", 1)[-1].replace("\\", "/").rsplit("/", 1)[-1]
    told = NAME.match(without_packing(name))
    return None if told is None else told[3]


def _reports(exports: Iterable[Added]) -> dict[str, dict[dt.date, dict[str | None, int]]]:
    """The rows by source, day and recipient; None stands for exports whose name tells no recipient.

    Only Shadowserver's names do: in those of other lists a number of the run may stand there, another one each day.
    """
    found: dict[str, dict[dt.date, dict[str | None, int]]] = defaultdict(lambda: defaultdict(dict))
    for export in exports:
        recipient = recipient_of(export.name) if export.source.startswith("shadowserver.") else None
        for file in export.files:
            came = found[file.source][file.date]
            came[recipient] = came.get(recipient, 0) + file.rows
    return found
