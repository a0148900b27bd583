"""From the values that an export writes to sightings: one place that checks, for all sources and by columns."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from waspglass.census.host_name import in_ascii
from waspglass.census.sighting import SIGHTING, Tally
from waspglass.census.zones import ZONES
from waspglass.model.skip import SkipReason

__all__ = ["EARLIEST", "Filing", "normalise"]

_IPV4 = r"^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$"
_HOST_NAME = r"^(?:\*\.)?[a-z0-9_][a-z0-9_-]{0,62}(?:\.[a-z0-9_-]{1,63})*\.[a-z][a-z0-9_-]{0,62}$"
"""No address: certificates name inner ones (192.168.1.10), which many networks have."""
_CVE = r"^CVE-[0-9]{4}-[0-9]{4,7}$"
_VERSION = r"^[0-9]{1,4}(?:\.[0-9]{1,5}){2,3}$"
_DIGEST = "^[0-9a-f]{64}$"
"""SHA-256. Another digest of the same certificate would make a second server of the one that other sources show."""
_IN_UTC = r"^.{19}(?:[.,]\d+)?\s?(?:Z|UTC)?$"
_ZONED = r"^.{19}(?:[.,]\d+)?\s?(?:([+-]\d\d(?::?\d\d)?)(?:\s[A-Za-z]{2,5}|\[[\w/+-]+\])?|([A-Za-z]{1,5}))?$"
"""An offset, after which Go writes the zone's name too and Java its place, or a name."""
_TEXTS = ("region", "city", "network", "organisation", "sector", "product", "server_name", "url", "compromise")
_TEXT_LIMIT = 300
_NAMES_LIMIT = 16
EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Filing:
    """Where the rows of one export belong.

    Attributes:
        source: Feed id, e.g. `shadowserver.scan_exchange`.
        date: Day of the scan, from --date or the file name; None takes the day of each row's own time.
        latest: Times after this are absurd; the clock, passed in.
        product: Product of rows that do not show one themselves (`--product`, a mapping).
    """

    source: str
    date: dt.date | None
    latest: dt.datetime
    product: str | None = None


def normalise(raw: pl.DataFrame, filing: Filing, tally: Tally) -> pa.Table:
    """Sightings of the rows that have an address and a day; the others go to the tally.

    A row whose time is absurd keeps its place if the export's day is known, without the time, and is counted. A port,
    version, name, CVE or digest of impossible form is set to null, as if the export did not have it.
    """
    frame = raw.with_columns(_address(raw["address"]), seen=_moments(raw["seen"]), told=raw["seen"])
    lost = frame.filter(pl.col("address").is_null())
    if lost.height:
        tally.add(
            SkipReason.MALFORMED_LINE, f"line {lost['line'][0]}: no usable address {_first(raw, lost)!r}", lost.height
        )
        frame = frame.filter(pl.col("address").is_not_null())
    absurd = (pl.col("seen") < EARLIEST) | (pl.col("seen") > filing.latest)
    frame = frame.with_columns(
        pl.when(absurd).then(None).otherwise(pl.col("seen")).alias("seen"),
        date=pl.lit(filing.date, dtype=pl.Date) if filing.date else None,
    )
    if filing.date is None:
        frame = frame.with_columns(date=pl.col("seen").dt.date())
        timeless = frame.filter(pl.col("date").is_null())
        if timeless.height:
            told = timeless["told"][0]
            example = "no time" if told is None else f"{told[:40]!r} is no usable time"
            tally.add(SkipReason.BAD_TIME, f"line {timeless['line'][0]}: {example}", timeless.height)
            frame = frame.filter(pl.col("date").is_not_null())
    elif frame["seen"].null_count() > frame["told"].null_count():
        wrong = frame.filter(pl.col("seen").is_null() & (pl.col("told").str.strip_chars() != ""))
        kept = "kept without it, on the export's day"
        if wrong.height:
            example = f"line {wrong['line'][0]}: {str(wrong['told'][0])[:40]!r} is no usable time; {kept}"
            tally.add(SkipReason.BAD_TIME, example, wrong.height)
    # Most columns of most exports are empty; only the others are worth putting right.
    fine = {name for name in frame.columns if frame[name].null_count() == frame.height}
    if frame["certificate"].str.contains(_DIGEST).all():
        fine.add("certificate")
    names = frame["names"].explode()
    odd = names.str.contains(r"[^\x00-\x7f]") & (names.str.len_chars() < 255)  # no host name is longer
    spelt = {name: in_ascii(name) for name in names.filter(odd).unique()}
    columns = frame.with_columns(
        pl.lit(filing.source).alias("source"),
        pl.coalesce(pl.col("product"), pl.lit(filing.product, dtype=pl.String)).alias("product"),
        *(check for check in _checked(spelt) if check.meta.output_name() not in fine),
    ).select(SIGHTING.names)
    return columns.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(SIGHTING)


def _first(raw: pl.DataFrame, lost: pl.DataFrame) -> str:
    value = raw.filter(pl.col("line") == lost["line"][0])["address"][0]
    return str(value)[:60]


