"""All readers, in the order in which they are asked whether they know a content."""

from __future__ import annotations

from waspglass.census.signs import Signs
from waspglass.census.sources.censys import Censys
from waspglass.census.sources.mapped_csv import MappedCsv
from waspglass.census.sources.mapped_json import MappedJson
from waspglass.census.sources.mapping import Mapping
from waspglass.census.sources.nmap import Nmap
from waspglass.census.sources.shadowserver import Shadowserver
from waspglass.census.sources.shodan import Shodan
from waspglass.census.sources.source import Source

__all__ = ["all_sources"]


def all_sources(mapping: Mapping | None = None, signs: Signs | None = None) -> tuple[Source, ...]:
    """The built-in readers, and before them one for a list whose columns or paths the user declared.

    Args:
        mapping: What the columns of a plain CSV, or the paths of JSON lines, mean.
        signs: How products are recognised; by default those of the packs of this program.
    """
    declared: tuple[Source, ...] = ()
    if mapping is not None:
        declared = (MappedJson(mapping, signs) if mapping.format == "json" else MappedCsv(mapping, signs),)
    return (*declared, Shodan(signs), Censys(signs), Nmap(signs), Shadowserver(signs))
