"""`waspglass census add`, `list` and `remove`: what is in the store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from waspglass.cli.census_options import Store, day_of, opened
from waspglass.cli.streams import say, tell
from waspglass.model.path_status import is_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["add", "list_exports", "remove"]

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


def add(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Scan exports, or folders of them; .gz, .zst and .zip are unpacked.",
            show_default=False,
        ),
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
        source, None if date is None else day_of(date), product, partial, workers or usual_workers(), signs, replace,
    )  # fmt: skip
    refused = 0
    folder = opened(store, new=True)
    exports = list(_each_file(files, Path(folder.root) if folder.local else None))
    if not exports:
        tell("no file is in it\n")
    for outcome in add_exports(folder, exports, options):
        say(f"{outcome_text(outcome)}\n")
        refused += outcome.refused is not None
    if refused:
        raise typer.Exit(3)


def _each_file(paths: Iterable[Path], store: Path | None) -> Iterator[Path]:
    """The files, and those in the folders, but no hidden ones and none of the store, if that is a local folder.

    A link in a folder is followed to a file, but not to another folder, which can be named itself.

    Raises:
        OSError: If a folder cannot be listed, or nobody may look at what is in it.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found: list[Path] = []
        for folder, folders, names in os.walk(path, onerror=_raise):
            here = Path(folder)
            if store is not None and here.resolve().is_relative_to(store.resolve()):
                folders.clear()
                continue
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [here / name for name in names if not name.startswith(".") and is_file(here / name)]
        yield from sorted(found)


def _raise(fault: OSError) -> NoReturn:
    raise fault


def list_exports(
    store: Store = "census",
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How the list is written.")] = "text",
) -> None:
    """List the exports in the store with their ids, and those that were refused."""
    from waspglass.report.census_store import exports_json, exports_text

    manifest = opened(store).manifest()
    say(f"{exports_text(manifest) if form == 'text' else exports_json(manifest)}\n")


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

    say(f"{removed_text(remove_exports(opened(store), exports))}\n")