def _address(column: pl.Series) -> pl.Series:
    """Canonical text of each address: IPv4 by columns, anything else one by one."""
    stripped = column.str.strip_chars()
    other = stripped.is_not_null() & ~stripped.str.contains(_IPV4)
    if not other.any():
        return stripped.alias("address")
    odd = {text: _canonical(text) for text in stripped.filter(other).unique()}
    kept = pl.Series([odd.get(text, text) for text in stripped], dtype=pl.String)
    return kept.alias("address")


def _canonical(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if address.scope_id is not None:
            return None
    return str(address)


def _moments(column: pl.Series) -> pl.Series:
    """The times of a column; where all are plain ISO 8601 in UTC, without the ways of `_instant` not needed there."""
    text = column.str.strip_chars()
    plain = text.str.slice(0, 19).str.replace(" ", "T", literal=True)
    moments = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="ms", cache=False)
    if moments.null_count() == column.null_count() and text.str.contains(_IN_UTC).all():
        return moments.dt.replace_time_zone("UTC")
    return column.to_frame("seen").select(_instant(column)).to_series()


def _instant(column: pl.Series) -> pl.Expr:
    """ISO 8601 with or without zone, `2021-03-09 10:00:00 CET`, or seconds since 1970; null for anything else.

    What follows the seconds must be understood, or a time would be hours wrong.
    """
    text = pl.col("seen").str.strip_chars()
    plain = text.str.slice(0, 19).str.replace(" ", "T", literal=True)
    moment = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="ms")
    moment = pl.when(text.str.contains(_ZONED)).then(moment - _shift(text))
    if column.dtype == pl.String and column.is_not_null().any():
        sample = column.drop_nulls()
        if sample.str.contains(r"^\d{10}(?:\.\d+)?$").any():
            epoch = text.str.extract(r"^(\d{10})(?:\.\d+)?$").cast(pl.Int64, strict=False) * 1000
            moment = pl.coalesce(moment, pl.from_epoch(epoch, time_unit="ms"))
        if sample.str.contains(r"^\d{4}-\d\d-\d\d$").any():
            moment = pl.coalesce(moment, text.str.to_datetime("%Y-%m-%d", strict=False, time_unit="ms"))
    return moment.dt.replace_time_zone("UTC").cast(pl.Datetime("ms", "UTC"))


def _shift(text: pl.Expr) -> pl.Expr:
    """How far a time is ahead of UTC: nothing where it names no zone, null where the name says several things."""
    signed = text.str.extract(_ZONED, 1).str.replace(":", "", literal=True)
    name = text.str.extract(_ZONED, 2).str.to_uppercase()
    hours = signed.str.slice(0, 3).cast(pl.Int64, strict=False)
    minutes = signed.str.slice(3).cast(pl.Int64, strict=False).fill_null(0)  # PostgreSQL writes `+01`
    sign = pl.when(signed.str.starts_with("-")).then(-1).otherwise(1)
    named = name.replace_strict(ZONES, default=None, return_dtype=pl.Int64)
    without = pl.when(signed.is_null() & name.is_null()).then(0)
    return pl.duration(minutes=pl.coalesce(hours * 60 + sign * minutes, named, without))


def _checked(spelt: dict[str, str]) -> list[pl.Expr]:
    country = pl.col("country").str.strip_chars().str.to_uppercase()
    version = pl.col("version").str.strip_chars()
    asn = pl.col("asn").str.strip_chars().str.to_uppercase().str.strip_prefix("AS").cast(pl.UInt32, strict=False)
    port = pl.col("port")
    certificate = pl.col("certificate").str.to_lowercase()
    cves = [
        pl.col(name).list.eval(
            pl.element().str.to_uppercase().filter(pl.element().str.to_uppercase().str.contains(_CVE))
        )
        for name in ("claimed", "verified", "refuted")
    ]
    return [
        pl.when(country.str.contains("^[A-Z]{2}$")).then(country).alias("country"),
        pl.when(asn > 0).then(asn).alias("asn"),
        pl.when(port.is_between(1, 65535)).then(port).cast(pl.UInt16).alias("port"),
        pl.col("transport").str.strip_chars().str.to_lowercase().str.slice(0, 8).alias("transport"),
        pl.when(version.str.contains(_VERSION)).then(version).alias("version"),
        pl.when(version.str.contains(_VERSION)).then(pl.col("version_from")).alias("version_from"),
        *cves,
        *(_text(name) for name in _TEXTS if name != "product"),
        _names(spelt).alias("names"),
        pl.when(certificate.str.contains(_DIGEST)).then(certificate).alias("certificate"),
    ]


def _text(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars().str.slice(0, _TEXT_LIMIT)
    return pl.when(text != "").then(text).alias(name)


def _names(spelt: dict[str, str]) -> pl.Expr:
    """Host names in lower case, without repetitions, at most 16; a wildcard stays one (`*.example.org`).

    Args:
        spelt: The names with other letters than ASCII, as they are spelt in it.
    """
    element = pl.element().replace(spelt).str.to_lowercase().str.strip_chars(" .")
    kept = element.filter(element.str.contains(_HOST_NAME)).unique(maintain_order=True)
    return pl.col("names").list.eval(kept).list.head(_NAMES_LIMIT)
