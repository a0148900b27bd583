"""`waspglass census owners` and `report`: what is written for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from waspglass.cli.census_options import (
    PackName,
    Store,
    answer_day,
    country_code,
    opened,
    tell_gaps,
    tell_honeypots,
    tell_stopped,
)
from waspglass.cli.streams import say, tell
from waspglass.report.tlp import Tlp, tlp_level

if TYPE_CHECKING:
    from collections.abc import Callable

    from waspglass.census.survey import Survey

__all__ = ["owners", "report"]


def owners(
    contacts: Annotated[
        Path, typer.Option(help="CSV: email and one of cidr, asn, domain a row; name, language, sector.")
    ],
    out: Annotated[Path, typer.Option(help="New folder for the messages. Nothing is sent.")],
    sender: Annotated[str, typer.Option(help="Who writes, as the messages say it.")],
    reply_to: Annotated[str, typer.Option(help="How owners can answer, as the messages say it.")],
    store: Store = "census",
    pack: PackName = "proxylogon",
    date: Annotated[str | None, typer.Option(help="Day. Default: the last day.")] = None,
    country: Annotated[
        str | None,
        typer.Option(help="Only hosts of this country (two letters), and those whose country no source knows."),
    ] = None,
    tlp: Annotated[str, typer.Option(help=f"Marking of the messages (TLP 2.0): {', '.join(Tlp)}.")] = "amber",
) -> None:
    """Write one message for each owner of vulnerable or compromised hosts; nothing is sent."""
    from waspglass.census.contacts import read_contacts
    from waspglass.census.count import scans_at
    from waspglass.census.owners import exposed_hosts, notices
    from waspglass.census.reading import open_reading
    from waspglass.packs.load import load_pack
    from waspglass.report.census_owners import Sender, write_notices
    from waspglass.report.visible import visible

    marking = tlp_level(tlp)
    known, campaign = read_contacts(contacts), load_pack(pack)
    with open_reading(opened(store), campaign) as reading:
        day = answer_day(date, reading)
        found, unmatched = notices(exposed_hosts(reading, day, country=country_code(country)), known)
        scans = scans_at(reading, day)
        tell_honeypots(reading, scans)
        tell_gaps(reading, {day, *(date for date, _ in scans)}, messages=True)
        tell_stopped(reading, day)
    write_notices(found, unmatched, campaign, Sender(sender, reply_to, day, marking), out)
    addresses = len({host.address for host in unmatched})
    if not found and not unmatched:
        where = "" if country is None else f" in {country.upper()}"
        tell(f"nobody to tell: no vulnerable or compromised host{where} is known\n")
    there, left = visible(str(out)), visible(str(out / "unmatched.csv"))
    say(f"owners: {len(found)}, in {there}; addresses without a contact: {addresses}, in {left}\n")


def report(
    out: Annotated[Path, typer.Option(help="HTML file to write.")] = Path("census.html"),
    store: Store = "census",
    pack: PackName = "proxylogon",
    date: Annotated[
        str | None, typer.Option(help="Day; each source's last scan up to it. Default: the last day.")
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="Country of the second map and the regions: DE, AT or CH (others without a map).")
    ] = None,
    language: Annotated[Literal["en", "de"], typer.Option("--lang", help="Language of the report.")] = "en",
    pictures: Annotated[Path | None, typer.Option(help="Also write each picture as SVG into this folder.")] = None,
    with_png: Annotated[bool, typer.Option("--png", help="With --pictures: PNG too (extra `pictures`).")] = False,
    numbers: Annotated[Path | None, typer.Option("--json", help="Also write all numbers to this JSON file.")] = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Say in the report that its data are synthetic.")
    ] = False,
) -> None:
    """Write one self-contained HTML report: maps, days, changes, how fast it is patched, and the limits of it all."""
    from functools import partial
    from importlib.metadata import version

    from waspglass.census.reading import open_reading
    from waspglass.census.survey import survey
    from waspglass.model.errors import UsageError
    from waspglass.packs.load import load_pack
    from waspglass.report.census_html import png, render_census, svg_files
    from waspglass.report.census_json import survey_json
    from waspglass.report.visible import visible
    from waspglass.report.write import is_ours, write_files

    if with_png and pictures is None:
        raise UsageError("--png says how pictures are written", hint="Name a folder for them with --pictures")
    with open_reading(opened(store), load_pack(pack)) as reading:
        found = survey(reading, answer_day(date, reading), country_code(country))
    if country is not None and not _has_country(found, country.upper()):
        tell(f"no source knows a host in {country.upper()}\n")
    html = render_census(found, language=language, version=version("waspglass"), synthetic=synthetic)
    write_files(out.parent, {out.name: lambda: html}, ours=is_ours)
    say(f"report: {visible(str(out))}\n")
    if numbers is not None:
        write_files(numbers.parent, {numbers.name: partial(survey_json, found)}, ours=is_ours)
        say(f"numbers: {visible(str(numbers))}\n")
    if pictures is None:
        return
    drawn = svg_files(found, language)
    files: dict[str, Callable[[], str | bytes]] = {name: partial(str, svg) for name, svg in drawn.items()}
    if with_png:
        files |= {Path(name).with_suffix(".png").name: partial(png, svg) for name, svg in drawn.items()}
    write_files(pictures, files, ours=is_ours)
    say(f"pictures: {visible(str(pictures))}\n")


def _has_country(found: Survey, country: str) -> bool:
    return any(count.key == country for source in found.sources for count in source.countries)
