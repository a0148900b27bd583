"""Shadowserver's CSV reports: `scan_exchange` as of today and of 2021, and the special reports."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

import polars as pl

from waspglass.census.sighting import Tally, raw_frame
from waspglass.census.signs import Signs, load_signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.csv_columns import CsvColumns, csv_columns
from waspglass.census.sources.csv_rows import header_of
from waspglass.census.sources.source import BATCH_ROWS, Head

__all__ = ["NAME", "Shadowserver"]

NAME = re.compile(r"^(\d{4}-\d{2}-\d{2})-([^-]+)-(.+)\.csv$")
"""Date, report type and recipient (report types have underscores, no hyphens)."""

_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_COMMON = {"timestamp", "ip", "port", "asn", "geo", "region", "city"}
_EITHER = {"tag", "severity", "naics"}
_AS_THEY_ARE = {
    "address": "ip", "seen": "timestamp", "country": "geo", "region": "region", "city": "city", "asn": "asn",
    "sector": "sector", "server_name": "servername", "url": "url",
}  # fmt: skip


class Shadowserver:
    """Reads the reports by their column names, in any order, so that added columns do no harm."""

    format: ClassVar[str] = "shadowserver"

    def __init__(self, signs: Signs | None = None) -> None:
        self._signs = load_signs() if signs is None else signs

    def recognises(self, head: Head) -> bool:
        """All report generations share seven columns and have one of `tag`, `severity`, `naics`."""
        names = set(header_of(head.start))
        return names >= _COMMON and bool(names & _EITHER)

    def feed(self, head: Head) -> str:
        """`shadowserver.TYPE` from the file name, or from the columns that only special reports have."""
        match = NAME.match(head.name)
        if match:
            return f"shadowserver.{re.sub(r'[^a-z0-9_]', '_', match[2].lower())}"
        names = set(header_of(head.start))
        if {"status", "method"} <= names:
            return "shadowserver.special"
        return "shadowserver.scan_exchange" if "servername" in names else "shadowserver.report"

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yields the rows; see `Source.read`."""
        product = self._signs.product_of_feed(self.feed(head).removeprefix("shadowserver."))
        told = partial(_told, product, self._signs)
        columns: defaultdict[str, list[object]] = defaultdict(list)
        for rows in csv_columns(content, tally):
            _take(columns, rows, told)
            if len(columns["address"]) >= BATCH_ROWS:
                yield raw_frame(columns)
                columns.clear()
        if columns:
            yield raw_frame(columns)


_Told = tuple[str | None, list[str] | None, str | None]
"""Product, CVEs claimed, and compromise."""


def _take(columns: dict[str, list[object]], rows: CsvColumns, told: Callable[[str, str, str], _Told]) -> None:
    """Adds rows to the columns, a loop for each; what is the same in many rows is worked out once."""
    nothing = [None] * len(rows.numbers)
    columns["line"] += rows.numbers
    for name, column in _AS_THEY_ARE.items():
        columns[name] += rows.get(column) or nothing
    ports = rows.texts("port")
    known_ports = {cell: _port(cell) for cell in {*ports}}
    columns["port"] += [known_ports[cell] for cell in ports]
    columns["transport"] += [cell or "tcp" for cell in rows.texts("protocol")]
    columns["organisation"] += [
        one or other or None for one, other in zip(rows.texts("as_name"), rows.texts("organization_name"), strict=True)
    ]
    versions = rows.texts("version")
    columns["version"] += [version or None for version in versions]
    columns["version_from"] += ["field" if version else None for version in versions]
    columns["names"] += [[name] if name else None for name in rows.texts("hostname")]
    words = list(zip(rows.texts("tag"), rows.texts("status"), rows.texts("detail"), strict=True))
    known = {each: told(*each) for each in {*words}}
    for place, name in enumerate(("product", "claimed", "compromise")):
        columns[name] += [known[each][place] for each in words]


def _port(cell: str) -> int | None:
    port = cell.strip()
    return int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else None


def _told(product: str | None, signs: Signs, tag: str, status: str, detail: str) -> _Told:
    tags = [word.strip().lower() for word in re.split(r"[;,]", tag) if word.strip()]
    named = [found.lower() for found in _CVE.findall(detail)]
    denied = status.strip().lower()
    known = product or signs.product_of_tags([*tags, *named])
    return known, _claimed(tags, denied, named), _compromise(tags, denied)


_DENIALS = ("not ", "no ", "unaffected", "uncompromised", "patched", "mitigated", "fixed", "clean")


def _denies(status: str) -> bool:
    return status.startswith(_DENIALS) or " not " in status


def _claimed(tags: list[str], status: str, named: list[str]) -> list[str] | None:
    """A CVE among the tags means vulnerable, unless a special report's status denies just that.

    A CVE that such a report names in its text does where its status says vulnerable.
    """
    if _denies(status):
        return None
    meant = [*tags, *(named if "vulnerable" in status else ())]
    return sorted({tag for tag in meant if tag.startswith("cve-")}) or None


def _compromise(tags: list[str], status: str) -> str | None:
    """A web shell tag is a compromise; so is a special report whose status says so, unless it denies it."""
    if any("webshell" in tag or "web-shell" in tag or "backdoor" in tag for tag in tags):
        return "webshell"
    return status if "compromised" in status and not _denies(status) else None
