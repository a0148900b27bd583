"""Proxies between visitors and server, as the user names them: whoever comes from one of them is somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from waspglass.evidence.artefact import Record
from waspglass.hunt.rules.searching import Search, first_of
from waspglass.packs.pack import DerivedField

__all__ = ["NO_PROXIES", "Proxies"]

_HOPS = 100
"""Proxies in a row that are passed by; a longer chain is a made one."""


class Proxies:
    """The proxies of one server.

    Args:
        networks: Addresses and networks (`10.0.0.5`, `10.0.0.0/8`).
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        named = tuple(map(ip_network, networks))

        @lru_cache(maxsize=4096)
        def among(text: str) -> bool:
            try:
                address = ip_address(text.partition("%")[0])
            except ValueError:
                return False
            plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
            return any(plain in network for network in named if network.version == plain.version)

        self._named, self._among = named, among
        self.known = bool(named)

    def has(self, address: str | None) -> bool:
        """True if this is the address of a proxy."""
        return self.known and bool(address) and self._among(address or "")

    def touches(self, network: str) -> bool:
        """True if a proxy is of this network, or has this address."""
        try:
            wanted = ip_network(network)
        except ValueError:
            return False
        return any(one.overlaps(wanted) for one in self._named if one.version == wanted.version)

    def visitor(self, chain: DerivedField, record: Record, search: Search) -> str | None:
        """Whoever is behind the sender: the last address of the chain that is no proxy's; None if nothing tells.

        A sender that is no proxy is the visitor, and wrote the chain. The further left an address stands, the farther
        from the server it was added; behind something that is no address anybody can have written the rest.
        """
        address = first_of(search, record.get(chain.sender or "") or "")
        if not self.has(address):
            return address
        names = (name for name in chain.source if name != chain.sender)
        hops = next((text for name in names if (text := record.get(name)) and text != "-"), "")
        for hop in reversed(hops.rsplit(",", _HOPS)[-_HOPS:]):
            address = first_of(search, hop)
            if not self.has(address):
                return address
        return None


NO_PROXIES = Proxies()
"""None that anybody named."""
