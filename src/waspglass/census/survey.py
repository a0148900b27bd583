"""Everything that a report shows, as one frozen result: counts, series, changes, curves, the unseen, the skips."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from waspglass.census.compare import Comparison, compare
from waspglass.census.count import By, Count, count, scans_at, stopped
from waspglass.census.counted import Scan, ranked
from waspglass.census.evidence_counts import aside, honeypots
from waspglass.census.no_entry import without_entry
from waspglass.census.overlap import unseen
from waspglass.census.patching import Patching, patching
from waspglass.census.reading import Reading
from waspglass.census.recapture import Estimate
from waspglass.census.scopes import Gap
from waspglass.census.store.manifest import Refused
from waspglass.census.units import Unit, scans_of
from waspglass.packs.pack import NoEntry, Pack

__all__ = ["SourceSurvey", "Survey", "survey"]


@dataclass(frozen=True)
class SourceSurvey:
    """What one source says. Its figures are never mixed with another's.

    Attributes:
        source: Feed id.
        last: Day of its last scan up to the survey's day.
        series: A count for each scan.
        countries: Counts by country on the last day, the most vulnerable first; likewise by network, build, sector.
        regions: The same by region of the chosen country.
        no_entry: Product lines into which the pack's flaws alone let nobody, with their vulnerable addresses.
        change: First against last scan; None with one scan.
        step: The last two scans; None with one scan, or where it is the same as `change`.
        patching: Survival curve of all; None if there are too few scans or hosts.
        patching_by_country: Curves of the largest countries.
        patching_by_network: Curves of the largest networks.
    """

    source: str
    last: Count
    series: tuple[Count, ...]
    countries: tuple[Count, ...]
    networks: tuple[Count, ...]
    builds: tuple[Count, ...]
    sectors: tuple[Count, ...]
    regions: tuple[Count, ...]
    no_entry: tuple[tuple[NoEntry, int], ...]
    change: Comparison | None
    step: Comparison | None
    patching: Patching | None
    patching_by_country: tuple[Patching, ...]
    patching_by_network: tuple[Patching, ...]


@dataclass(frozen=True)
class Survey:
    """A store on a day, seen through a pack.

    Attributes:
        country: Country of the second map, two letters.
        pack: Pack: timeline, public figures.
        sources: The sources with a scan in the week up to the day that ever saw the pack's product, the one that sees
            most first.
        unseen: Estimates of the vulnerable servers, with those that nobody saw: of all (None) and of `country`; without
            those that cannot be made.
        aside: Sightings of the day's scans that are of no or of another product, and do not count.
        honeypots: Those that their source takes for honeypots, by source; they do not count either.
        skipped: What was left out of the exports in the store: (reason, count), most first.
        refused: Exports of which nothing was added.
        stopped: The last scans of sources that have had none in the week up to the day.
        gaps: Days up to the survey's on which a report of one of the sources is missing.
        exports: How many exports are in the store, with so many `sightings`.
    """

    day: dt.date
    country: str
    pack: Pack
    sources: tuple[SourceSurvey, ...]
    unseen: dict[str | None, Estimate]
    aside: int
    honeypots: dict[str, int]
    skipped: tuple[tuple[str, int], ...]
    refused: tuple[Refused, ...]
    stopped: tuple[Scan, ...]
    gaps: tuple[Gap, ...]
    exports: int
    sightings: int


def survey(reading: Reading, day: dt.date, country: str | None = None, *, samples: int = 200) -> Survey:
    """Asks all questions of a report; `country` None takes the one with most vulnerable hosts that has a map."""
    scans = scans_at(reading, day)
    by_country = {scan: count(reading, [scan], By.COUNTRY) for scan in scans}
    chosen = country or _most_vulnerable([each for counts in by_country.values() for each in counts])
    found = (_source(reading, scan, by_country[scan], chosen, samples) for scan in scans)
    sources = [each for each in found if each is not None]
    sources.sort(key=lambda each: (-each.last.total, each.source))
    skipped: Counter[str] = Counter()
    for added in reading.manifest.added:
        for skip in added.skipped:
            skipped[skip.reason] += skip.count
    return Survey(
        day=day,
        country=chosen,
        pack=reading.pack,
        sources=tuple(sources),
        unseen=_unseen(reading, day, chosen),
        aside=aside(reading, scans),
        honeypots=honeypots(reading, scans),
        skipped=tuple(skipped.most_common()),
        refused=reading.manifest.refused,
        stopped=tuple(stopped(reading, day)),
        gaps=tuple(gap for gap in reading.gaps if gap.date <= day and gap.source in {each.source for each in sources}),
        exports=len(reading.manifest.added),
        sightings=sum(added.records for added in reading.manifest.added),
    )


def _unseen(reading: Reading, day: dt.date, country: str) -> dict[str | None, Estimate]:
    found = {place: unseen(reading, day, country=place) for place in (None, country)}
    return {place: estimate for place, estimate in found.items() if estimate is not None}


def _most_vulnerable(counts: list[Count], mapped: tuple[str, ...] = ("DE", "AT", "CH")) -> str:
    totals: Counter[str] = Counter()
    for each in counts:
        if each.key in mapped:
            totals[each.key] += each.vulnerable
    return totals.most_common(1)[0][0] if totals else mapped[0]


def _source(
    reading: Reading, scan: Scan, countries: tuple[Count, ...], country: str, samples: int
) -> SourceSurvey | None:
    """None for a source that never saw a host of the pack's product."""
    day, source = scan
    days = [each for each in scans_of(reading, source) if each <= day]
    series = count(reading, [(each, source) for each in days])
    if not series:
        return None
    regions = [each for each in count(reading, [scan], By.REGION) if (each.key or "").startswith(f"{country} ")]
    overall = patching(reading, source, until=day, samples=samples)
    return SourceSurvey(
        source=source,
        last=series[-1],
        series=series,
        countries=ranked(countries),
        networks=ranked(count(reading, [scan], By.NETWORK)),
        builds=ranked(count(reading, [scan], By.BUILD)),
        sectors=ranked(count(reading, [scan], By.SECTOR)),
        regions=ranked(regions),
        no_entry=without_entry(reading, scan),
        change=compare(reading, source, days[0], day, Unit.SERVER)[0] if len(days) > 1 else None,
        step=compare(reading, source, days[-2], day, Unit.SERVER)[0] if len(days) > 2 else None,
        patching=overall[0] if overall else None,
        patching_by_country=patching(reading, source, By.COUNTRY, until=day, top=10, samples=samples),
        patching_by_network=patching(reading, source, By.NETWORK, until=day, top=10, samples=samples),
    )
