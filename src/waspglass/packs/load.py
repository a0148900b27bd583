"""Loads a campaign pack: a folder of data files becomes one typed, frozen `Pack`."""

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
    TimelineRow,
    Translated,
    WebRoot,
    Window,
)

__all__ = ["AdviceFile", "ArtefactsFile", "ClocksFile", "PackHead", "built_in_packs", "load_pack", "pack_folder"]

_Row = TypeVar("_Row", bound=Document)
_BUILT_IN = Path(__file__).parent
_NO_KNOWLEDGE = frozenset({"samples", "__pycache__"})
"""Folders that do not change what a pack finds, and so not its digest."""


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


def built_in_packs() -> tuple[str, ...]:
    """Ids of the packs that come with the program."""
    return tuple(sorted(head.parent.name for head in _BUILT_IN.glob("*/pack.yml")))


def pack_folder(name_or_dir: str | Path) -> Path:
    """The folder of a pack, by the id of a built-in one or by its path.

    Raises:
        PackError: If there is no such pack.
    """
    folder = Path(name_or_dir)
    if isinstance(name_or_dir, str) and name_or_dir in built_in_packs():
        folder = _BUILT_IN / name_or_dir
    if not (folder / "pack.yml").is_file():
        hint = f"Give a folder that holds a pack.yml, or one of: {', '.join(built_in_packs())}"
        raise PackError(f"no campaign pack {str(name_or_dir)!r}", hint=hint)
    return folder


def load_pack(name_or_dir: str | Path) -> Pack:
    """Loads a built-in pack by its id, or a pack from a folder.

    Rules and indicators stay text (the hunt engine parses and caches them), and the known-good hashes stay on disk.

    Raises:
        PackError: If there is no such pack or a file of it is faulty; carries file, line and field.
    """
    folder = pack_folder(name_or_dir)
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
        if not _NO_KNOWLEDGE.isdisjoint(name.parts):
            continue
        with path.open("rb") as content:
            whole.update(f"{name.as_posix()}\0{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()
