"""`waspglass census show` and `diff`: counts at a day, over time, and between two days."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from waspglass.cli.census_options import (
    PackName,
    Store,
    answer_day,
    day_of,
    opened,
    tell_gaps,
    tell_honeypots,
    tell_no_entry,
    tell_stopped,
)
from waspglass.cli.streams import say, tell

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["Grouping", "diff", "show"]

Grouping = Literal["nothing", "country", "region", "network", "organisation", "sector", "build"]
"""The words of `census.counted.By`, which is too heavy to load for a help text."""


def show(
    store: Store = "census",
    pack: PackName = "proxylogon",
    by: Annotated[
        Grouping,
        typer.Option(metavar="GROUP", help="Group: country, region, network, organisation, sector, build."),
    ] = "nothing",
    date: Annotated[
        str | None, typer.Option(help="Day; each source's last scan up to it. Default: the last day.")
    ] = None,
    over_time: Annotated[bool, typer.Option("--over-time", help="All days instead of one.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Groups shown for each scan.")] = 20,
    servers: Annotated[
        bool, typer.Option("--servers/--no-servers", help="Count servers too, not only addresses.")
    ] = True,
    form: Annotated[
        Literal["text", "json", "csv"], typer.Option("--format", help="How the counts are written.")
    ] = "text",
) -> None:
    """Count addresses and servers by state."""
    from waspglass.census.count import By, count, scans_at
    from waspglass.census.evidence_counts import aside
    from waspglass.census.reading import open_reading
    from waspglass.packs.load import load_pack
    from waspglass.report.census_text import counts_text, sightings

    with open_reading(opened(store), load_pack(pack)) as reading:
        day = answer_day(date, reading)
        scans = reading.scans() if over_time else scans_at(reading, day)
        if not scans:
            _no_scan(day, reading.last_day())
        counts = count(reading, scans, By(by), servers=servers)
        if not counts:
            tell(f"no host of the product that the pack {reading.pack.id} is about\n")
        if counts or form == "json":
            say(f"{counts_text(counts, By(by), form, limit)}\n")
        if others := aside(reading, scans):
            what = f"{sightings(others)} {'is' if others == 1 else 'are'} of another or of no recognised product"
            tell(f"{what} and not counted\n")
        tell_honeypots(reading, scans)
        tell_gaps(reading, {day for day, _ in scans} | {day})
        if not over_time:
            tell_no_entry(reading, scans)
            tell_stopped(reading, day)


def _no_scan(day: dt.date, last: dt.date) -> NoReturn:
    from waspglass.model.errors import UsageError

    raise UsageError(f"no source has a scan in the week up to {day}", hint=f"The last scan is of {last}")


def diff(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="Day of the first scan, YYYY-MM-DD.", show_default=False)
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Day of the second scan.", show_default=False)],
    source: Annotated[
        str | None, typer.Option(help="Feed, as `census show` names it. Default: the only one that has both scans.")
    ] = None,
    store: Store = "census",
    pack: PackName = "proxylogon",
    unit: Annotated[Literal["server", "address"], typer.Option(help="What is counted.")] = "server",
    hosts: Annotated[Path | None, typer.Option(help="Also write every host with its change to this CSV.")] = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How the changes are written.")] = "text",
) -> None:
    """Compare two scans of one source: new, gone, patched, still and again vulnerable, patched but compromised."""
    from io import StringIO

    from waspglass.census.compare import compare, source_of
    from waspglass.census.reading import open_reading
    from waspglass.census.units import Unit
    from waspglass.packs.load import load_pack
    from waspglass.report.census_changes import changes_json, changes_text, is_hosts_table, write_hosts
    from waspglass.report.visible import visible
    from waspglass.report.write import write_files

    with open_reading(opened(store), load_pack(pack)) as reading:
        days = day_of(before), day_of(after)
        comparison, changed = compare(reading, source or source_of(reading, *days), *days, Unit(unit))
        say(f"{changes_text(comparison) if form == 'text' else changes_json(comparison)}\n")
        if not any(comparison.counts.values()):
            tell(f"no host of the product that the pack {reading.pack.id} is about in either scan\n")
        if hosts is not None:
            table = StringIO()
            number = write_hosts(changed, table)
            write_files(hosts.parent, {hosts.name: table.getvalue}, ours=is_hosts_table)
            tell(f"{number} hosts in {visible(str(hosts))}\n")
        tell_gaps(reading, {comparison.before, comparison.after})
