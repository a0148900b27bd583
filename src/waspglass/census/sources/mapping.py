"""What the columns or paths of a list mean that no scanner format describes: declared by the user in a small TOML file.

name = "cert-at"            # files the rows under table.cert-at
format = "csv"              # or "json": JSON lines
product = "exchange"        # optional: all rows are of this product
delimiter = ";"             # optional, of a CSV
encoding = "cp1252"         # optional, of a CSV
each = "services"           # optional, of JSON: the list in a record of which each element is a sighting
time = "%d.%m.%Y %H:%M"     # optional: how `seen` is written, as in strptime; without it ISO 8601, or since 1970
zone = "Europe/Berlin"      # optional: time zone of `seen` where it names none; without it UTC
[columns]                   # our field = column of the file, or path in the record (`network.asn.number`), or several:
                            # the first that has a value counts (`["host_ip", "host"]`)
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
from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from waspglass.census.errors import reason_of
from waspglass.census.signs import Signs, load_signs
from waspglass.census.zones import with_offset
from waspglass.model.document import Document
from waspglass.model.errors import Location, UsageError

__all__ = ["SHOWN", "Mapping", "read_mapping", "shipped_mappings"]

_SHIPPED = Path(__file__).with_name("mappings")

_TEXTS = ("address", "transport", "seen", "country", "region", "city", "asn", "network", "organisation", "sector")
_MORE = ("version", "names", "server_name", "certificate", "url", "port")
SHOWN = ("head", "page", "title", "cpe")
"""What a host answered; the product and its version are read from it as from the banners of the known formats."""
_FIELDS = frozenset((*_TEXTS, *_MORE, *SHOWN))
_MILLISECONDS = re.compile(r"\d{13}")


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
    format: Literal["csv", "json"] = "csv"
    product: str | None = None
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    each: str | None = None
    time: str | None = None
    zone: str = "UTC"
    columns: dict[str, str | tuple[str, ...]]
    tested: Tested | None = None
    compromised: Compromised | None = None

    @field_validator("columns")
    @classmethod
    def _known(
        cls, columns: dict[str, str | tuple[str, ...]], info: ValidationInfo
    ) -> dict[str, str | tuple[str, ...]]:
        unknown = sorted(columns.keys() - _FIELDS)
        if unknown or "address" not in columns:
            msg = f"unknown fields {unknown}" if unknown else "no column for address"
            raise ValueError(f"{msg}; fields are {', '.join(sorted(_FIELDS))}")
        if empty := sorted(name for name, told in columns.items() if not told):
            raise ValueError(f"no column for {', '.join(empty)}")
        return {
            name: _plain(told, info) if isinstance(told, str) else tuple(_plain(each, info) for each in told)
            for name, told in columns.items()
        }

    @field_validator("tested", "compromised")
    @classmethod
    def _told_in(cls, told: Tested | Compromised | None, info: ValidationInfo) -> Tested | Compromised | None:
        return None if told is None else told.model_copy(update={"column": _plain(told.column, info)})

    @model_validator(mode="after")
    def _of_one_format(self) -> Self:
        of_others = {"each"} if self.format == "csv" else {"delimiter", "encoding"}
        odd = sorted(of_others & self.model_fields_set)
        if odd:
            raise ValueError(f"{', '.join(odd)} says nothing about {self.format}")
        return self

    @cached_property
    def places(self) -> dict[str, tuple[str, ...]]:
        """Our fields, each with its columns or paths, of which the first with a value counts."""
        return {name: (told,) if isinstance(told, str) else told for name, told in self.columns.items()}

    @property
    def declared(self) -> tuple[tuple[str, ...], ...]:
        """All columns or paths that it names, each once, together with those that may stand for it."""
        more = ((each.column,) for each in (self.tested, self.compromised) if each is not None)
        return tuple(dict.fromkeys((*self.places.values(), *more)))

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
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {zone!r}") from error
        return zone

    def moment(self, text: str) -> str:
        """A time of the file in UTC as the census reads it; as it stands where it is not written as declared.

        A bare day stays that day in any zone.
        """
        if _MILLISECONDS.fullmatch(text):
            return dt.datetime.fromtimestamp(int(text) // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        if self.time is None and self.zone == "UTC":
            return text
        try:
            found = dt.datetime.fromisoformat(text) if self.time is None else _written(text, self.time)
            if found.tzinfo is None and found.time() != dt.time():
                found = found.replace(tzinfo=ZoneInfo(self.zone))
            return (found if found.tzinfo is None else found.astimezone(dt.UTC)).strftime("%Y-%m-%dT%H:%M:%S")
        except (ValueError, OverflowError):
            return text


def _plain(column: str, info: ValidationInfo) -> str:
    """A column of a CSV as the header is read, in lower case; a path of JSON as it stands."""
    return column.strip() if info.data.get("format") == "json" else column.strip().lower()


def _written(text: str, form: str) -> dt.datetime:
    """A time of a declared form; names of zones (`%Z`), which Python reads and forgets, as offsets if it has none."""
    if "%Z" in form and "%z" not in form:
        text, form = with_offset(text), form.replace("%Z", "%z")
    return dt.datetime.strptime(text, form)  # noqa: DTZ007 - without a zone the declared one comes next


def shipped_mappings() -> tuple[str, ...]:
    """The scanners whose declarations come with the program, by the words for `--mapping`."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.toml")))


def read_mapping(path: Path, signs: Signs | None = None) -> Mapping:
    """Reads a declaration.

    Args:
        path: The TOML file; if there is none, the name of a scanner whose declaration comes with the program.
        signs: Of the products that it may name; by default those of the packs of this program.

    Raises:
        UsageError: If it cannot be read or does not make sense.
    """
    known = shipped_mappings()
    file = _SHIPPED / f"{path}.toml" if str(path) in known and not path.is_file() else path
    try:
        mapping = Mapping.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        hint = f"Write one, or name a scanner that is known: {', '.join(known)}"
        message = f"the mapping cannot be read: {reason_of(error)}"
        raise UsageError(message, location=Location(str(path)), hint=hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"the mapping is wrong: {first['msg']}", location=Location(str(path), field=where)) from error
    (signs or load_signs()).check(mapping.product, Location(str(path), field="product"))
    return mapping
