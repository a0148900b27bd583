"""What the packs that come with the program know of products in scan exports, whichever pack is asked about."""

from __future__ import annotations

from functools import cache

from waspglass.packs.exposed import ExposedProduct
from waspglass.packs.folder import read_exposed
from waspglass.packs.load import built_in_packs, pack_folder

__all__ = ["shipped_products"]


@cache
def shipped_products() -> tuple[ExposedProduct, ...]:
    """The products of the packs that come with the program; each word of a product stands once."""
    found: dict[str, ExposedProduct] = {}
    for name in built_in_packs():
        for each in read_exposed(pack_folder(name)):
            found.setdefault(each.product, each)
    return tuple(found.values())
