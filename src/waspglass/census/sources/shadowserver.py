"""Shadowserver's CSV reports: `scan_exchange` as of today and of 2021, and the special reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

import polars as pl

from waspglass.census.sighting import Tally, raw_frame
from waspglass.census.signs import Signs, load_signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.csv_rows import csv_rows, header_of
from waspglass.census.sources.source import BATCH_ROWS, Head

__all__ = ["NAME", "Shadowserver"]

NAME = re.compile(r"^(\d{4}-\d{2}-\d{2})-([^-]+)-(.+)\.csv$")
"""Date, report type and recipient (report types have underscores, no hyphens)."""

_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_COMMON = {"timestamp", "ip", "port", "asn", "geo", "region", "city"}
_EITHER = {"tag", "severity", "naics"}
_COLUMNS = tuple(
    "line address port transport seen country region city asn organisation sector product version version_from"  # noqa: SIM905
    " claimed compromise names server_name url".split()
)


class Shadowserver:
    """Reads the reports by their column names, in any order, so that added columns do no harm."""

    format: ClassVar[str] = "shadowserver"

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
        signs = load_signs()
        product = signs.product_of_feed(self.feed(head).removeprefix("shadowserver."))
        rows: list[tuple[object, ...]] = []
        for number, cells in csv_rows(content, tally):
            rows.append(_row(number, cells, product, signs))
            if len(rows) >= BATCH_ROWS:
                yield raw_frame(dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))
                rows.clear()
        if rows:
            yield raw_frame(dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))


def _row(number: int, cells: dict[str, str], product: str | None, signs: Signs) -> tuple[object, ...]:
    tags = [tag.strip().lower() for tag in re.split(r"[;,]", cells.get("tag", "")) if tag.strip()]
    port = cells.get("port", "").strip()
    version = cells.get("version") or None
    return (
        number,
        cells.get("ip"),
        int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else None,
        cells.get("protocol") or "tcp",
        cells.get("timestamp"),
        cells.get("geo"),
        cells.get("region"),
        cells.get("city"),
        cells.get("asn"),
        cells.get("as_name") or cells.get("organization_name") or None,
        cells.get("sector"),
        product or signs.product_of_tags([*tags, *_named(cells)]),
        version,
        None if version is None else "field",
        _claimed(tags, cells),
        _compromise(tags, cells),
        [cells["hostname"]] if cells.get("hostname") else None,
        cells.get("servername"),
        cells.get("url"),
    )


_DENIALS = ("not ", "no ", "unaffected", "uncompromised", "patched", "mitigated", "fixed", "clean")


def _denies(status: str) -> bool:
    return status.startswith(_DENIALS) or " not " in status


def _named(cells: dict[str, str]) -> list[str]:
    """The CVEs that a special report names in its text."""
    return [found.lower() for found in _CVE.findall(cells.get("detail", ""))]


def _claimed(tags: list[str], cells: dict[str, str]) -> list[str] | None:
    """A CVE among the tags means vulnerable, unless a special report's status denies just that.

    A CVE in such a report's text does where its status says vulnerable.
    """
    status = cells.get("status", "").strip().lower()
    if _denies(status):
        return None
    named = [*tags, *(_named(cells) if "vulnerable" in status else ())]
    return sorted({tag for tag in named if tag.startswith("cve-")}) or None


def _compromise(tags: list[str], cells: dict[str, str]) -> str | None:
    """A web shell tag is a compromise; so is a special report whose status says so, unless it denies it."""
    if any("webshell" in tag or "web-shell" in tag or "backdoor" in tag for tag in tags):
        return "webshell"
    status = cells.get("status", "").strip().lower()
    return status if "compromised" in status and not _denies(status) else None
