"""Shadowserver's CSV reports: `scan_exchange` of today and of 2021, special reports, compromised hosts, devices.

Report types and their columns: The-Shadowserver-Foundation/report_schema, `reports.json` of 24 March 2026.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

import polars as pl

from waspglass.census.sighting import Tally, raw_frame
from waspglass.census.signs import Signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.csv_columns import CsvColumns, csv_columns
from waspglass.census.sources.csv_rows import delimiter_of, header_of
from waspglass.census.sources.source import BATCH_ROWS, Head, Reader, port_of

__all__ = ["NAME", "SEEN_BY", "Shadowserver"]

NAME = re.compile(r"^(\d{4}-\d{2}-\d{2})-([^-]+)-(.+)\.csv$")
"""Date, report type and recipient (report types have underscores, no hyphens)."""

SEEN_BY = "seen-by-"
"""Begins a tag of the lists in our own messages, which have these columns and are no report of Shadowserver's."""

_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_COMMON = {"timestamp", "ip", "port", "asn", "geo", "region", "city"}
_EITHER = {"tag", "severity", "naics"}
_COMPROMISED = ("compromised_website", "compromised_iot")
"""Report types in which each row is a compromise (`system-compromise` in the schema), also those of IPv6."""
_BY_COLUMNS = {
    "special": {"status", "method"},
    "scan_exchange": {"servername", "version"},
    "compromised_website": {"detected_since"},
    "compromised_iot": {"source_type"},
}
"""Columns that, of all report types, these alone have: a file that was renamed is known by them."""
_GERMAN = re.compile(r"^(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d)$")
"""How a spreadsheet in German saves a time; a report's are UTC."""
_AS_THEY_ARE = {
    "address": "ip", "country": "geo", "region": "region", "city": "city", "asn": "asn",
    "sector": "sector", "server_name": "servername", "url": "url",
}  # fmt: skip


class Shadowserver(Reader):
    """Reads the reports by their column names, in any order, so that added columns do no harm."""

    format: ClassVar[str] = "shadowserver"

    def recognises(self, head: Head) -> bool:
        """All report generations share seven columns and have one of `tag`, `severity`, `naics`."""
        names = set(_names(head))
        return names >= _COMMON and bool(names & _EITHER)

    def feed(self, head: Head) -> str:
        """`shadowserver.TYPE` from the file name, or from columns that only this type has.

        `table.hosts` for `hosts.csv` of our own messages.
        """
        if any(tag.startswith(SEEN_BY) for tag in _tags(_first_tag(head))):
            return "table.hosts"
        match = NAME.match(head.name)
        if match:
            return f"shadowserver.{re.sub(r'[^a-z0-9_]', '_', match[2].lower())}"
        names = set(_names(head))
        known = (report for report, columns in _BY_COLUMNS.items() if columns <= names)
        return f"shadowserver.{next(known, 'report')}"

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yields the rows; see `Source.read`."""
        report = self.feed(head).removeprefix("shadowserver.")
        told = partial(_told, self._signs.product_of_feed(report), self._signs, report.startswith(_COMPROMISED))
        columns: defaultdict[str, list[object]] = defaultdict(list)
        for rows in csv_columns(content, tally, _delimiter(head)):
            _take(columns, rows, told)
            if len(columns["address"]) >= BATCH_ROWS:
                yield raw_frame(columns)
                columns.clear()
        if columns:
            yield raw_frame(columns)


def _delimiter(head: Head) -> str:
    return delimiter_of(head.line.decode("utf-8", "replace"))


def _names(head: Head) -> list[str]:
    return header_of(head.line, _delimiter(head))


def _first_tag(head: Head) -> str:
    """The tags of the first row that has any; empty if none does."""
    text = io.StringIO(head.start.decode("utf-8", "replace"))
    names = _names(head)
    rows = (dict(zip(names, row, strict=False)) for row in csv.reader(text, delimiter=_delimiter(head)))
    try:
        return next((tag for row in rows if (tag := row.get("tag", "")) not in ("", "tag")), "")
    except csv.Error:
        return ""


_Told = tuple[str | None, list[str] | None, str | None]
"""Product, CVEs claimed, and compromise."""


def _take(columns: dict[str, list[object]], rows: CsvColumns, told: Callable[[str, str, str, str, str], _Told]) -> None:
    """Adds rows to the columns, a loop for each; what is the same in many rows is worked out once."""
    nothing = [None] * len(rows.numbers)
    columns["line"] += rows.numbers
    for name, column in _AS_THEY_ARE.items():
        columns[name] += rows.get(column) or nothing
    times = rows.get("timestamp")
    columns["seen"] += nothing if times is None else [_GERMAN.sub(r"\3-\2-\1 \4:00", time) for time in times]
    ports = rows.texts("port")
    known_ports = {cell: port_of(cell) for cell in {*ports}}
    columns["port"] += [known_ports[cell] for cell in ports]
    columns["transport"] += [cell or "tcp" for cell in rows.texts("protocol")]
    columns["organisation"] += [
        one or other or None for one, other in zip(rows.texts("as_name"), rows.texts("organization_name"), strict=True)
    ]
    versions = rows.texts("version" if rows.get("version") else "device_version")
    columns["version"] += [version or None for version in versions]
    columns["version_from"] += ["field" if version else None for version in versions]
    columns["names"] += [[name] if name else None for name in rows.texts("hostname")]
    telling = ("tag", "status", "detail", "device_vendor", "device_model")
    words = list(zip(*map(rows.texts, telling), strict=True))
    known = {each: told(*each) for each in {*words}}
    for place, name in enumerate(("product", "claimed", "compromise")):
        columns[name] += [known[each][place] for each in words]


def _told(
    product: str | None, signs: Signs, reports: bool, tag: str, status: str, detail: str, vendor: str, model: str
) -> _Told:
    """What the words of a row say; `reports` is true for a report of compromised hosts.

    There a CVE says how somebody came in, and not that the way is still open.
    """
    tags = _tags(tag)
    named = [found.lower() for found in _CVE.findall(detail)]
    denied = status.strip().lower()
    known = product or signs.product_of_tags([*tags, *named]) or _product_of_device(signs, vendor, model)
    found = _compromise(tags, denied)
    if reports:
        return known, None, found or (None if _denies(denied) else denied or "compromised")
    return known, _claimed(tags, denied, named), found


def _tags(cell: str) -> list[str]:
    return [word.strip().lower() for word in re.split(r"[;,]", cell) if word.strip()]


def _product_of_device(signs: Signs, vendor: str, model: str) -> str | None:
    """The product that a device is said to be, by the names in its CPE: model SharePoint is `sharepoint_server`."""
    if not vendor or not model:
        return None
    said = "_".join(f"{vendor.strip()}:{model.strip()}".lower().split())
    return next(
        (each.product for each in signs.products if any(f"{cpe}_".startswith(f"{said}_") for cpe in each.cpe)), None
    )


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


_SHELLS = ("webshell", "web-shell", "backdoor")
_IMPLANT = re.compile(r"(?:.*-)?(?:compromised|implant)")
_DENIED = re.compile(r"(?:.*-)?(?:not|non|no|never)-.*")


def _compromise(tags: list[str], status: str) -> str | None:
    """A web shell tag is a compromise; so is a status that says so, unless it denies it, and a tag of these words."""
    tags = [tag for tag in tags if not _DENIED.fullmatch(tag)]
    if any(word in tag for tag in tags for word in _SHELLS):
        return "webshell"
    if "compromised" in status and not _denies(status):
        return status
    return next((tag for tag in tags if _IMPLANT.fullmatch(tag)), None)
