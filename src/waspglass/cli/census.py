"""`waspglass census`: adds scan exports to a store and answers from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["app"]

app = typer.Typer(
    help="From scan exports to who is exposed, vulnerable, patched, day by day, and who must be told.",
    no_args_is_help=True,
)

Store = Annotated[str, typer.Option("--store", help="Folder of the store, or an fsspec URL.", envvar="WASPGLASS_STORE")]
PackName = Annotated[str, typer.Option("--pack", help="Campaign pack whose flaws and builds decide the state.")]


@app.command("add")
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Scan exports; .gz, .zst and .zip are unpacked.", show_default=False)
    ],
    store: Store = "census",
    source: Annotated[str | None, typer.Option(help="Format, in place of recognition.")] = None,
    date: Annotated[str | None, typer.Option(help="Day of the scan, YYYY-MM-DD, in place of name and rows.")] = None,
    product: Annotated[str | None, typer.Option(help="Product of rows that do not show one.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Of a broken file, add what stands before the break.")
    ] = False,
) -> None:
    """Add scan exports: all of an export or nothing of it, and the same export only once."""
    import datetime as dt

    from waspglass.census.add import AddOptions, add_exports
    from waspglass.census.sources.all import all_sources
    from waspglass.census.store.folder import Folder
    from waspglass.report.census_text import outcome_text

    options = AddOptions(
        all_sources(),
        dt.datetime.now(dt.UTC),
        source,
        _day(date),
        product,
        partial,
    )
    refused = 0
    for outcome in add_exports(Folder(store), files, options):
        typer.echo(outcome_text(outcome))
        refused += outcome.refused is not None
    if refused:
        raise typer.Exit(3)


@app.command("show")
def show(
    store: Store = "census",
    pack: PackName = "proxylogon",
    by: Annotated[str, typer.Option(help="Group: country, region, network, organisation, sector, build.")] = "nothing",
    date: Annotated[
        str | None, typer.Option(help="Day; each source's last scan up to it. Default: the last day.")
    ] = None,
    over_time: Annotated[bool, typer.Option("--over-time", help="All days instead of one.")] = False,
    limit: Annotated[int, typer.Option(help="Groups shown for each scan.")] = 20,
    servers: Annotated[
        bool, typer.Option("--servers/--no-servers", help="Count servers too, not only addresses.")
    ] = True,
    form: Annotated[str, typer.Option("--format", help="text, json or csv.")] = "text",
) -> None:
    """Count addresses and servers by state."""
    from waspglass.census.count import By, count, scans_at
    from waspglass.census.reading import open_reading
    from waspglass.census.store.folder import Folder
    from waspglass.model.errors import UsageError
    from waspglass.packs.load import load_pack
    from waspglass.report.census_text import counts_text

    if by not in {each.value for each in By}:
        raise UsageError(f"cannot group by {by!r}", hint=f"Choose one of: {', '.join(By)}")
    with open_reading(Folder(store), load_pack(pack)) as reading:
        day = _day(date) or reading.scans()[-1][0]
        scans = reading.scans() if over_time else scans_at(reading, day)
        typer.echo(counts_text(count(reading, scans, By(by), servers=servers), By(by), form, limit))


def _day(text: str | None) -> dt.date | None:
    import datetime as dt

    from waspglass.model.errors import UsageError

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"no such day: {text!r}", hint="Write it as YYYY-MM-DD") from error
