"""All readers, in the order in which they are asked whether they know a content."""

from __future__ import annotations

from collections.abc import Sequence

from waspglass.census.signs import load_signs
from waspglass.census.sources.censys import Censys
from waspglass.census.sources.mapped_csv import MappedCsv, Mapping
from waspglass.census.sources.nmap import Nmap
from waspglass.census.sources.shadowserver import Shadowserver
from waspglass.census.sources.shodan import Shodan
from waspglass.census.sources.source import Source
from waspglass.packs.exposed import ExposedProduct
from waspglass.packs.shipped import shipped_products

__all__ = ["all_sources"]


def all_sources(mapping: Mapping | None = None, exposed: Sequence[ExposedProduct] = ()) -> tuple[Source, ...]:
    """The built-in readers, and before them a CSV whose columns the user declared.

    Args:
        mapping: What the columns of a plain CSV mean.
        exposed: Products that are recognised besides those that the packs of this program describe. One that these
            describe too is recognised by what is given here.
    """
    own = {each.product for each in exposed}
    products = (*exposed, *(each for each in shipped_products() if each.product not in own))
    signs = load_signs(products)
    declared: tuple[Source, ...] = () if mapping is None else (MappedCsv(mapping),)
    return (*declared, Shodan(signs), Censys(signs), Nmap(signs), Shadowserver(signs))
