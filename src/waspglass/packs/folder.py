"""Reads the folder of a campaign pack: data files become one frozen `Pack`, or the first fault with its place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import Field

from waspglass.model.document import Document
from waspglass.model.errors import Location, PackError
from waspglass.model.path_status import is_file, status_of
from waspglass.packs.based import base_file
from waspglass.packs.exposed import ExposedProduct, SignsFile
from waspglass.packs.located import read_table, read_text, read_yaml
from waspglass.packs.pack import (
    AdviceText,
    ArtefactKind,
    BuildRow,
    ClockText,
    Figure,
    NoEntry,
    Pack,
    RuleSource,
    RuleTitle,
    TimelineRow,
    Translated,
    WebRoot,
    Window,
)

__all__ = [
    "SOURCES",
    "TABLES",
    "YAML_FILES",
    "AdviceFile",
    "ArtefactsFile",
    "ClocksFile",
    "PackHead",
    "TitlesFile",
    "is_of_a_tool",
    "is_outside",
    "read_exposed",
    "read_folder",
    "sample_fault",
]

SOURCES = {
    "sigma": frozenset({".yml", ".yaml"}),
    "yara": frozenset({".yar", ".yara"}),
    "indicators": frozenset({".json", ".csv"}),
}
"""Folder of rules -> how the names of its files end."""

_Row = TypeVar("_Row", bound=Document)
_File = TypeVar("_File", bound=Document)


class PackHead(Document):
    """`pack.yml`: what the campaign is.

    Attributes:
        schema_: Version of the pack format.
        id: The word for `--pack`; the folder's name.
        version: Of the pack's content; raise it with each change.
        title: What a person calls the campaign.
        licence: SPDX identifier of the pack's own content.
        cves: The flaws.
        products: Product lines concerned, as in `builds.csv`.
        window: The campaign's decisive moments, with their sources.
        no_entry: Product lines into which the flaws alone let nobody.
        lid_remedy: What to collect if the build is not known.
        known_good: File of known-good hashes (`packs/known_good.py`), if the pack has one.
        sources: What the pack as a whole was made from.
    """

    schema_: str = Field(alias="schema")
    id: str
    version: str
    title: Translated
    licence: str
    cves: tuple[str, ...]
    products: tuple[str, ...]
    window: Window
    no_entry: tuple[NoEntry, ...] = ()
    lid_remedy: Translated | None = None
    known_good: str | None = None
    sources: tuple[str, ...] = ()


class ArtefactsFile(Document):
    """`artefacts.yml`: the kinds of artefacts, which folder is served under which URL, and pages of the product."""

    kinds: tuple[ArtefactKind, ...]
    web_roots: tuple[WebRoot, ...] = ()
    product_pages: tuple[str, ...] = ()


class AdviceFile(Document):
    """`advice.yml`: next steps."""

    advice: tuple[AdviceText, ...]


class ClocksFile(Document):
    """`clocks.yml`: legal deadlines."""

    clocks: tuple[ClockText, ...]


class TitlesFile(Document):
    """`titles.yml`: what findings of the rules are called in German."""

    titles: tuple[RuleTitle, ...]


YAML_FILES: dict[str, type[Document]] = {
    "pack.yml": PackHead,
    "artefacts.yml": ArtefactsFile,
    "advice.yml": AdviceFile,
    "clocks.yml": ClocksFile,
    "titles.yml": TitlesFile,
    "signs.yml": SignsFile,
}
TABLES: dict[str, type[Document]] = {"builds.csv": BuildRow, "timeline.csv": TimelineRow, "figures.csv": Figure}
"""File -> the document of one row."""


def read_folder(folder: Path) -> Pack:
    """The pack in a folder that holds a `pack.yml`.

    Raises:
        PackError: If a file is faulty, or what may hold rules cannot be read; carries file, line and field.
    """
    try:
        return _read(folder)
    except OSError as fault:
        raise PackError(f"cannot read: {fault.strerror}", location=Location(str(fault.filename))) from fault


def _read(folder: Path) -> Pack:
    head = read_yaml(_text(folder, "pack.yml"), _shown(folder, "pack.yml"), PackHead)
    if head.schema_ != "waspglass/pack/1":
        where = Location(_shown(folder, "pack.yml"), field="schema")
        raise PackError(f"pack format {head.schema_!r} is not known", location=where, hint="Update waspglass")
    artefacts = read_yaml(_text(folder, "artefacts.yml"), _shown(folder, "artefacts.yml"), ArtefactsFile)
    clocks = _optional(folder, "clocks.yml", ClocksFile, ClocksFile(clocks=())).clocks
    return Pack(
        id=head.id,
        version=head.version,
        sha256=_digest(folder, head, {entry.base for entry in (*artefacts.kinds, *clocks) if entry.base is not None}),
        title=head.title,
        licence=head.licence,
        cves=head.cves,
        products=head.products,
        window=head.window,
        no_entry=head.no_entry,
        kinds=artefacts.kinds,
        web_roots=artefacts.web_roots,
        product_pages=artefacts.product_pages,
        builds=_rows(folder, "builds.csv", BuildRow),
        timeline=_rows(folder, "timeline.csv", TimelineRow),
        figures=_rows(folder, "figures.csv", Figure),
        advice=_optional(folder, "advice.yml", AdviceFile, AdviceFile(advice=())).advice,
        clocks=clocks,
        titles=_optional(folder, "titles.yml", TitlesFile, TitlesFile(titles=())).titles,
        exposed=read_exposed(folder),
        sigma=_sources(folder, "sigma"),
        yara=_sources(folder, "yara"),
        indicators=_sources(folder, "indicators"),
        lid_remedy=head.lid_remedy,
        known_good=head.known_good,
        root=str(folder),
    )


def read_exposed(folder: Path) -> tuple[ExposedProduct, ...]:
    """The products that a pack's folder describes; none if it has no `signs.yml`.

    Raises:
        PackError: If the file is faulty; carries file, line and field.
    """
    return _optional(folder, "signs.yml", SignsFile, SignsFile(products=())).products


def _shown(folder: Path, name: str) -> str:
    return str(folder / name)


def _text(folder: Path, name: str) -> str:
    return read_text(folder / name, _shown(folder, name))


def _rows(folder: Path, name: str, model: type[_Row]) -> tuple[_Row, ...]:
    return read_table(_text(folder, name), _shown(folder, name), model) if status_of(folder / name) else ()


def _optional(folder: Path, name: str, model: type[_File], nothing: _File) -> _File:
    return read_yaml(_text(folder, name), _shown(folder, name), model) if status_of(folder / name) else nothing


def _sources(folder: Path, below: str) -> tuple[RuleSource, ...]:
    return tuple(
        RuleSource(path=inside, text=read_text(folder / inside, _shown(folder, inside)))
        for inside in (path.relative_to(folder).as_posix() for path in _source_files(folder, below))
    )


def _source_files(folder: Path, below: str) -> list[Path]:
    """Rule files in order; names that begin with a dot are those of tools (`.git`, `._rule.yml`).

    Raises:
        OSError: If a folder cannot be listed: rules that nobody saw would make a host look clean.
        PackError: If a name leads to no file, or is a link to a folder.
    """
    found: list[Path] = []
    if status_of(folder / below):
        for parent, deeper, names in os.walk(folder / below, onerror=_refuse):
            deeper[:] = [name for name in deeper if not name.startswith(".")]
            found += (Path(parent, name) for name in names if not name.startswith("."))
            if links := [path for name in sorted(deeper) if (path := Path(parent, name)).is_symlink()]:
                raise PackError("links to folders are not followed", location=Location(str(links[0])))
    files = sorted(path for path in found if path.suffix in SOURCES[below])
    for path in files:
        if not is_file(path):
            raise PackError("there is no file behind this name", location=Location(str(path)))
    return files


def _refuse(fault: OSError) -> NoReturn:
    raise fault


def is_outside(folder: Path, name: str) -> bool:
    """Whether a path that a pack names leads out of its folder."""
    return not (folder / name).resolve().is_relative_to(folder.resolve())


def is_of_a_tool(inside: Path) -> bool:
    """Whether a path inside a pack is none of the pack's: it, or a folder above it, begins with a dot."""
    return any(part.startswith(".") for part in inside.parts)


def _digest(folder: Path, head: PackHead, bases: Iterable[str]) -> str:
    """A digest of the files that are read here, and of the bases; what else lies in the folder changes nothing."""
    read = {folder / name for name in (*YAML_FILES, *TABLES, *([head.known_good] if head.known_good else ()))}
    whole = hashlib.sha256()
    for path in sorted({*read, *(path for below in SOURCES for path in _source_files(folder, below))}):
        if is_file(path):
            with path.open("rb") as content:
                row = f"{path.relative_to(folder).as_posix()}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n"
            whole.update(row.encode())
    for base in sorted(bases):
        whole.update(f"{base}\0".encode() + base_file(base).read_bytes())
    return whole.hexdigest()


def sample_fault(folder: Path, name: str) -> str | None:
    """Why a sample that a rule names cannot be used."""
    if is_outside(folder, name):
        return f"the sample {name} lies outside of the pack"
    return None if status_of(folder / name) else f"there is no sample {name}"
