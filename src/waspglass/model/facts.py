"""What the user knows about a host and the evidence may not say (`--facts facts.json`)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from waspglass.model.document import Document, Instant

__all__ = ["BuildFact", "BuildSighting", "Certainty", "Facts"]


class Certainty(StrEnum):
    """How far a derived fact can be trusted."""

    STATED = "stated"
    """The user said so."""
    PROVEN = "proven"
    """The evidence says so directly: the version of a binary, a setup log."""
    HINT = "hint"
    """Something that usually goes with it: a version inside a URL path or a log header."""


_YEARS = range(1990, 2200)


def _of_a_server(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError(f"no server ran then; write a year from {_YEARS[0]} to {_YEARS[-1]}")
    return moment


_ServerTime = Annotated[Instant, AfterValidator(_of_a_server)]
"""A moment at which a server can have run: later sums and differences of it stay inside the calendar."""


def _of_proxies(text: str) -> str:
    """A network of the form that all of its writings share."""
    try:
        network = ip_network(text)
    except ValueError as fault:
        raise ValueError("write an address or a network, such as 10.0.0.5 or 10.0.0.0/24") from fault
    if isinstance(network, IPv6Network) and network.prefixlen >= 96 and (plain := network.network_address.ipv4_mapped):
        network = ip_network((plain, network.prefixlen - 96))  # ::ffff:10.0.0.5
    if not network.prefixlen:
        raise ValueError("not everybody is a proxy; write the addresses of yours")
    return str(network)


class BuildFact(Document):
    """The host ran this build from this moment until the next entry.

    Attributes:
        build: Build number of four parts, e.g. `15.1.2176.2`; one of three parts may leave the lid open.
        from_: Since when (`from` in JSON); None means unknown, for as long as can be told.
    """

    build: str = Field(pattern=r"^\d{1,4}(\.\d{1,5}){2,3}$")
    from_: _ServerTime | None = Field(default=None, alias="from", serialization_alias="from")


class BuildSighting(Document):
    """A build seen in the evidence.

    Attributes:
        build: Three- or four-part build number.
        at: When the host ran it for sure; None if the source has no time.
        installed: When it was installed, if the source says that.
        source: Path inside the evidence, or `facts`.
        certainty: How far it can be trusted.
    """

    build: str
    at: Instant | None = None
    installed: Instant | None = None
    source: str
    certainty: Certainty


class Facts(Document):
    """The facts file; every entry is optional.

    Attributes:
        hostname: Name of the server.
        timezone: IANA name; local times in the evidence are read with it.
        collected_at: When the evidence was collected; the end of what can be known.
        builds: Builds over time, oldest first.
        own_pages: URL paths of pages for which the owner vouches: that they answered is no sign of an intruder.
        proxies: Addresses and networks of proxies and load balancers in front of the server: who comes from one of them
            is a visitor behind it.
    """

    hostname: str | None = Field(default=None, max_length=253)
    timezone: str | None = Field(default=None, max_length=64)
    collected_at: _ServerTime | None = None
    builds: tuple[BuildFact, ...] = ()
    own_pages: tuple[Annotated[str, Field(pattern=r"^/[^?#*\s]{1,500}$")], ...] = Field(default=(), max_length=1000)
    proxies: tuple[Annotated[str, AfterValidator(_of_proxies)], ...] = Field(default=(), max_length=1000)
