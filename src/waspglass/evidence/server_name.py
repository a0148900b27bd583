"""The name of a server, as logs of different programs agree on it."""

from __future__ import annotations

__all__ = ["HOSTNAME_FIELD", "short_name"]

HOSTNAME_FIELD = "hostname"
"""Field of a record, given by a reader or derived by a pack, that names the server which wrote it."""

_LONGEST = 253
"""Characters of a name in DNS."""


def short_name(name: str) -> str:
    """A server's name without its domain, in capitals; an address, which search engines store for a name, as it is."""
    is_address = name.replace(".", "").isdigit()
    return (name if is_address else name.partition(".")[0])[:_LONGEST].upper()
