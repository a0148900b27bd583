"""Compares two scans of one source: new, gone, patched, still vulnerable, and the wasp under the lid.

Of a source of several reports a day, some may not have come on one of the days: the hosts that only they would show are
neither gone nor new.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from waspglass.census.errors import CensusError
from waspglass.census.reading import Reading
from waspglass.census.unheard import gap_on, unheard_sql
from waspglass.census.units import PATCHED, UNITS, VULNERABLE, Unit, hosts_sql, scans_of
from waspglass.model.errors import UsageError

__all__ = ["Change", "ChangedHost", "Comparison", "compare", "source_of"]


class Change(StrEnum):
    """What became of a host between two scans; each host has exactly one."""

    NEW_VULNERABLE = "new, vulnerable"
    NEW = "new, not known to be vulnerable"
    GONE_VULNERABLE = "gone, was vulnerable"
    GONE = "gone, was not known to be vulnerable"
    PATCHED = "patched"
    STILL_VULNERABLE = "still vulnerable"
    AGAIN_VULNERABLE = "vulnerable again"
    """Vulnerable now and in some scan before the first one, but absent or not vulnerable in the first."""
    TURNED_VULNERABLE = "turned vulnerable"
    """Seen in the first scan as something else, never before as vulnerable: an older build, or better evidence."""
    STILL_PATCHED = "still patched"
    UNCLEAR = "unclear"
    """Seen in both, and at least one of the states cannot be told."""
    UNHEARD_VULNERABLE = "report missing, vulnerable"
    UNHEARD = "report missing, not known vulnerable"
    """Like the one before: seen in one of the scans, by reports only that did not come for the other."""


@dataclass(frozen=True)
class ChangedHost:
    """One host of a comparison.

    Attributes:
        addresses: Its addresses in either scan.
        compromised: Some source reported it compromised on or before the second day.
    """

    change: Change
    addresses: tuple[str, ...]
    country: str | None
    compromised: bool


@dataclass(frozen=True)
class Comparison:
    """Two scans of one source side by side.

    Attributes:
        counts: Hosts by change; all changes are there, also with 0.
        compromised: Of these, those that any source reported as compromised up to the second day.
        patched_compromised: Patched in the second scan and reported compromised: the wasp under the lid.
    """

    source: str
    before: dt.date
    after: dt.date
    unit: Unit
    counts: dict[Change, int]
    compromised: dict[Change, int]
    patched_compromised: int


_CASES = f"""
CASE
  WHEN u.unit IS NOT NULL AND coalesce(a, b) IN {VULNERABLE} THEN '{Change.UNHEARD_VULNERABLE}'
  WHEN u.unit IS NOT NULL THEN '{Change.UNHEARD}'
  WHEN b IN {VULNERABLE} AND a IN {VULNERABLE} THEN '{Change.STILL_VULNERABLE}'
  WHEN b IN {VULNERABLE} AND e.unit IS NOT NULL THEN '{Change.AGAIN_VULNERABLE}'
  WHEN b IN {VULNERABLE} AND a IS NULL THEN '{Change.NEW_VULNERABLE}'
  WHEN b IN {VULNERABLE} THEN '{Change.TURNED_VULNERABLE}'
  WHEN b IS NULL AND a IN {VULNERABLE} THEN '{Change.GONE_VULNERABLE}'
  WHEN b IS NULL THEN '{Change.GONE}'
  WHEN a IS NULL THEN '{Change.NEW}'
  WHEN a IN {VULNERABLE} AND b IN {PATCHED} THEN '{Change.PATCHED}'
  WHEN a IN {PATCHED} AND b IN {PATCHED} THEN '{Change.STILL_PATCHED}'
  ELSE '{Change.UNCLEAR}'
