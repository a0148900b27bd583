"""All readers, in the order in which they are asked whether they know a content."""

from __future__ import annotations

from waspglass.census.sources.censys import Censys
from waspglass.census.sources.mapped_csv import MappedCsv, Mapping
from waspglass.census.sources.nmap import Nmap
from waspglass.census.sources.shadowserver import Shadowserver
from waspglass.census.sources.shodan import Shodan
from waspglass.census.sources.source import Source

__all__ = ["all_sources"]


def all_sources(mapping: Mapping | None = None) -> tuple[Source, ...]:
    """The built-in readers, and before them a CSV whose columns the user declared."""
    declared: tuple[Source, ...] = () if mapping is None else (MappedCsv(mapping),)
    return (*declared, Shodan(), Censys(), Nmap(), Shadowserver())
