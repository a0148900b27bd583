"""Shodan banners, one JSON object a line, as `shodan download` writes them.

Decoded with msgspec into structures that hold only the fields needed: the rest of a banner is checked to be JSON and
skipped without making objects of it, which is where the time of a general JSON reader goes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ClassVar, cast

import msgspec
import polars as pl

from waspglass.census.sighting import ListColumn, Tally, raw_frame
from waspglass.census.sign_columns import placed, read_columns, server_column
from waspglass.census.signs import HONEYPOT, Signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.json_lines import decode_block
from waspglass.census.sources.lines import Block, whole_lines
from waspglass.census.sources.source import BATCH_ROWS, Head, Reader
from waspglass.model.skip import SkipReason

__all__ = ["Shodan"]

_Stated = tuple[str | None, list[str] | str | None, str | None, str | int | float | None]
"""Title, CPE, product and version of a banner, for when its response shows no version."""
_SAID = ("product", "version", "version_from")
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


class _Said(msgspec.Struct, gc=False):
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
    ssl: _Ssl | None = None
    vulns: dict[str, _Vulnerability] | list[str] | None = None
    opts: _Options | None = None
    tags: list[str] | None = None


class _Banner(_Said, gc=False):
    data: str | None = None


class _Line(_Said, gc=False):
    """A banner; or an answer: what was found at a host (`data`), or a page of a search (`matches`)."""

    data: str | list[_Banner] | None = None
    matches: list[_Banner] | None = None


_NOWHERE, _SILENT, _OPEN, _BARE = _Location(), _Http(), _Ssl(), _Certificate()
_NO_FINGERPRINT, _NO_SUBJECT = _Fingerprint(), _Subject()
_NAMELESS: list[str] = []
_PIECE_ROWS, _PIECE_BYTES = 16_384, 64 << 20
"""Banners turned into a frame at once; bounds memory."""


class Shodan(Reader):
    """Reads Shodan's banners."""

    format: ClassVar[str] = "shodan"

    def recognises(self, head: Head) -> bool:
        """Shodan marks each banner with `_shodan`; an export reduced by `jq` still has `ip_str` and `port`."""
        line = head.line
        return line.startswith(b"{") and (b'"_shodan"' in line or (b'"ip_str"' in line and b'"port"' in line))

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """Yields the banners; see `Source.read`. Signs are looked for in another thread, a piece behind."""
        with ThreadPoolExecutor(1) as pool:
            batch: list[Future[pl.DataFrame]] = []
            rows = 0
            for columns in self._pieces(whole_lines(content, tally), tally):
                if len(batch) > 1:
                    batch[-2].result()
                batch.append(pool.submit(columns.frame, self._signs))
                rows += columns.rows
                if rows >= BATCH_ROWS:
                    yield pl.concat([piece.result() for piece in batch])
                    rows, batch = 0, []
            if batch:
                yield pl.concat([piece.result() for piece in batch])

    def frame(self, blocks: Iterable[Block], tally: Tally) -> pl.DataFrame | None:
        """The banners of some blocks; see `LineSource.frame`."""
        pieces = [columns.frame(self._signs) for columns in self._pieces(blocks, tally)]
        return pl.concat(pieces) if pieces else None

    def _pieces(self, blocks: Iterable[Block], tally: Tally) -> Iterator[_Columns]:
        decoder = msgspec.json.Decoder(_Line)
        columns = _Columns()
        for block in blocks:
            numbers, banners = _banners(*decode_block(decoder, block, tally), tally)
            for at in range(0, len(banners), _PIECE_ROWS):  # a line of answers may have millions
                end = at + _PIECE_ROWS
                columns.take(numbers[at:end], banners[at:end], len(block.text))
                if columns.full:
                    yield columns
                    columns = _Columns()
        if columns.rows:
            yield columns


def _banners(numbers: Sequence[int], lines: Sequence[_Line], tally: Tally) -> tuple[Sequence[int], Sequence[_Banner]]:
    """The banners of lines, each with the number of its line; nearly all lines are banners."""
    if not any(line.data.__class__ is list or line.matches for line in lines):
        return numbers, cast("Sequence[_Banner]", lines)
    found: list[tuple[int, _Banner]] = []
    for number, line in zip(numbers, lines, strict=True):
        if isinstance(line.data, list):
            if not line.data:
                tally.add(SkipReason.EMPTY, f"line {number}: a host without services")
            for banner in line.data:
                banner.tags = line.tags if banner.tags is None else banner.tags
                found.append((number, banner))
        else:
            page = line.matches if line.ip_str is None else None  # a banner's own field is no page
            found += [(number, banner) for banner in page or (cast("_Banner", line),)]
    return [number for number, _ in found], [banner for _, banner in found]


