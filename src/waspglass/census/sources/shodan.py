"""Shodan banners, one JSON object a line, as `shodan download` writes them.

Decoded with msgspec into structures that hold only the fields needed: the rest of a banner is checked to be JSON and
skipped without making objects of it, which is where the time of a general JSON reader goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import msgspec
import polars as pl

from waspglass.census.sighting import Tally, raw_frame
from waspglass.census.signs import Sign, Signs, load_signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.json_lines import decode_block
from waspglass.census.sources.lines import Block, whole_lines
from waspglass.census.sources.source import BATCH_ROWS, Head

__all__ = ["Shodan"]

_HeaderValue = str | list[str] | int | float | bool | None


class _Location(msgspec.Struct, gc=False):
    country_code: str | None = None
    region_code: str | None = None
    city: str | None = None


class _Http(msgspec.Struct, gc=False):
    title: str | None = None
    html: str | None = None
    headers: dict[str, _HeaderValue] | None = None


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


class _Options(msgspec.Struct, gc=False):
    vulns: list[str] | None = None


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
    cpe: list[str] | str | None = None
    http: _Http | None = None
    data: str | None = None
    ssl: _Ssl | None = None
    vulns: dict[str, _Vulnerability] | list[str] | None = None
    opts: _Options | None = None
    tags: list[str] | None = None


_NOWHERE, _SILENT, _OPEN, _BARE = _Location(), _Http(), _Ssl(), _Certificate()
_NO_FINGERPRINT, _NO_SUBJECT = _Fingerprint(), _Subject()
_PIECE_ROWS = 4096
"""Banners turned into a frame at once: more, and their values have left the cache; fewer, and frames cost more."""


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
        decoder = msgspec.json.Decoder(_Banner)
        columns = _Columns(load_signs())
        for block in whole_lines(content, tally):
            columns.take(*decode_block(decoder, block, tally))
            if columns.rows >= BATCH_ROWS:
                yield columns.frame()
                columns = _Columns(columns.signs)
        if columns.rows:
            yield columns.frame()

    def frame(self, blocks: Iterable[Block], tally: Tally) -> pl.DataFrame | None:
        """The banners of some blocks; see `LineSource.frame`."""
        decoder = msgspec.json.Decoder(_Banner)
        columns = _Columns(load_signs())
        for block in blocks:
            columns.take(*decode_block(decoder, block, tally))
        return columns.frame() if columns.rows else None


class _Columns:
    """Banners turned into columns, a loop for each, which is several times faster than a loop over rows."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs
        self.rows = 0
        self._values: defaultdict[str, list[object]] = defaultdict(list)
        self._pieces: list[pl.DataFrame] = []

    def take(self, numbers: Sequence[int], banners: Sequence[_Banner]) -> None:
        """Adds banners with their line numbers."""
        values = self._values
        self.rows += len(numbers)
        values["line"] += numbers
        values["address"] += [banner.ip_str or banner.ipv6 for banner in banners]
        values["port"] += [banner.port for banner in banners]
        values["transport"] += [banner.transport for banner in banners]
        values["seen"] += [banner.timestamp for banner in banners]
        values["network"] += [banner.isp for banner in banners]
        values["organisation"] += [banner.org for banner in banners]
        networks = [banner.asn for banner in banners]
        values["asn"] += [asn if asn is None or asn.__class__ is str else str(asn) for asn in networks]
        places = [banner.location or _NOWHERE for banner in banners]
        values["country"] += [place.country_code for place in places]
        values["region"] += [place.region_code for place in places]
        values["city"] += [place.city for place in places]
        tested = [(banner.opts.vulns if banner.opts is not None else None) for banner in banners]
        values["verified"] += [
            _verified(banner.vulns, found) if banner.vulns or found else None
            for banner, found in zip(banners, tested, strict=True)
        ]
        values["refuted"] += [_refuted(found) if found else None for found in tested]
        values["compromise"] += [_compromise(banner.tags) if banner.tags else None for banner in banners]
        certificates = [(banner.ssl or _OPEN).cert or _BARE for banner in banners]
        prints = [each.fingerprint or _NO_FINGERPRINT for each in certificates]
        values["certificate"] += [each.sha256 or each.sha1 for each in prints]
        common = [(each.subject or _NO_SUBJECT).CN for each in certificates]
        values["names"] += [_names(banner.hostnames, name) for banner, name in zip(banners, common, strict=True)]
        signs = self._signs(banners)
        for place, name in enumerate(("product", "version", "version_from", "server_name")):
            values[name] += [None if sign is None else sign[place] for sign in signs]
        if len(values["line"]) >= _PIECE_ROWS:
            self._close_piece()

    def _signs(self, banners: Sequence[_Banner]) -> list[Sign | None]:
        answers = [banner.http or _SILENT for banner in banners]
        heads = [
            _head(banner.data or "", answer.headers) if answer.headers else banner.data or ""
            for banner, answer in zip(banners, answers, strict=True)
        ]
        read, signs = self.signs.read, self.signs
        return [
            read(head, answer.html or "") or _declared(banner, head, answer, signs)
            for banner, head, answer in zip(banners, heads, answers, strict=True)
        ]

    def _close_piece(self) -> None:
        self._pieces.append(raw_frame(self._values))
        self._values.clear()

    def frame(self) -> pl.DataFrame:
        """All that was taken, as a raw frame."""
        if self._values:
            self._close_piece()
        return pl.concat(self._pieces)


def _head(head: str, headers: dict[str, _HeaderValue]) -> str:
    """The response's head with the headers that some exports have as an object of their own."""
    return "\n".join([head, *(f"{name}: {value}" for name, value in headers.items())])


def _names(hostnames: list[str] | None, common_name: str | None) -> list[str]:
    names = hostnames or []
    return names if common_name is None or common_name in names else [*names, common_name]


def _declared(banner: _Banner, head: str, http: _Http, signs: Signs) -> Sign | None:
    """Where the response shows no version: the product by title or CPE, with Shodan's version if it has the form."""
    product = signs.product_of(http.title, banner.cpe23 or banner.cpe)
    if product is None:
        return None
    named = banner.product is not None and product in banner.product.lower().replace(" ", "")
    version = str(banner.version) if named and banner.version is not None else None
    return Sign(product, version, None if version is None else "field", signs.server_name(product, head))


def _verified(vulns: dict[str, _Vulnerability] | list[str] | None, tested: list[str] | None) -> list[str] | None:
    """Only what Shodan tested itself; CVEs that it guessed from a version are no evidence of their own.

    `vulns` marks its entries as verified, `opts.vulns` holds the outcome of tests: `CVE-...`, or `!CVE-...` for none.
    """
    found = [name for name in tested or () if not name.startswith("!")]
    if isinstance(vulns, dict):
        found += [name for name, entry in vulns.items() if entry.verified and name not in found]
    return found or None


def _refuted(tested: list[str]) -> list[str] | None:
    return [name[1:] for name in tested if name.startswith("!")] or None


def _compromise(tags: list[str]) -> str | None:
    """Shodan's own tag is `compromised`; `webshell` is for exports that somebody has marked."""
    return next((tag for tag in ("webshell", "compromised") if tag in tags), None)
