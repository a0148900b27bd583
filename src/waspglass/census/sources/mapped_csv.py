"""A plain CSV whose columns the user declares in a small TOML file, for lists that no scanner format describes.

name = "cert-at"            # files the rows under table.cert-at
product = "exchange"        # optional: all rows are of this product
delimiter = ";"             # optional
encoding = "cp1252"         # optional
time = "%d.%m.%Y %H:%M"     # optional: how `seen` is written, as in Python's strptime; without it ISO 8601
zone = "Europe/Berlin"      # optional: time zone of `seen` where it names none; without it UTC
[columns]                   # our field = column of the file
address = "IP"
version = "Build"
seen = "Zeitpunkt"
[tested]                    # optional: a column whose value tells what a behavioural test found
column = "Ergebnis"
cve = "CVE-2021-26855"
vulnerable = ["verwundbar"]
patched = ["nicht verwundbar"]
[compromised]               # optional
column = "Webshell"
values = ["ja"]
"""

from __future__ import annotations

import codecs
import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import Field, ValidationError, field_validator

from waspglass.census.errors import ExportError
from waspglass.census.sighting import RAW, Tally, raw_frame
from waspglass.census.signs import Signs, load_signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.csv_rows import csv_rows, header_of
from waspglass.census.sources.source import BATCH_ROWS, Head
from waspglass.census.zones import with_offset
from waspglass.model.document import Document
from waspglass.model.errors import Location, UsageError

__all__ = ["MappedCsv", "Mapping", "read_mapping"]

_TEXTS = ("address", "transport", "seen", "country", "region", "city", "asn", "network", "organisation", "sector")
_MORE = ("version", "names", "server_name", "certificate", "url", "port")
_FIELDS = frozenset((*_TEXTS, *_MORE))


class Tested(Document):
    """Which values of a column say what a behavioural test found."""

    column: str
    cve: str = Field(pattern=r"^CVE-\d{4}-\d{4,7}$")
    vulnerable: tuple[str, ...]
    patched: tuple[str, ...] = ()


class Compromised(Document):
    """Which values of a column report a compromise."""

    column: str
    values: tuple[str, ...]


class Mapping(Document):
    """The declaration; see the module's docstring."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    product: str | None = None
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    time: str | None = None
    zone: str = "UTC"
    columns: dict[str, str]
    tested: Tested | None = None
    compromised: Compromised | None = None

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, str]) -> dict[str, str]:
        unknown = sorted(columns.keys() - _FIELDS)
        if unknown or "address" not in columns:
            msg = f"unknown fields {unknown}" if unknown else "no column for address"
            raise ValueError(f"{msg}; fields are {', '.join(sorted(_FIELDS))}")
        return {name: column.strip().lower() for name, column in columns.items()}

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, encoding: str) -> str:
        try:
            return codecs.lookup(encoding).name
        except LookupError as error:
            raise ValueError(f"no encoding {encoding!r}") from error

    @field_validator("time")
    @classmethod
    def _time(cls, form: str | None) -> str | None:
        try:
            if form is not None:
                _written(dt.datetime(2021, 3, 9, 10, 30, tzinfo=dt.UTC).strftime(form), form)
        except (ValueError, re.error) as error:  # the latter where something is in it twice
            raise ValueError(f"no form of a time {form!r}: {error}") from error
        return form

    @field_validator("zone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone {zone!r}") from error
        return zone

    def moment(self, text: str) -> str:
        """A time of the file in UTC as the census reads it; as it stands where it is not written as declared.

        A bare day stays that day in any zone.
        """
        if self.time is None and self.zone == "UTC":
            return text
        try:
            found = dt.datetime.fromisoformat(text) if self.time is None else _written(text, self.time)
            if found.tzinfo is None and found.time() != dt.time():
                found = found.replace(tzinfo=ZoneInfo(self.zone))
            return (found if found.tzinfo is None else found.astimezone(dt.UTC)).strftime("%Y-%m-%dT%H:%M:%S")
        except (ValueError, OverflowError):
            return text


def _written(text: str, form: str) -> dt.datetime:
    """A time of a declared form; names of zones (`%Z`), which Python reads and forgets, as offsets if it has none."""
    if "%Z" in form and "%z" not in form:
        text, form = with_offset(text), form.replace("%Z", "%z")
    return dt.datetime.strptime(text, form)  # noqa: DTZ007 - without a zone the declared one comes next


def read_mapping(path: Path, signs: Signs | None = None) -> Mapping:
    """Reads a declaration.

    Args:
        path: The TOML file.
        signs: Of the products that it may name; by default those of the packs of this program.

    Raises:
        UsageError: If it cannot be read or does not make sense.
    """
    try:
        mapping = Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the mapping cannot be read: {error}", location=Location(str(path))) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"the mapping is wrong: {first['msg']}", location=Location(str(path), field=where)) from error
    (signs or load_signs()).check(mapping.product, Location(str(path), field="product"))
    return mapping


class MappedCsv:
    """Reads a CSV by a declared mapping; asked for with `--mapping`."""

    format: ClassVar[str] = "table"

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping

    def recognises(self, head: Head) -> bool:
        """The header has the column declared for the address."""
        return self.mapping.columns["address"] in self._header(head)

    def _header(self, head: Head) -> list[str]:
        return header_of(head.start, self.mapping.delimiter, self.mapping.encoding)

    def feed(self, head: Head) -> str:  # noqa: ARG002 - part of the seam
        """`table.NAME`."""
        return f"table.{self.mapping.name}"

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yields the rows; see `Source.read`.

        Raises:
            ExportError: If the header lacks a declared column.
        """
        mapping = self.mapping
        declared = {*mapping.columns.values()}
        declared |= {each.column.lower() for each in (mapping.tested, mapping.compromised) if each is not None}
        missing = sorted(declared - {*self._header(head)})
        if missing:
            raise ExportError(f"no column {', '.join(missing)}", location=Location(content.shown, 1))
        columns: dict[str, list[object]] = {name: [] for name in (*RAW.names,)}
        for number, cells in csv_rows(content, tally, delimiter=mapping.delimiter, encoding=mapping.encoding):
            self._take(columns, number, cells)
            if len(columns["address"]) >= BATCH_ROWS:
                yield raw_frame(columns)
                columns = {name: [] for name in RAW.names}
        if columns["address"]:
            yield raw_frame(columns)

    def _take(self, columns: dict[str, list[object]], number: int, cells: dict[str, str]) -> None:
        mapping = self.mapping
        row: dict[str, object] = {name: cells.get(column) or None for name, column in mapping.columns.items()}
        if row.get("seen"):
            row["seen"] = mapping.moment(str(row["seen"]).strip())
        port = str(row.get("port") or "").strip()
        row["port"] = int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else None
        row["names"] = str(row["names"]).replace(";", ",").replace(" ", ",").split(",") if row.get("names") else None
        row["version_from"] = "field" if row.get("version") else None
        row["line"], row["product"] = number, mapping.product
        if mapping.tested is not None:
            value = cells.get(mapping.tested.column.lower(), "").strip()
            row["verified"] = [mapping.tested.cve] if value in mapping.tested.vulnerable else None
            row["refuted"] = [mapping.tested.cve] if value in mapping.tested.patched else None
        if mapping.compromised is not None:
            value = cells.get(mapping.compromised.column.lower(), "").strip()
            row["compromise"] = value if value in mapping.compromised.values else None
        for name, values in columns.items():
            values.append(row.get(name))