class _Columns:
    """Banners turned into columns, a loop for each, which is several times faster than a loop over rows."""

    def __init__(self) -> None:
        self.rows = 0
        self._size = 0
        self._values: defaultdict[str, list[object]] = defaultdict(list)
        self._lists: defaultdict[str, ListColumn] = defaultdict(ListColumn)
        self._heads: list[str | None] = []
        self._pages: list[str | None] = []
        self._stated: list[_Stated] = []
        self._decoys: list[bool] = []

    @property
    def full(self) -> bool:
        """True if a frame should be made before more is taken."""
        return self.rows >= _PIECE_ROWS or self._size >= _PIECE_BYTES

    def take(self, numbers: Sequence[int], banners: Sequence[_Banner], size: int) -> None:
        """Adds the banners of a block of so many bytes, with their line numbers."""
        values = self._values
        self.rows += len(numbers)
        self._size += size
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
        self._lists["verified"].add(
            [
                _verified(banner.vulns, found) if banner.vulns or found else None
                for banner, found in zip(banners, tested, strict=True)
            ]
        )
        self._lists["refuted"].add([_refuted(found) if found else None for found in tested])
        values["compromise"] += [_compromise(banner.tags) if banner.tags else None for banner in banners]
        self._decoys += [HONEYPOT in banner.tags if banner.tags else False for banner in banners]
        certificates = [(banner.ssl or _OPEN).cert or _BARE for banner in banners]
        prints = [each.fingerprint or _NO_FINGERPRINT for each in certificates]
        values["certificate"] += [each.sha256 for each in prints]
        common = [(each.subject or _NO_SUBJECT).CN for each in certificates]
        known = [banner.hostnames or _NAMELESS for banner in banners]
        self._lists["names"].add(
            [
                names if name is None or name in names else [*names, name]
                for names, name in zip(known, common, strict=True)
            ]
        )
        answers = [banner.http or _SILENT for banner in banners]
        self._heads += [
            _head(banner.data or "", answer.headers) if answer.headers else banner.data
            for banner, answer in zip(banners, answers, strict=True)
        ]
        self._pages += [answer.html for answer in answers]
        self._stated += [
            (answer.title, banner.cpe23 or banner.cpe, banner.product, banner.version)
            for banner, answer in zip(banners, answers, strict=True)
        ]

    def frame(self, signs: Signs) -> pl.DataFrame:
        """All that was taken, as a raw frame."""
        heads, pages = (pl.Series(texts, dtype=pl.String) for texts in (self._heads, self._pages))
        self._pages.clear()  # by far the largest; the column has a copy
        shown = read_columns(signs, heads, pages)
        silent = shown["product"].is_null()
        if silent.any():
            said = [_declared(self._stated[place], signs) for place in silent.arg_true().to_list()]
            told = pl.DataFrame(said, dict.fromkeys(_SAID, pl.String), orient="row")
            shown = shown.with_columns(
                pl.coalesce(pl.col(name), pl.lit(placed(told[name], silent))).alias(name) for name in _SAID
            )
        server = pl.coalesce(
            pl.when(pl.col("product") == each.product).then(pl.col(server_column(each.product)))
            for each in signs.products
        )
        known = shown.select(*_SAID, server.alias("server_name"))
        if any(self._decoys):
            decoys = pl.lit(pl.Series(self._decoys))
            known = known.with_columns(product=pl.when(decoys).then(pl.lit(HONEYPOT)).otherwise("product"))
        lists = {name: column.series() for name, column in self._lists.items()}
        return raw_frame({**self._values, **lists, **known.to_dict()})


def _head(head: str, headers: dict[str, _HeaderValue]) -> str:
    """The response's head with the headers that some exports have as an object of their own."""
    values = ((name, value if isinstance(value, list) else [value]) for name, value in headers.items())
    return "\n".join([head, *(f"{name}: {one}" for name, each in values for one in each if one is not None)])


def _declared(stated: _Stated, signs: Signs) -> tuple[str | None, str | None, str | None]:
    """Where the response shows no version: the product by title or CPE, with Shodan's version if it has the form."""
    title, cpe, named, version = stated
    product = signs.product_of(title, cpe)
    if product is None or version is None or named is None or _solid(product) not in _solid(named):
        return product, None, None
    return product, str(version), "field"


def _solid(name: str) -> str:
    """A name as one word: `mail-gate` is `Mail Gate`."""
    return re.sub(r"[\s-]", "", name.lower())


def _verified(vulns: dict[str, _Vulnerability] | list[str] | None, tested: list[str] | None) -> list[str] | None:
    """Only what Shodan tested itself; CVEs that it guessed from a version are no evidence of their own.

    `vulns` marks its entries as verified, `opts.vulns` holds the outcome of tests: `CVE-...`, or `!CVE-...` for none.
    """
    found = dict.fromkeys(name for name in tested or () if not name.startswith("!"))
    if isinstance(vulns, dict):
        found |= dict.fromkeys(name for name, entry in vulns.items() if entry.verified)
    return list(found) or None


def _refuted(tested: list[str]) -> list[str] | None:
    return [name[1:] for name in tested if name.startswith("!")] or None


def _compromise(tags: list[str]) -> str | None:
    """Shodan's own tag is `compromised`; `webshell` is for exports that somebody has marked."""
    return next((tag for tag in ("webshell", "compromised") if tag in tags), None)
