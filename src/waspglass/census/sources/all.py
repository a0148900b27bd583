"""All readers, in the order in which they are asked whether they know a content."""

from __future__ import annotations

from waspglass.census.sources.shadowserver import Shadowserver
from waspglass.census.sources.shodan import Shodan
from waspglass.census.sources.source import Source

__all__ = ["all_sources"]


def all_sources() -> tuple[Source, ...]:
    """The built-in readers."""
    return (Shodan(), Shadowserver())
