"""`waspglass census`: adds scan exports to a store and answers from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from waspglass.cli.streams import say, tell

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection

    from waspglass.census.reading import Reading
    from waspglass.census.store.folder import Folder
    from waspglass.census.survey import Survey

__all__ = ["app"]

_EXIT_CODES = (
    "Exit codes: 0 done, 2 wrong use, 3 an export was refused or the store has no answer, 4 pack invalid,"
    " 5 output could not be written, 130 interrupted."
)

app = typer.Typer(
    help="From scan exports to who is exposed, vulnerable, patched, day by day, and who must be told.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
)


def _ends(example: str) -> str:
    """What stands below a help text."""
    return f"For example: waspglass census {example}\n\n{_EXIT_CODES}"


Store = Annotated[str, typer.Option("--store", help="Folder of the store, or an fsspec URL.", envvar="WASPGLASS_STORE")]
Grouping = Literal["nothing", "country", "region", "network", "organisation", "sector", "build"]
"""The words of `census.counted.By`, which is too heavy to load for a help text."""
PackName = Annotated[str, typer.Option("--pack", help="Campaign pack whose flaws and builds decide the state.")]
_Mapping = Annotated[
    Path | None,
    typer.Option(help="TOML that declares columns of CSV or paths of JSON lines, or the name of a known scanner."),
]
_Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        help="Processes that read a large Shodan download. Default: 1 on two cores, else one a core, up to 4.",
    ),
]


@app.command("add", epilog=_ends("add scans/*.json.gz 2021-03-09-scan_exchange-cert.csv --store march"))
def add(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Scan exports; .gz, .zst and .zip are unpacked.", show_default=False),
    ],
    store: Store = "census",
    source: Annotated[str | None, typer.Option(help="Format, in place of recognition.")] = None,
    date: Annotated[str | None, typer.Option(help="Day of the scan, YYYY-MM-DD, in place of name and rows.")] = None,
    product: Annotated[str | None, typer.Option(help="Product of rows that do not show one.")] = None,
    mapping: _Mapping = None,
    pack: Annotated[
        list[str] | None,
        typer.Option(
            "--pack", help="Folder of your own pack, whose signs.yml names a product to recognise; repeatable."
        ),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Of a broken file, add what stands before the break.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take out what it corrects: an export of the same name, source and days."),
    ] = False,
    workers: _Workers = None,
) -> None:
    """Add scan exports: all of an export or nothing of it, and the same export only once."""
    import datetime as dt

    from waspglass.census.add import AddOptions, add_exports
    from waspglass.census.signs import load_signs
    from waspglass.census.sources.all import all_sources
    from waspglass.census.sources.mapping import read_mapping
    from waspglass.census.spread import usual_workers
    from waspglass.packs.folder import read_exposed
    from waspglass.packs.load import pack_folder
    from waspglass.report.census_text import outcome_text

    own = {name: read_exposed(pack_folder(name)) for name in pack or ()}
    for name in (name for name, products in own.items() if not products):
        tell(f"the pack {name} has no signs.yml: it adds no product to those that are known\n")
    signs = load_signs(tuple(each for products in own.values() for each in products))
    options = AddOptions(
        all_sources(None if mapping is None else read_mapping(mapping, signs), signs), dt.datetime.now(dt.UTC),
        source, _day(date), product, partial, workers or usual_workers(), signs, replace,
    )  # fmt: skip
    refused = 0
    for outcome in add_exports(_folder(store, new=True), files, options):
        say(f"{outcome_text(outcome)}\n")
        refused += outcome.refused is not None
    if refused:
        raise typer.Exit(3)


@app.command("list", epilog=_ends("list --store march"))
def list_exports(
    store: Store = "census",
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How the list is written.")] = "text",
) -> None:
    """List the exports in the store with their ids, and those that were refused."""
    from waspglass.report.census_store import exports_json, exports_text

    manifest = _folder(store).manifest()
    say(f"{exports_text(manifest) if form == 'text' else exports_json(manifest)}\n")


@app.command("remove", epilog=_ends("remove shodan-2021-03-09.json.gz --store march"))
def remove(
    exports: Annotated[
        list[str],
        typer.Argument(
            metavar="EXPORT", help="Names or ids of exports, as `census list` shows them.", show_default=False
        ),
    ],
    store: Store = "census",
) -> None:
    """Take exports out of the store: all that are named or none. Answers are then as if they had never been added."""
    from waspglass.census.remove import remove_exports
    from waspglass.report.census_store import removed_text

    say(f"{removed_text(remove_exports(_folder(store), exports))}\n")


@app.command("show", epilog=_ends("show --store march --date 2021-03-14 --by country --limit 10"))
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

    with open_reading(_folder(store), load_pack(pack)) as reading:
        day = _day(date) or reading.last_day()
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
        _tell_gaps(reading, {day for day, _ in scans} | {day})
        if not over_time:
            _tell_stopped(reading, day)


def _folder(store: str, *, new: bool = False) -> Folder:
    """The store, which is there unless it may be `new`; of a file in its place it is said what it is."""
    from waspglass.census.store.folder import Folder
    from waspglass.model.errors import Location, UsageError

    folder, where = Folder(store), Location(store)
    if folder.local and Path(folder.root).is_file():
        raise UsageError("a store is a folder, and this is a file", location=where, hint="Name it with --store")
    if not new and not folder.exists():
        hint = "Name it with --store, or make it with: waspglass census add FILE"
        raise UsageError("there is no such store", location=where, hint=hint)
    return folder


def _tell_stopped(reading: Reading, day: dt.date) -> None:
    """Says which sources have had no scan for so long that the answer leaves them out."""
    from waspglass.census.count import stopped
    from waspglass.report.census_text import stopped_text

    for scan in stopped(reading, day):
        tell(f"{stopped_text(*scan)}\n")


def _tell_gaps(reading: Reading, days: Collection[dt.date], *, messages: bool = False) -> None:
    """Says which reports of a source are missing on these days, if any."""
    from waspglass.report.census_text import gap_text

    for gap in reading.gaps:
        if gap.date in days:
            tell(f"{gap_text(gap, messages=messages)}\n")


def _no_scan(day: dt.date, last: dt.date) -> NoReturn:
    from waspglass.model.errors import UsageError

    raise UsageError(f"no source has a scan in the week up to {day}", hint=f"The last scan is of {last}")


def _day(text: str | None) -> dt.date | None:
    import datetime as dt

    from waspglass.model.errors import UsageError

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"no such day: {text!r}", hint="Write it as YYYY-MM-DD") from error


@app.command("diff", epilog=_ends("diff 2021-03-09 2021-03-22 --source shodan --store march"))
def diff(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="Day of the first scan, YYYY-MM-DD.", show_default=False)
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="Day of the second scan.", show_default=False)],
    source: Annotated[str, typer.Option(help="Feed whose scans are compared, as `census show` names it.")],
    store: Store = "census",
    pack: PackName = "proxylogon",
    unit: Annotated[Literal["server", "address"], typer.Option(help="What is counted.")] = "server",
    hosts: Annotated[Path | None, typer.Option(help="Also write every host with its change to this CSV.")] = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How the changes are written.")] = "text",
) -> None:
    """Compare two scans of one source: new, gone, patched, still and again vulnerable, patched but compromised."""
    from io import StringIO

    from waspglass.census.compare import compare
    from waspglass.census.reading import open_reading
    from waspglass.census.units import Unit
    from waspglass.packs.load import load_pack
    from waspglass.report.census_changes import changes_json, changes_text, is_hosts_table, write_hosts
    from waspglass.report.visible import visible
    from waspglass.report.write import write_files

    with open_reading(_folder(store), load_pack(pack)) as reading:
        comparison, changed = compare(reading, source, _required_day(before), _required_day(after), Unit(unit))
        say(f"{changes_text(comparison) if form == 'text' else changes_json(comparison)}\n")
        if not any(comparison.counts.values()):
            tell(f"no host of the product that the pack {reading.pack.id} is about in either scan\n")
        if hosts is not None:
            table = StringIO()
            number = write_hosts(changed, table)
            write_files(hosts.parent, {hosts.name: table.getvalue}, ours=is_hosts_table)
            tell(f"{number} hosts in {visible(str(hosts))}\n")
        _tell_gaps(reading, {comparison.before, comparison.after})


@app.command(
    "owners", epilog=_ends("owners --contacts us.csv --sender CERT --reply-to cert@cert.example --out messages")
)
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
    tlp: Annotated[str, typer.Option(help="Marking: TLP:CLEAR, GREEN, AMBER, AMBER+STRICT or RED.")] = "TLP:AMBER",
) -> None:
    """Write one message for each owner of vulnerable or compromised hosts; nothing is sent."""
    from waspglass.census.contacts import read_contacts
    from waspglass.census.count import scans_at
    from waspglass.census.owners import exposed_hosts, notices
    from waspglass.census.reading import open_reading
    from waspglass.model.errors import UsageError
    from waspglass.packs.load import load_pack
    from waspglass.report.census_owners import Sender, Tlp, write_notices
    from waspglass.report.visible import visible

    marking = f"TLP:{tlp.upper().removeprefix('TLP:')}"
    if marking not in list(Tlp):
        raise UsageError(f"no marking {tlp!r}", hint=f"Choose one of: {', '.join(Tlp)}")
    known, campaign = read_contacts(contacts), load_pack(pack)
    with open_reading(_folder(store), campaign) as reading:
        day = _day(date) or reading.last_day()
        found, unmatched = notices(exposed_hosts(reading, day, country=_country(country)), known)
        _tell_gaps(reading, {day, *(date for date, _ in scans_at(reading, day))}, messages=True)
        _tell_stopped(reading, day)
    write_notices(found, unmatched, campaign, Sender(sender, reply_to, day, Tlp(marking)), out)
    addresses = len({host.address for host in unmatched})
    if not found and not unmatched:
        where = "" if country is None else f" in {country.upper()}"
        tell(f"nobody to tell: no vulnerable or compromised host{where} is known\n")
    there, left = visible(str(out)), visible(str(out / "unmatched.csv"))
    say(f"owners: {len(found)}, in {there}; addresses without a contact: {addresses}, in {left}\n")


def _country(code: str | None) -> str | None:
    from waspglass.model.errors import UsageError

    if code is not None and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise UsageError(f"no country code: {code!r}", hint="Write it as two letters, such as DE")
    return None if code is None else code.upper()


def _has_country(found: Survey, country: str) -> bool:
    return any(count.key == country for source in found.sources for count in source.countries)


def _required_day(text: str) -> dt.date:
    day = _day(text)
    assert day is not None
    return day


@app.command("report", epilog=_ends("report --store march --country DE --lang de --out march.html"))
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
    with open_reading(_folder(store), load_pack(pack)) as reading:
        found = survey(reading, _day(date) or reading.last_day(), _country(country))
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
