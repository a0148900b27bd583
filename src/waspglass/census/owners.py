"""Who must be told: vulnerable and compromised hosts, joined to contacts; one notice an owner, and the unmatched."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from waspglass.census.contacts import Contact, Contacts
from waspglass.census.count import RECENT, scans_at
from waspglass.census.counted import Scan
from waspglass.census.judge import WEIGHTS, Judgement
from waspglass.census.reading import Reading
from waspglass.census.unheard import gap_on, unheard_sql
from waspglass.census.units import VULNERABLE, scans_of
from waspglass.packs.builds import BuildState, State

__all__ = ["ExposedHost", "Notice", "exposed_hosts", "notices"]


@dataclass(frozen=True, slots=True)
class ExposedHost:
    """One service of one address that somebody must be told about.

    Attributes:
        port: Port, if the source has it.
        transport: `tcp` or `udp`.
        seen: When the source saw it; midnight of the scan's day if the source has no time.
        source: Feed id.
        state: Patch state; with an earlier report of a compromise, what the last scans say of its address, if anything.
        own: What this sighting alone says.
        cves: The pack's flaws that its source found in a test, or else claims. None where the version decides: an old
            build lacks some fix, and which flaws that leaves open differs from build to build.
        compromise: What this source reported (`webshell`); None if nothing.
        reported: True if some source reported a compromise of this address, on this or an earlier day.
        version: Version as shown.
        line: Product line of the version by the pack's builds; None if it has none.
        server_name: The server's own name.
        sector: Sector as the source has it.
        url: URL that the source names, such as that of the web shell.
        known_names: What other sources call this port of its address, also those that do not see it vulnerable; of a
            sighting without names its own source too. Behind other ports, and behind other names that one source shows,
            may be servers of others.
        matched: By what the owner was found.
    """

    address: str
    port: int | None
    transport: str | None
    seen: dt.datetime
    source: str
    state: State
    own: Judgement
    cves: tuple[str, ...]
    compromise: str | None
    reported: bool
    version: str | None
    line: str | None
    names: tuple[str, ...]
    server_name: str | None
    asn: int | None
    country: str | None
    region: str | None
    city: str | None
    sector: str | None
    url: str | None
    known_names: tuple[str, ...] = ()
    matched: str = ""

    @property
    def name(self) -> str:
        """The first host name, a wildcard only where there is no other; empty if there is none."""
        return next((name for name in self.names if not name.startswith("*.")), next(iter(self.names), ""))


@dataclass(frozen=True)
class Notice:
    """All that one owner is told at one time."""

    contact: Contact
    hosts: tuple[ExposedHost, ...]

    @property
    def vulnerable(self) -> int:
        """Addresses that are vulnerable."""
        return len({host.address for host in self.hosts if host.state is State.VULNERABLE})

    @property
    def compromised(self) -> int:
        """Addresses of which services of this owner were reported as compromised."""
        return len(self._compromised)

    @property
    def beside(self) -> int:
        """Addresses that were reported as compromised, by reports that name no service of this owner."""
        return len({host.address for host in self.hosts if host.reported} - self._compromised)

    @property
    def _compromised(self) -> set[str]:
        return {host.address for host in self.hosts if host.compromise}

    @property
    def under_lid(self) -> int:
        """Addresses that are patched, as far as any source can tell, and were reported as compromised."""
        patched = {host.address for host in self.hosts if host.state is State.PATCHED} & self._compromised
        return len(patched - {host.address for host in self.hosts if host.state is State.VULNERABLE})


_COLUMNS = (
    "s.date, s.source, s.address, s.port, s.transport, make_timestamp(epoch_us(s.seen)) AS seen, s.version, s.names,"
    " s.server_name, s.asn, s.country, s.region, s.city, s.sector, s.url, s.compromise, s.claimed, s.verified"
)
"""Of a sighting. Its time as UTC without zone: to hand one with zone to Python, DuckDB asks for `pytz`."""


_MOST_NAMES = 100
"""Of one port, from all sources together. Where a provider has more, none of them tells whose a service is."""

_NOW = """
CREATE OR REPLACE TEMP TABLE now AS SELECT * FROM ({rows}) sighting
QUALIFY row_number() OVER (
  PARTITION BY address, list_sort(names), port, source ORDER BY weight DESC, seen DESC NULLS LAST, sighting) = 1
"""
_REPORTED = """
CREATE OR REPLACE TEMP TABLE reported AS SELECT * FROM ({rows}) sighting
QUALIFY row_number() OVER (
  PARTITION BY address, list_sort(names) ORDER BY date DESC, source, seen DESC NULLS LAST, sighting) = 1
"""
# Names are part of the key: behind one address, and one port of it, may be servers of several owners.
_CHOSEN = f"""
WITH state AS (SELECT address, max(weight) AS weight FROM now GROUP BY address),
seen AS (FROM now UNION ALL FROM reported),
known AS (SELECT address, list_sort(list(DISTINCT country) FILTER (country IS NOT NULL)) AS places, min(asn) AS system
  FROM seen GROUP BY address),
named AS (SELECT DISTINCT address, coalesce(port, -1) AS door, source, unnest(names) AS name FROM seen),
called AS (SELECT address, door, list({{'source': source, 'name': name}} ORDER BY source, name) AS called
  FROM named GROUP BY ALL HAVING count(*) <= {_MOST_NAMES})
