"""Shodan banners, one JSON object a line, as `shodan download` writes them.

Decoded with msgspec into structures that hold only the fields needed: the rest of a banner is checked to be JSON and
skipped without making objects of it, which is where the time of a general JSON reader goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec
import polars as pl

from waspglass.census.sighting import Tally, raw_frame
from waspglass.census.signs import Sign, Signs, load_signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.json_lines import decode_lines
from waspglass.census.sources.source import BATCH_ROWS, Head

__all__ = ["Shodan"]


class _Location(msgspec.Struct, gc=False):
    country_code: str | None = None
    region_code: str | None = None
    city: str | None = None


class _Http(msgspec.Struct, gc=False):
    title: str | None = None
    html: str | None = None
    headers: dict[str, str | list[str]] | None = None


class _Fingerprint(msgspec.Struct, gc=False):
    sha256: str | None = None
    sha1: str | None = None


class _Subject(msgspec.Struct, gc=False):
    CN: str | None = None


class _Certificate(msgspec.Struct, gc=False):
    fingerprint: _Fingerprint | None = None
    subject: _Subject | None = None


class _Ssl(msgspec.Struct, gc=False):
    cert: _Certificate | None = None


class _Vulnerability(msgspec.Struct, gc=False):
    verified: bool | None = None


class _Banner(msgspec.Struct, gc=False):
    ip_str: str | None = None
    ipv6: str | None = None
    port: int | None = None
    transport: str | None = None
    hostnames: list[str] | None = None
    org: str | None = None
    isp: str | None = None
    asn: str | int | None = None
    location: _Location | None = None
    timestamp: str | None = None
    product: str | None = None
    version: str | int | float | None = None
    cpe23: list[str] | None = None
    http: _Http | None = None
    data: str | None = None
    ssl: _Ssl | None = None
    vulns: dict[str, _Vulnerability] | list[str] | None = None
    tags: list[str] | None = None


_EMPTY_LOCATION, _EMPTY_HTTP, _EMPTY_SSL = _Location(), _Http(), _Ssl()
_COLUMNS = tuple(
    "line address port transport seen country region city asn network organisation product version version_from"  # noqa: SIM905
    " verified compromise names server_name certificate".split()
)


class Shodan:
    """Reads Shodan's banners."""

    format: ClassVar[str] = "shodan"

    def recognises(self, head: Head) -> bool:
        """Shodan marks each banner with `_shodan`; an export reduced by `jq` still has `ip_str` and `port`."""
        line = head.start.lstrip(b"\xef\xbb\xbf \r\n").split(b"\n", 1)[0]
        return line.startswith(b"{") and (b'"_shodan"' in line or (b'"ip_str"' in line and b'"port"' in line))

    def feed(self, head: Head) -> str:  # noqa: ARG002 - part of the seam
        """All banners are one feed."""
        return "shodan"

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """Yields the banners; see `Source.read`."""
        signs = load_signs()
        rows: list[tuple[object, ...]] = []
        for number, banner in decode_lines(content, _Banner, tally):
            rows.append(_row(number, banner, signs))
            if len(rows) >= BATCH_ROWS:
                yield _frame(rows)
                rows.clear()
        if rows:
            yield _frame(rows)


def _frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return raw_frame(dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))


def _row(number: int, banner: _Banner, signs: Signs) -> tuple[object, ...]:
    http, place = banner.http or _EMPTY_HTTP, banner.location or _EMPTY_LOCATION
    head = banner.data or ""
    if http.headers:
        head = "\n".join([head, *(f"{name}: {value}" for name, value in http.headers.items())])
    sign = signs.read(head, http.html or "") or _declared(banner, http, signs)
    certificate = (banner.ssl or _EMPTY_SSL).cert
    names = banner.hostnames or []
    digest = None
    if certificate is not None:
        if certificate.fingerprint is not None:
            digest = certificate.fingerprint.sha256 or certificate.fingerprint.sha1
        if certificate.subject is not None and certificate.subject.CN:
            names = [*names, certificate.subject.CN]
    return (
        number,
        banner.ip_str or banner.ipv6,
        banner.port,
        banner.transport,
        banner.timestamp,
        place.country_code,
        place.region_code,
        place.city,
        banner.asn if banner.asn.__class__ is str else None if banner.asn is None else str(banner.asn),
        banner.isp,
        banner.org,
        None if sign is None else sign.product,
        None if sign is None else sign.version,
        None if sign is None else sign.origin,
        _verified(banner.vulns) if banner.vulns else None,
        "webshell" if banner.tags and "webshell" in banner.tags else None,
        names,
        None if sign is None else signs.by_name[sign.product].server_name(head),
        digest,
    )


def _declared(banner: _Banner, http: _Http, signs: Signs) -> Sign | None:
    """Where the response shows no version: the product by title or CPE, with Shodan's version if it has the form."""
    product = signs.product_of(http.title, banner.cpe23)
    if product is None:
        return None
    named = banner.product is not None and product in banner.product.lower().replace(" ", "")
    version = str(banner.version) if named and banner.version is not None else None
    return Sign(product, version, None if version is None else "field")


def _verified(vulns: dict[str, _Vulnerability] | list[str]) -> list[str] | None:
    """Only what Shodan tested itself; CVEs that it guessed from a version are no evidence of their own."""
    if isinstance(vulns, list):
        return None
    return [name for name, entry in vulns.items() if entry.verified] or None
