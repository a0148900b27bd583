"""A choropleth: which region has which count, in classes, with what could not be placed said beside it."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TypedDict

from waspglass.census.count import Count
from waspglass.report.census_maps.build import fold
from waspglass.report.census_words import CensusWords

__all__ = ["MAPPED", "MapPicture", "country_map", "country_name", "world_map"]

MAPPED = frozenset({"DE", "AT", "CH"})
"""Countries whose regions have shapes."""
_CLASSES = 5
_TITLE_LETTER, _SMALL_LETTER = 9.2, 6.6
"""How wide a letter is at most on average, in the widest of the fonts that `census_picture.css` names."""


class _Region(TypedDict):
    code: str
    en: str
    de: str
    also: list[str]
    path: str


class _Map(TypedDict):
    id: str
    width: float
    height: float
    regions: list[_Region]


@dataclass(frozen=True)
class Shape:
    """A region: its path, its class (0 none seen, 1 to 5; None not in the data), and what a pointer shows."""

    path: str
    level: int | None
    title: str


@dataclass(frozen=True)
class LegendEntry:
    """A class with its colour and place."""

    level: int | None
    text: str
    x: float
    y: float


@dataclass(frozen=True)
class MapPicture:
    """A map, ready for its template.

    Attributes:
        width: Of the drawing.
        height: Of the shapes alone.
        top: Room above them for the title.
        extra: Room above and below them.
        title: What it shows.
        title_lines: The same, broken to the width.
        shapes: All regions.
        legend: Classes.
        missing: Hosts whose region is unknown or has no shape, as lines; empty if there are none.
    """

    width: float
    height: float
    top: float
    extra: float
    title: str
    title_lines: tuple[str, ...]
    shapes: tuple[Shape, ...]
    legend: tuple[LegendEntry, ...]
    missing: tuple[str, ...]


@cache
def _load(name: str) -> _Map:
    loaded: _Map = json.loads(
        files("waspglass.report").joinpath("census_maps", f"{name}.json").read_text(encoding="utf-8")
    )
    return loaded


@cache
def _names() -> dict[str, dict[str, str]]:
    """Names of countries by language and code; of many more than have a shape."""
    path = files("waspglass.report").joinpath("census_maps", "names.json")
    names: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return names


def country_name(code: str, words: CensusWords) -> str:
    """The name of a country in the report's language; the code where there is none."""
    return _names()[words.language].get(code, code)


def _bounds(values: Sequence[int]) -> list[int]:
    """Upper bounds of the classes: equal steps of the logarithm, since counts of regions differ by magnitudes."""
    largest = max(values, default=0)
    if largest <= _CLASSES:
        return list(range(1, max(largest, 1) + 1))
    bounds = [max(1, round(largest ** (each / _CLASSES))) for each in range(1, _CLASSES)]
    return sorted({*bounds, largest})


def _level(value: int, bounds: Sequence[int]) -> int:
    if value == 0:
        return 0
    step = next(index for index, bound in enumerate(bounds) if value <= bound)
    return step + 1 + (_CLASSES - len(bounds)) * (len(bounds) > 1)


def _picture(shown: _Map, counts: Mapping[str, Count], lost: int, title: str, words: CensusWords) -> MapPicture:
    bounds = _bounds([count.vulnerable for count in counts.values()])
    shapes = []
    for region in shown["regions"]:
        count = counts.get(region["code"])
        name = region["de"] if words.language == "de" else region["en"]
        if count is None:
            shapes.append(Shape(region["path"], None, words.text("map.nothing", name=name)))
            continue
        text = words.text(
            "map.region", name=name, vulnerable=words.number(count.vulnerable), total=words.number(count.total)
        )
        shapes.append(Shape(region["path"], _level(count.vulnerable, bounds), text))
    legend = _legend(bounds, shown["width"], words)
    missing = words.text("map.missing", number=words.number(lost)) if lost else ""
    title_lines = textwrap.wrap(title, int((shown["width"] - 16) / _TITLE_LETTER))
    missing_lines = textwrap.wrap(missing, int((shown["width"] - 16) / _SMALL_LETTER))
    top = 14.0 + 18 * len(title_lines)
    extra = top + legend[-1].y + 34 + (15 * len(missing_lines) + 8 if missing_lines else 0)
    return MapPicture(
        width=shown["width"],
        height=shown["height"],
        top=top,
        extra=extra,
        title=title,
        title_lines=tuple(title_lines),
        shapes=tuple(shapes),
        legend=legend,
        missing=tuple(missing_lines),
    )


def _legend(bounds: Sequence[int], width: float, words: CensusWords) -> tuple[LegendEntry, ...]:
    texts: list[tuple[int | None, str]] = [(None, words.text("map.none")), (0, "0")]
    low = 1
    for bound in bounds:
        text = words.number(bound) if low == bound else f"{words.number(low)} – {words.number(bound)}"
        texts.append((_level(bound, bounds), text))
        low = bound + 1
    columns = len(texts) if width > 700 else 3
    step = (width - 16) / columns
    return tuple(
        LegendEntry(level, text, round(index % columns * step, 1), 20.0 * (index // columns))
        for index, (level, text) in enumerate(texts)
    )


def world_map(counts: Sequence[Count], title: str, words: CensusWords) -> MapPicture:
    """Vulnerable addresses by country."""
    shown = _load("world")
    known = {region["code"] for region in shown["regions"]}
    placed = {count.key: count for count in counts if count.key in known}
    lost = sum(count.vulnerable for count in counts if count.key not in known)
    return _picture(shown, {key: count for key, count in placed.items() if key}, lost, title, words)


def country_map(
    counts: Sequence[Count], vulnerable: int, country: str, title: str, words: CensusWords
) -> MapPicture | None:
    """Vulnerable addresses by region; sources write regions as codes or names.

    Args:
        counts: By region, those of the country.
        vulnerable: All vulnerable addresses of the country; those that are in no shape are said.
        country: Two letters.
        title: What it shows.
        words: Language.

    Returns:
        None for a country without shapes, or where no source says a region.
    """
    if country not in MAPPED:
        return None
    shown = _load(country.lower())
    codes = {also: region["code"] for region in shown["regions"] for also in region["also"]}
    placed: dict[str, list[Count]] = {}
    for count in counts:
        code = codes.get(fold((count.key or "").removeprefix(f"{country} ")))
        if code is not None:
            placed.setdefault(code, []).append(count)
    lost = vulnerable - sum(count.vulnerable for counts in placed.values() for count in counts)
    together = {code: _together(counts) for code, counts in placed.items()}
    return _picture(shown, together, lost, title, words) if together else None


def _together(counts: Sequence[Count]) -> Count:
    """The count of a region that one source writes in two ways."""
    first, *others = counts
    addresses = Counter(first.addresses)
    for other in others:
        addresses.update(other.addresses)
    return replace(first, addresses=dict(addresses))