END
"""


_NONE = "SELECT NULL AS unit WHERE false"
"""SQL: no unit."""


def _changes_sql(reading: Reading, source: str, before: dt.date, after: dt.date, unit: Unit) -> str:
    """SQL: a row for each unit of either scan with change, addresses, country, compromised."""
    two = [(before, source), (after, source)]
    days = hosts_sql(reading, two, unit, extra="list_distinct(list(address)) AS addresses, min(country) AS country")
    past = [(day, source) for day in scans_of(reading, source) if day < before]
    earlier = f"SELECT DISTINCT unit FROM ({hosts_sql(reading, past, unit)}) WHERE weight IN {VULNERABLE}"  # noqa: S608
    any_source = [scan for scan in reading.scans() if scan[0] <= after]
    reported = reading.judged_sql(any_source, f"{UNITS[unit]} AS unit", servers=unit is Unit.SERVER)
    return f"""
    WITH days AS ({days}), earlier AS ({earlier if past else _NONE}),
    reported AS (SELECT DISTINCT unit FROM ({reported} AND s.compromise IS NOT NULL)),
    unheard AS ({_unheard_sql(reading, source, before, after)}),
    sides AS (
      SELECT unit, max(weight) FILTER (date = DATE '{before}') AS a, max(weight) FILTER (date = DATE '{after}') AS b,
        list_sort(list_distinct(flatten(list(addresses)))) AS addresses, min(country) AS country
      FROM days GROUP BY unit
    )
    SELECT {_CASES} AS change, addresses, country, r.unit IS NOT NULL AS compromised, b IN {PATCHED} AS patched
    FROM sides LEFT JOIN earlier e USING (unit) LEFT JOIN reported r USING (unit)
    LEFT JOIN unheard u ON u.unit = sides.unit AND (a IS NULL OR b IS NULL)
    """  # noqa: S608 - dates and lists of numbers are ours


def _unheard_sql(reading: Reading, source: str, before: dt.date, after: dt.date) -> str:
    """SQL over `days`: each unit of one day with an address of which the other says nothing."""
    sides = []
    for shown, other in ((before, after), (after, before)):
        gap = gap_on(reading, (other, source))
        addresses = unheard_sql(reading, (shown, source), gap.missing) if gap is not None else None
        if addresses is not None:
            seen = f"SELECT unit, unnest(addresses) AS address FROM days WHERE date = DATE '{shown}'"  # noqa: S608
            sides.append(f"SELECT DISTINCT unit FROM ({seen}) WHERE address IN ({addresses})")  # noqa: S608 - ours
    return " UNION ".join(sides) or _NONE


def source_of(reading: Reading, before: dt.date, after: dt.date) -> str:
    """The only source of the store, or else the only one that has scans of both days.

    Raises:
        UsageError: If there are several, or none.
    """
    known = {name: scans_of(reading, name) for name in sorted({name for _, name in reading.scans()})}
    both = {name: days for name, days in known.items() if {before, after} <= {*days}}
    chosen = both or known
    if len(chosen) != 1:
        shown = (f"{name} ({days[0]} to {days[-1]})" for name, days in chosen.items())
        raise UsageError(
            f"{'several sources have' if both else 'no source of the store has'} scans of both {before} and {after}",
            hint=f"{'Name one with --source' if both else 'It has'}: {', '.join(shown)}",
        )
    return next(iter(chosen))


def _check(reading: Reading, source: str, days: tuple[dt.date, dt.date]) -> None:
    if days[0] >= days[1]:
        raise UsageError(f"{days[0]} is not before {days[1]}", hint="Name the earlier scan first")
    have = scans_of(reading, source)
    if not have:
        known = ", ".join(sorted({name for _, name in reading.scans()}))
        raise UsageError(f"no feed {source} in the store", hint=f"It has: {known}")
    for day in days:
        if day not in have:
            gap = gap_on(reading, (day, source))
            if gap is not None:
                missing = f"only headers without rows came, and not {', '.join(gap.missing)}"
                raise CensusError(f"{day} does not count as a scan of {source}: {missing}", hint="Add that report too")
            shown = ", ".join(str(each) for each in have[-10:])
            raise CensusError(f"no scan of {source} on {day}", hint=f"Its last scans: {shown}")


def compare(
    reading: Reading, source: str, before: dt.date, after: dt.date, unit: Unit = Unit.SERVER
) -> tuple[Comparison, Iterator[ChangedHost]]:
    """Compares two scans; the hosts themselves come as a stream.

    Raises:
        UsageError: If the first day is not before the second, or the store has no such source.
        CensusError: If there is no scan of the source on one of the days.
    """
    _check(reading, source, (before, after))
    sql = _changes_sql(reading, source, before, after, unit)
    reading.rows(f"CREATE OR REPLACE TEMP TABLE changes AS {sql}")
    counts: Counter[Change] = Counter()
    compromised: Counter[Change] = Counter()
    under_lid = 0
    told = "SELECT change, compromised, coalesce(patched, false), count(*) FROM changes GROUP BY ALL"
    for change, reported, patched, number in reading.rows(told):
        counts[Change(change)] += number
        compromised[Change(change)] += number if reported else 0
        under_lid += number if reported and patched else 0
    comparison = Comparison(
        source,
        before,
        after,
        unit,
        {change: counts[change] for change in Change},
        {change: compromised[change] for change in Change},
        under_lid,
    )
    return comparison, _hosts(reading)


def _hosts(reading: Reading) -> Iterator[ChangedHost]:
    cursor = reading.connection.execute(
        "SELECT change, addresses, country, compromised FROM changes ORDER BY change, addresses"
    )
    while rows := cursor.fetchmany(2048):
        for change, addresses, country, compromised in rows:
            yield ChangedHost(Change(change), tuple(addresses), country, compromised)
