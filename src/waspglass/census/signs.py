"""How products show themselves in banners: applies the `signs.yml` of packs to headers, pages, titles and tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from waspglass.model.errors import Location, UsageError
from waspglass.packs.exposed import ExposedProduct
from waspglass.packs.shipped import shipped_products

__all__ = ["HONEYPOT", "ProductSigns", "Sign", "Signs", "load_signs"]

HONEYPOT = "honeypot"
"""The product of what its source takes for a honeypot, whatever it shows itself as: no pack is about it."""

_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,5}){2,3}")


class Sign(NamedTuple):
    """What a banner gives away.

    Attributes:
        product: Word for the product, of `signs.yml`.
        version: Version as shown, three or four parts; None if only the product is recognised.
        origin: `header`, `path`, `field`, or None.
        server_name: The server's own name from its response headers.
    """

    product: str
    version: str | None = None
    origin: str | None = None
    server_name: str | None = None


@dataclass(frozen=True)
class ProductSigns:
    """The signs of one product, ready to be looked for; see `ExposedProduct`. Headers, feeds and tags in lower case."""

    product: str
    headers: tuple[str, ...]
    server_headers: tuple[str, ...]
    paths: tuple[re.Pattern[str], ...]
    titles: frozenset[str]
    cpe: tuple[str, ...]
    feeds: frozenset[str]
    tags: frozenset[str]
    tests: dict[str, str]
    scripts: frozenset[str]

    def shown(self, values: dict[str, str], head: str, page: str) -> Sign | None:
        """The version of a response header, which is exact (four parts), or else of a path, which has three.

        Args:
            values: The headers, by their names in lower case.
            head: The same as they came; a path may be in one of them.
            page: The page, in which paths are looked for first.
        """
        for header in self.headers:
            if match := _VERSION.match(values.get(header, "")):
                return Sign(self.product, match.group(), "header", self.server_name(values))
        for text in (page, head):
            for pattern in self.paths:
                if (match := pattern.search(text)) and match.group(1) is not None:
                    return Sign(self.product, match.group(1), "path", self.server_name(values))
        return None

    def server_name(self, values: dict[str, str]) -> str | None:
        """The server's own name."""
        for header in self.server_headers:
            if header in values:
                return values[header]
        return None


class Signs:
    """The signs of all products."""

    def __init__(self, products: tuple[ProductSigns, ...]) -> None:
        self.products = products
        self.by_name = {each.product: each for each in products}
        self.tests = {script: cve for each in products for script, cve in each.tests.items()}
        names = {name for each in products for name in (*each.headers, *each.server_headers)}
        wanted = "|".join(re.escape(name) for name in sorted(names)) or "(?!)"
        # The first value of a header counts, and only one that is not empty.
        self._fields = re.compile(rf"\n({wanted}):[ \t]*([^\s][^\n]*)", re.IGNORECASE | re.ASCII)

    def values(self, head: str) -> dict[str, str]:
        """The headers in a raw head that tell about a product, by their names in lower case."""
        return {name.lower(): value.strip() for name, value in reversed(self._fields.findall(head))}

    def read(self, head: str, page: str) -> Sign | None:
        """The first product whose version is shown; a header is better than a path."""
        values = self.values(head)
        shown = (product.shown(values, head, page) for product in self.products)
        return next((sign for sign in shown if sign is not None), None)

    def told(self, title: str | None, cpe: object, head: str = "", version: str | None = None) -> Sign | None:
        """The product by title or CPE, for when no version shows; with the version that a source states, if it is one.

        Args:
            title: Title of the page.
            cpe: One, or a list.
            head: Raw head, for the server's own name.
            version: As the source has it.
        """
        product = self.product_of(title, cpe)
        if product is None:
            return None
        stated = _VERSION.fullmatch(version or "") is not None
        server_name = self.by_name[product].server_name(self.values(head))
        return Sign(product, version if stated else None, "field" if stated else None, server_name)

    def product_of(self, title: str | None, cpe: object) -> str | None:
        """The product that a title or CPE names without a version."""
        for product in self.products:
            if title in product.titles:
                return product.product
            if cpe and any(name in str(entry) for entry in _entries(cpe) for name in product.cpe):
                return product.product
        return None

    def check(self, product: str | None, place: Location | None = None) -> None:
        """Refuses a word that is none of a product; None is none.

        Raises:
            UsageError: With the words that there are.
        """
        if product is not None and product not in self.by_name:
            hint = f"Products are {', '.join(sorted(self.by_name))}; `signs.yml` of a pack describes others (--pack)"
            raise UsageError(f"no product {product!r}", location=place, hint=hint)

    def product_of_feed(self, feed: str) -> str | None:
        """The product that a report type lists."""
        return next((each.product for each in self.products if feed in each.feeds), None)

    def product_of_tags(self, tags: list[str]) -> str | None:
        """The product that a tag names."""
        return next((each.product for each in self.products if each.tags.intersection(tags)), None)


def _entries(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


@cache
def load_signs(own: tuple[ExposedProduct, ...] = ()) -> Signs:
    """The signs of a user's own products, and of those that the packs of this program describe.

    A product that several describe is known by what the first says, and by what the user says before the program.
    """
    described: dict[str, ExposedProduct] = {}
    for each in (*own, *shipped_products()):
        described.setdefault(each.product, each)
    return Signs(tuple(map(_compiled, described.values())))


def _compiled(product: ExposedProduct) -> ProductSigns:
    return ProductSigns(
        product=product.product,
        headers=tuple(name.lower() for name in product.headers),
        server_headers=tuple(name.lower() for name in product.server_headers),
        paths=tuple(map(re.compile, product.paths)),
        titles=frozenset(product.titles),
        cpe=product.cpe,
        feeds=frozenset(map(str.lower, product.feeds)),
        tags=frozenset(map(str.lower, product.tags)),
        tests={test.script: test.cve for test in product.tests},
        scripts=frozenset(product.scripts),
    )
