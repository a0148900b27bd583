"""Reads the folder of a campaign pack: data files become one frozen `Pack`, or the first fault with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from waspglass.model.document import Document
from waspglass.model.errors import Location, PackError
from waspglass.packs.located import read_table, read_text, read_yaml
from waspglass.packs.pack import (
    AdviceText,
    ArtefactKind,
    BuildRow,
    ClockText,
    Figure,
    Pack,
    RuleSource,
    RuleTitle,
    TimelineRow,
    Translated,
    WebRoot,
    Window,
)
from waspglass.packs.stored import NO_KNOWLEDGE

__all__ = ["AdviceFile", "ArtefactsFile", "ClocksFile", "PackHead", "TitlesFile", "read_folder"]

_Row = TypeVar("_Row", bound=Document)


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
    known_good: str | None = None
    sources: tuple[str, ...] = ()


class ArtefactsFile(Document):
    """`artefacts.yml`: the kinds of artefacts, and which folder is served under which URL."""

    kinds: tuple[ArtefactKind, ...]
    web_roots: tuple[WebRoot, ...] = ()


class AdviceFile(Document):
    """`advice.yml`: next steps."""

    advice: tuple[AdviceText, ...]


class ClocksFile(Document):
    """`clocks.yml`: legal deadlines."""

    clocks: tuple[ClockText, ...]


class TitlesFile(Document):
    """`titles.yml`: what findings of the rules are called in German."""

    titles: tuple[RuleTitle, ...]


def read_folder(folder: Path) -> Pack:
    """The pack in a folder that holds a `pack.yml`.

    Raises:
        PackError: If a file is faulty; carries file, line and field.
    """
    head = read_yaml(_text(folder, "pack.yml"), _shown(folder, "pack.yml"), PackHead)
    if head.schema_ != "waspglass/pack/1":
        where = Location(_shown(folder, "pack.yml"), field="schema")
        raise PackError(f"pack format {head.schema_!r} is not known", location=where, hint="Update waspglass")
    artefacts = read_yaml(_text(folder, "artefacts.yml"), _shown(folder, "artefacts.yml"), ArtefactsFile)
    return Pack(
        id=head.id,
        version=head.version,
        sha256=_digest(folder),
        title=head.title,
        licence=head.licence,
        cves=head.cves,
        products=head.products,
        window=head.window,
        kinds=artefacts.kinds,
        web_roots=artefacts.web_roots,
        builds=_rows(folder, "builds.csv", BuildRow),
        timeline=_rows(folder, "timeline.csv", TimelineRow),
        figures=_rows(folder, "figures.csv", Figure),
        advice=_advice(folder),
        clocks=_clocks(folder),
        titles=_titles(folder),
        sigma=_sources(folder, "sigma", (".yml", ".yaml")),
        yara=_sources(folder, "yara", (".yar", ".yara")),
        indicators=_sources(folder, "indicators", (".json", ".csv")),
        known_good=head.known_good,
        root=str(folder),
    )


def _shown(folder: Path, name: str) -> str:
    return str(folder / name)


def _text(folder: Path, name: str) -> str:
    return read_text(folder / name, _shown(folder, name))


def _rows(folder: Path, name: str, model: type[_Row]) -> tuple[_Row, ...]:
    return read_table(_text(folder, name), _shown(folder, name), model) if (folder / name).exists() else ()


def _advice(folder: Path) -> tuple[AdviceText, ...]:
    name = "advice.yml"
    return read_yaml(_text(folder, name), _shown(folder, name), AdviceFile).advice if (folder / name).exists() else ()


def _clocks(folder: Path) -> tuple[ClockText, ...]:
    name = "clocks.yml"
    return read_yaml(_text(folder, name), _shown(folder, name), ClocksFile).clocks if (folder / name).exists() else ()


def _titles(folder: Path) -> tuple[RuleTitle, ...]:
    name = "titles.yml"
    return read_yaml(_text(folder, name), _shown(folder, name), TitlesFile).titles if (folder / name).exists() else ()


def _files(folder: Path, below: str = "") -> Iterable[Path]:
    return sorted(path for path in (folder / below).rglob("*") if path.is_file())


def _sources(folder: Path, below: str, suffixes: tuple[str, ...]) -> tuple[RuleSource, ...]:
    return tuple(
        RuleSource(path=path.relative_to(folder).as_posix(), text=read_text(path, str(path)))
        for path in _files(folder, below)
        if path.suffix in suffixes
    )


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in _files(folder):
        name = path.relative_to(folder)
        if not NO_KNOWLEDGE.isdisjoint(name.parts):
            continue
        with path.open("rb") as content:
            whole.update(f"{name.as_posix()}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()
