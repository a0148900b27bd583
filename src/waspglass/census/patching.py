"""The survival curve of a source's hosts: which hosts, from when, and what counts as the end of being vulnerable."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

import numpy as np

from waspglass.census.count import By
from waspglass.census.counted import Scan
from waspglass.census.evidence_counts import honeypots
from waspglass.census.reading import Reading
from waspglass.census.signs import HONEYPOT
from waspglass.census.survival import Interval, SurvivalCurve, estimate
from waspglass.census.units import PATCHED, VULNERABLE, Unit, hosts_sql, scans_of

__all__ = ["Patching", "patching"]

_SEED = 20210302
_MIN_HOSTS = 20
_FEW = 0.02
"""The build table may call a few hosts of a feed of vulnerable ones patched; one must not turn what the rest means."""


@dataclass(frozen=True)
class Patching:
    """A curve with what must be known to read it.

    Attributes:
        key: Group, None for all.
        origin: Day 0: the patch's release, or for a feed of vulnerable hosts only its first scan, since nobody knows
            how many had patched before it.
        only_vulnerable: The feed lists only vulnerable hosts (and hosts reported as compromised), so that leaving it
            counts as the end; otherwise only a patched sighting does, and hosts that leave are censored.
    """

    source: str
    key: str | None
    curve: SurvivalCurve
    origin: dt.date
    only_vulnerable: bool


def _hosts_sql(reading: Reading, scans: list[Scan], unit: Unit, by: By) -> str:
    """`hosts_sql` without what the source takes for a honeypot in any of the scans.

    Its tag takes a host out of the counts from one scan to the next, which would look as if it had been patched.
    """
    hosts = hosts_sql(reading, scans, unit, by)
    if not honeypots(reading, scans):
        return hosts
    decoys = f"SELECT address AS unit FROM {reading.files_sql(scans)} WHERE product = '{HONEYPOT}'"  # noqa: S608
    if unit is Unit.SERVER:
        decoys = f"SELECT server AS unit FROM identity WHERE address IN ({decoys})"  # noqa: S608
    return f"SELECT h.* FROM ({hosts}) h ANTI JOIN ({decoys}) d ON h.unit = d.unit"  # noqa: S608


def _intervals_sql(hosts: str, scans: list[dt.date], only_vulnerable: bool) -> str:
    """SQL: group, last day seen vulnerable, first day afterwards seen patched (or gone), and how many."""
    known = f"weight IN {VULNERABLE}"
    if only_vulnerable:
        follow = (f"WHEN DATE '{day}' THEN DATE '{later}'" for day, later in itertools.pairwise(scans))
        end = f"CASE last_vulnerable {' '.join(follow)} END"
    else:
        later = "(m.last_vulnerable IS NULL OR d.date > m.last_vulnerable)"
        known = f"{known} OR weight IN {PATCHED}"
        end = f"(SELECT min(d.date) FROM days d WHERE d.unit = m.unit AND d.weight IN {PATCHED} AND {later})"  # noqa: S608
    return f"""
    WITH days AS ({hosts}), marks AS (
      SELECT unit, min(key) AS key, min(date) AS first_seen,
        max(date) FILTER (weight IN {VULNERABLE}) AS last_vulnerable,
        bool_or({known}) FILTER (date = DATE '{scans[0]}') AS decided
      FROM days GROUP BY unit
    ), ended AS (SELECT m.key, m.last_vulnerable, {end} AS ended FROM marks m
                 WHERE m.first_seen = DATE '{scans[0]}' AND m.decided)
    SELECT key, last_vulnerable, ended, count(*) AS number FROM ended GROUP BY ALL
    """  # noqa: S608 - dates and lists of numbers are ours


def _overview(reading: Reading, hosts: str) -> tuple[bool, dt.date | None]:
    """Whether a feed lists patched hosts as such, not only a few or for their web shells; its first day with hosts."""
    patched, decided, first = reading.rows(
        f"SELECT count(*) FILTER (weight IN {PATCHED} AND NOT compromised),"  # noqa: S608 - lists of numbers are ours
        f" count(*) FILTER (weight IN {VULNERABLE} OR weight IN {PATCHED}), min(date) FROM ({hosts})"
    )[0]
    return patched > _FEW * decided, first


def patching(
    reading: Reading,
    source: str,
    by: By = By.NOTHING,
    unit: Unit = Unit.SERVER,
    *,
    until: dt.date | None = None,
    top: int = 12,
    samples: int = 200,
) -> tuple[Patching, ...]:
    """Curves for a source's hosts by group, the largest groups first; groups below 20 hosts are left out.

    The hosts are those of the source's first scan that saw any: for hosts that appear later nobody knows since when
    they were there.
    """
    released = reading.pack.window.patch_available.date()
    scans = [day for day in scans_of(reading, source) if day > released and (until is None or day <= until)]
    if not scans:
        return ()
    hosts = _hosts_sql(reading, [(day, source) for day in scans], unit, by)
    lists_patched, first = _overview(reading, hosts)
    only_vulnerable = not lists_patched
    # Where absence is the end, a day on which some report did not come would end the hosts of that report.
    unsure = {gap.date for gap in reading.gaps if gap.source == source and only_vulnerable}
    scans = [day for day in scans if first is not None and day >= first and day not in unsure]
    if len(scans) < 2:
        return ()
    if unsure:
        sure = ", ".join(f"DATE '{day}'" for day in scans)
        hosts = f"SELECT * FROM ({hosts}) WHERE date IN ({sure})"  # noqa: S608 - dates are ours
    origin = scans[0] if only_vulnerable else released
    groups: dict[str | None, list[Interval]] = {}
    for row in reading.table(_intervals_sql(hosts, scans, only_vulnerable)).to_pylist():
        left = (row["last_vulnerable"] - origin).days if row["last_vulnerable"] else 0
        right = (row["ended"] - origin).days if row["ended"] else None
        groups.setdefault(row["key"], []).append(Interval(float(left), right, row["number"]))
    sizes = {key: sum(each.count for each in intervals) for key, intervals in groups.items()}
    ranked = sorted((key for key in groups if sizes[key] >= _MIN_HOSTS), key=lambda key: (-sizes[key], key or ""))
    curves = []
    for key in ranked[:top]:
        curve = estimate(groups[key], np.random.default_rng(_SEED), samples)
        if curve is not None:
            curves.append(Patching(source, key, curve, origin, only_vulnerable))
    return tuple(curves)
