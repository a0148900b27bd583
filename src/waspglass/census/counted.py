"""What a count is, and what counts can be grouped by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from waspglass.packs.builds import State

__all__ = ["By", "Count", "Scan", "ranked"]

Scan = tuple[dt.date, str]
"""Day and source."""


class By(StrEnum):
    """What counts can be grouped by."""

    NOTHING = "nothing"
    COUNTRY = "country"
    REGION = "region"
    NETWORK = "network"
    ORGANISATION = "organisation"
    SECTOR = "sector"
    BUILD = "build"


@dataclass(frozen=True)
class Count:
    """The hosts of one group on one day as one source saw them. Counts of two sources are never added up.

    Attributes:
        source: Feed id; it stands for the method.
        key: The group; None for those whose group is unknown, and for `By.NOTHING`.
        addresses: Addresses by state.
        servers: Servers by state, de-duplicated as `identity` says; empty if not asked for.
        tested: Addresses whose state a behavioural test decided.
        compromised: Addresses that the source reports as compromised, whatever their patch state.
        patched_compromised: Those of them that are patched: the wasp under the lid.
    """

    date: dt.date
    source: str
    key: str | None
    addresses: dict[State, int]
    servers: dict[State, int]
    tested: int
    compromised: int
    patched_compromised: int

    @property
    def total(self) -> int:
        """All addresses."""
        return sum(self.addresses.values())

    @property
    def vulnerable(self) -> int:
        """Vulnerable addresses."""
        return self.addresses.get(State.VULNERABLE, 0)


def ranked(counts: Iterable[Count]) -> tuple[Count, ...]:
    """The groups of one scan, the most vulnerable first."""
    return tuple(sorted(counts, key=lambda each: (-each.vulnerable, -each.total, each.key or "")))
