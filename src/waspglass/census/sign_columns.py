"""Signs of products by columns: what `Signs.read` tells of one banner, told of thousands at once by Polars.

The regular expressions run outside the interpreter and its lock, which is several times faster than asking banner by
banner, above all where no two servers answer with the same headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_
from typing import NamedTuple

import polars as pl

from waspglass.census.signs import ProductSigns, Signs

__all__ = ["placed", "read_columns", "server_column"]

_VERSION = r"^(\d{1,4}(?:\.\d{1,5}){2,3})"
_SPACE = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))))
_SPACE += "\u2028\u2029\u202f\u205f\u3000"
"""What `str.strip` takes off; Polars' own set lacks four of these characters."""


class _Shown(NamedTuple):
    """The versions that a product shows in one place, for each response."""

    product: str
    origin: str
    versions: pl.Series


def server_column(product: str) -> str:
    """The column of `read_columns` with the names that servers of a product give themselves."""
    return f"{product}.server"


def placed(values: pl.Series, mask: pl.Series) -> pl.Series:
    """A column as long as the mask: the values, in their order, where the mask is true, and null elsewhere."""
    return values.gather(pl.select(pl.when(mask).then(mask.cum_sum() - 1)).to_series())


def read_columns(signs: Signs, heads: pl.Series, pages: pl.Series) -> pl.DataFrame:
    """What each response shows: `product`, `version`, `version_from`, and a `server_column` for each product.

    Args:
        signs: The signs of all products.
        heads: Raw heads of responses; null is an empty one.
        pages: Their pages; null is an empty one.

    Returns:
        A row for each response. `product` is null where no version shows; the server's own name is given for every
        product, since a response without a version can still be of one.
    """
    texts = pl.DataFrame({"head": heads, "page": pages})
    names = sorted({name for each in signs.products for name in (*each.headers, *each.server_headers)})
    fields = texts.with_columns(_field(name) for name in names)
    versions = fields.select(
        _first((pl.col(name).str.extract(_VERSION) for name in each.headers), each.product) for each in signs.products
    )
    shown: list[_Shown] = []
    for product in signs.products:
        shown.append(_Shown(product.product, "header", versions[product.product]))
        if product.paths:
            shown.append(_Shown(product.product, "path", _in_paths(product, texts, shown)))
    return fields.select(
        _chosen([(each.versions, pl.lit(each.product)) for each in shown]).alias("product"),
        _first((pl.lit(each.versions) for each in shown), "version"),
        _chosen([(each.versions, pl.lit(each.origin)) for each in shown]).alias("version_from"),
        *(_first(map(pl.col, each.server_headers), server_column(each.product)) for each in signs.products),
    )


def _field(name: str) -> pl.Expr:
    """The first value of a header that is not empty, where spaces are those of ASCII; `Signs.values` by columns."""
    value = pl.col("head").str.extract(rf"\n(?i-u:{re.escape(name)}):[ \t]*([^ \t\r\n\x0b\x0c][^\n]*)")
    return value.str.strip_chars(_SPACE).alias(name)


def _first(values: Iterable[pl.Expr], name: str) -> pl.Expr:
    known = list(values)
    return (pl.coalesce(known) if known else pl.repeat(None, pl.len(), dtype=pl.String)).alias(name)


def _chosen(values: Sequence[tuple[pl.Series, pl.Expr]]) -> pl.Expr:
    """The word of the first of these columns that is not null."""
    return pl.coalesce(pl.when(pl.lit(column).is_not_null()).then(word) for column, word in values)


def _in_paths(product: ProductSigns, texts: pl.DataFrame, better: Sequence[_Shown]) -> pl.Series:
    """The version of a path, in the page or else in a header; looked for only where nothing better was shown."""
    unknown = reduce(and_, (each.versions.is_null() for each in better))
    patterns = [pattern.pattern for pattern in product.paths]
    found = texts.filter(unknown).select(
        pl.coalesce(pl.col(text).str.extract(pattern) for text in ("page", "head") for pattern in patterns)
    )
    return placed(found.to_series(), unknown)
