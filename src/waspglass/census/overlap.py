"""Which sources saw the same vulnerable hosts at the same time: the input of capture-recapture.

A source that looks at one country only cannot see the others' hosts abroad. It takes part in the estimate for that
country, and not in the one for all.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from waspglass.census.count import scans_at
from waspglass.census.reading import Reading
from waspglass.census.recapture import Estimate, Pattern, estimate_unseen
from waspglass.census.units import VULNERABLE, Unit, hosts_sql

__all__ = ["ONE_COUNTRY", "narrow_sources", "overlap", "unseen"]

_AT_ONCE = dt.timedelta(days=1)
"""Scans of two sources that are so far apart count as of the same day."""
ONE_COUNTRY = 0.95
"""A source with this share of its hosts in one country looks at that country only, if another source does not."""


def narrow_sources(hosts: Mapping[str, Mapping[str, int]]) -> set[str]:
    """The sources that look at one country only, from their hosts by source and country."""
    main = {source: max(countries, key=lambda each: (countries[each], each)) for source, countries in hosts.items()}
    alone = {source for source, country in main.items() if _share(hosts[source], country) >= ONE_COUNTRY}
    return {source for source in alone if any(_share(others, main[source]) < ONE_COUNTRY for others in hosts.values())}


def _share(countries: Mapping[str, int], country: str) -> float:
    return countries.get(country, 0) / sum(countries.values())


def _seen_sql(reading: Reading, day: dt.date, unit: Unit) -> str | None:
    """SQL: unit, source, weight, and the unit's country as any source of the day has it; None without scans."""
    scans = scans_at(reading, day, _AT_ONCE)
    if not scans:
        return None
    hosts = hosts_sql(reading, scans, unit, extra="min(country) AS country")
    return f"SELECT unit, source, weight, min(country) OVER (PARTITION BY unit) AS country FROM ({hosts})"  # noqa: S608


def overlap(
    reading: Reading, day: dt.date, unit: Unit, country: str | None = None
) -> tuple[dict[Pattern, int], tuple[str, ...], tuple[str, ...]]:
    """Vulnerable hosts by which sources saw them so, the sources, and the sources left out.

    Scans are of the day or the one before. A source without a vulnerable host that day takes no part. Without a
    `country`, sources that look at one country only are left out.
    """
    seen = _seen_sql(reading, day, unit)
    if seen is None:
        return {}, (), ()
    left_out: set[str] = set()
    chosen = f"weight IN {VULNERABLE}"
    if country is None:
        places: defaultdict[str, dict[str, int]] = defaultdict(dict)
        sql = f"SELECT source, country, count(*) AS number FROM ({seen}) WHERE country IS NOT NULL GROUP BY ALL"  # noqa: S608
        for row in reading.table(sql).to_pylist():
            places[row["source"]][row["country"]] = row["number"]
        left_out = narrow_sources(places)
    elif country.isascii() and country.isalpha():
        chosen += f" AND country = '{country}'"
    rows = reading.table(
        "SELECT sources, count(*) AS number FROM (SELECT unit, list_sort(list_distinct(list(source))) AS sources"  # noqa: S608
        f" FROM ({seen}) WHERE {chosen} GROUP BY unit) GROUP BY sources"
    ).to_pylist()
    cells: Counter[frozenset[str]] = Counter()
    for row in rows:
        cells[frozenset(row["sources"]) - left_out] += row["number"]
    del cells[frozenset()]
    sources = tuple(sorted({source for each in cells for source in each}))
    patterns = {tuple(source in each for source in sources): number for each, number in cells.items()}
    return patterns, sources, tuple(sorted(left_out))


def unseen(reading: Reading, day: dt.date, unit: Unit = Unit.SERVER, country: str | None = None) -> Estimate | None:
    """The estimate for a day, of all or of one country; None if too few sources saw anything or share nothing."""
    cells, sources, left_out = overlap(reading, day, unit, country)
    estimate = estimate_unseen(cells, sources)
    return None if estimate is None else replace(estimate, left_out=left_out)
