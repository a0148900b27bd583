"""How products show themselves in banners: loads `signs.toml` and applies it to headers, pages, titles and tags."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Header", "ProductSigns", "Sign", "Signs", "load_signs"]

_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,5}){2,3}")


class Sign(NamedTuple):
    """What a banner gives away.

    Attributes:
        product: Product id of `signs.toml`.
        version: Version as shown, three or four parts; None if only the product is recognised.
        origin: `header`, `path`, or None.
    """

    product: str
    version: str | None = None
    origin: str | None = None


@dataclass(frozen=True)
class ProductSigns:
    """The signs of one product; see `signs.toml` for what each list means."""

    product: str
    headers: tuple[Header, ...]
    server_headers: tuple[Header, ...]
    paths: tuple[re.Pattern[str], ...]
    anchors: tuple[str, ...]
    titles: frozenset[str]
    cpe: tuple[str, ...]
    feeds: frozenset[str]
    tags: frozenset[str]
    tests: dict[str, str]
    scripts: frozenset[str]

    def _in_headers(self, head: str) -> str | None:
        for header in self.headers:
            value = header.value(head)
            if value and (match := _VERSION.match(value)):
                return match.group()
        return None

    def _in_page(self, page: str) -> str | None:
        for pattern, anchor in zip(self.paths, self.anchors, strict=True):
            start = page.find(anchor)
            if start >= 0 and (match := pattern.search(page, start)):
                return match.group(1)
        return None

    def read(self, head: str, page: str) -> Sign | None:
        """The best version of a response: a header is exact (four parts), a path in the page has three."""
        version = self._in_headers(head)
        if version is not None:
            return Sign(self.product, version, "header")
        version = self._in_page(page) or self._in_page(head)
        return Sign(self.product, version, "path") if version is not None else None

    def server_name(self, head: str) -> str | None:
        """The server's own name from its response headers."""
        return next(filter(None, (header.value(head) for header in self.server_headers)), None)


class Header:
    """The name of a response header, ready for looking it up in a raw head."""

    __slots__ = ("_lower", "_usual")

    def __init__(self, name: str) -> None:
        self._usual, self._lower = f"\n{name}: ", f"\n{name.lower()}:"

    def value(self, head: str) -> str | None:
        """Its value; the usual spelling is found at once, any other on a second look. None if absent or empty."""
        start = head.find(self._usual)
        if start >= 0:
            start += len(self._usual)
        else:
            lower = head.lower()
            start = lower.find(self._lower)
            # A few letters change their length in lower case (U+0130); places would then not be the same.
            if start < 0 or len(lower) != len(head):
                return None
            start += len(self._lower)
        end = head.find("\n", start)
        return head[start : end if end >= 0 else None].strip() or None


class Signs:
    """The signs of all products."""

    def __init__(self, products: tuple[ProductSigns, ...]) -> None:
        self.products = products
        self.by_name = {each.product: each for each in products}
        self.tests = {script: cve for each in products for script, cve in each.tests.items()}

    def read(self, head: str, page: str) -> Sign | None:
        """The first product whose version is shown."""
        for product in self.products:
            sign = product.read(head, page)
            if sign is not None:
                return sign
        return None

    def product_of(self, title: str | None, cpe: object) -> str | None:
        """The product that a title or CPE names without a version."""
        for product in self.products:
            if title in product.titles:
                return product.product
            if cpe and any(name in str(entry) for entry in _entries(cpe) for name in product.cpe):
                return product.product
        return None

    def product_of_feed(self, feed: str) -> str | None:
        """The product that a report type lists."""
        return next((each.product for each in self.products if feed in each.feeds), None)

    def product_of_tags(self, tags: list[str]) -> str | None:
        """The product that a tag names."""
        return next((each.product for each in self.products if each.tags.intersection(tags)), None)


def _entries(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _anchor(pattern: str) -> str:
    """The literal start of a path pattern, to skip pages that cannot match."""
    return re.split(r"[\\(\[.?*+{|^$]", pattern, maxsplit=1)[0]


@cache
def load_signs() -> Signs:
    """Loads `signs.toml`."""
    tables = tomllib.loads(files("waspglass.census").joinpath("signs.toml").read_text(encoding="utf-8"))
    return Signs(
        tuple(
            ProductSigns(
                product=name,
                headers=tuple(map(Header, table["headers"])),
                server_headers=tuple(map(Header, table["server_headers"])),
                paths=tuple(re.compile(pattern) for pattern in table["paths"]),
                anchors=tuple(_anchor(pattern) for pattern in table["paths"]),
                titles=frozenset(table["titles"]),
                cpe=tuple(table["cpe"]),
                feeds=frozenset(table["feeds"]),
                tags=frozenset(table["tags"]),
                tests=dict(table["tests"]),
                scripts=frozenset(table["scripts"]),
            )
            for name, table in tables.items()
        )
    )