SELECT host.* REPLACE (coalesce(country, places[1]) AS country, coalesce(asn, system) AS asn), places, called FROM (
SELECT n.*, n.weight AS own, address IN (SELECT address FROM reported) AS reported FROM now n
WHERE n.weight IN {VULNERABLE} OR address IN (SELECT address FROM reported)
UNION ALL
SELECT r.* REPLACE (coalesce(s.weight, r.weight) AS weight), r.weight AS own, true AS reported
FROM reported r LEFT JOIN state s USING (address)
WHERE NOT EXISTS (
  SELECT 1 FROM now n WHERE n.address = r.address AND n.source = r.source AND n.port IS NOT DISTINCT FROM r.port
    AND n.compromise IS NOT NULL AND list_sort(n.names) IS NOT DISTINCT FROM list_sort(r.names))
) host JOIN known USING (address) LEFT JOIN called ON called.address = host.address AND door = coalesce(port, -1)
ORDER BY address, port, source, date DESC, compromise, names
"""  # noqa: S608 - a list of numbers is ours


def exposed_hosts(reading: Reading, day: dt.date, country: str | None = None) -> Iterator[ExposedHost]:
    """Hosts that are vulnerable in a source's last scan up to the day, or were ever reported compromised up to it.

    Where reports are missing of that scan, what only they would show is taken from the last ones that came, if those
    are not too old. A compromise report does not grow old by itself: a host stays in the list even when it is patched
    or no longer seen. With a `country`, all is in it that was seen at an address that some source has there, and hosts
    whose country no source knows (Nmap says none): contacts decide. Country and AS number that one source knows of an
    address (Nmap knows neither) hold for what the others saw
    there; so do names, at the same port.
    """
    scans = scans_at(reading, day)
    past = [scan for scan in reading.scans() if scan[0] <= day]
    if not past:
        return
    reports = reading.judged_sql(past, _COLUMNS) + " AND s.compromise IS NOT NULL"
    none = f"SELECT * FROM ({reports}) WHERE false"  # noqa: S608
    last = [reading.judged_sql(scans, _COLUMNS)] if scans else [none]
    current = " UNION ALL ".join([*last, *_unheard(reading, scans, day - RECENT)])
    reading.rows(_REPORTED.format(rows=reports))
    reading.rows(_NOW.format(rows=current))
    cursor = reading.connection.execute(_CHOSEN)
    state = cache(reading.builds.state)  # of few versions, and slower than all else of a host
    names = [each[0] for each in cursor.description or ()]
    while rows := cursor.fetchmany(2048):
        for row in (dict(zip(names, each, strict=True)) for each in rows):
            if country is None or not row["places"] or country in row["places"]:
                yield _host(row, reading.pack.cves, state)


def _unheard(reading: Reading, scans: Sequence[Scan], earliest: dt.date) -> Iterator[str]:
    """SQL: for each day on which missing reports of these scans last came, what no report has shown since."""
    for scan in scans:
        gap = gap_on(reading, scan)
        came = {} if gap is None else dict(zip(gap.missing, gap.came, strict=True))
        for date in sorted(set(came.values())):
            reports = [name for name, last in came.items() if last == date]
            addresses = unheard_sql(reading, (date, scan[1]), reports) if date >= earliest else None
            if addresses is not None:
                later = [(each, scan[1]) for each in scans_of(reading, scan[1]) if date < each <= scan[0]]
                since = f"SELECT address FROM {reading.files_sql(later)} WHERE product = $product"  # noqa: S608 - ours
                judged = reading.judged_sql([(date, scan[1])], _COLUMNS)
                yield f"{judged} AND s.address IN ({addresses} EXCEPT {since})"


def _host(row: dict[str, Any], flaws: Sequence[str], state: Callable[[str], BuildState]) -> ExposedHost:
    own = WEIGHTS[row["own"]]
    named = (row["verified"] if own.tested else row["claimed"]) or ()
    known = None if row["version"] is None else state(row["version"]).known
    seen = row["seen"] or dt.datetime.combine(row["date"], dt.time())
    return ExposedHost(
        address=row["address"],
        port=row["port"],
        transport=row["transport"],
        seen=seen.replace(tzinfo=dt.UTC),
        source=row["source"],
        state=WEIGHTS[row["weight"]].state,
        own=own,
        cves=tuple(cve for cve in flaws if cve in named),
        compromise=row["compromise"],
        reported=row["reported"],
        version=row["version"],
        line=None if known is None else known.product,
        names=tuple(row["names"] or ()),
        server_name=row["server_name"],
        asn=row["asn"],
        country=row["country"],
        region=row["region"],
        city=row["city"],
        sector=row["sector"],
        url=row["url"],
        known_names=_known_names(row),
    )


def _known_names(row: dict[str, Any]) -> tuple[str, ...]:
    """What its port is called. If its own source names it, that source's other names are those of other services."""
    names, called = row["names"] or (), row["called"] or ()
    own = {one["name"] for one in called if one["source"] == row["source"]}
    beside = own.difference(names) if names else set()
    others = (one["name"] for one in called if not names or one["source"] != row["source"])
    return tuple(dict.fromkeys(name for name in others if name not in beside))


def notices(hosts: Iterable[ExposedHost], contacts: Contacts) -> tuple[tuple[Notice, ...], tuple[ExposedHost, ...]]:
    """One notice for each owner, by e-mail address, and the hosts for which there is no contact."""
    by_owner: dict[str, list[ExposedHost]] = defaultdict(list)
    owners: dict[str, Contact] = {}
    unmatched: list[ExposedHost] = []
    for host in hosts:
        found = contacts.find(host.address, host.names, None) or contacts.find(host.address, host.known_names, host.asn)
        if found is None:
            unmatched.append(host)
            continue
        for contact in found[0]:
            owners.setdefault(contact.email.lower(), contact)
            by_owner[contact.email.lower()].append(replace(host, matched=found[1]))
    return tuple(Notice(owners[email], tuple(by_owner[email])) for email in sorted(by_owner)), tuple(unmatched)
