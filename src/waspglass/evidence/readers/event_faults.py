"""Events of an export that cannot be read: so many are borne, and the file says at its end how many there were."""

from __future__ import annotations

from waspglass.evidence.errors import read_error
from waspglass.model.skip import SkipReason

__all__ = ["LONGEST_EVENT", "MOST_FAULTS", "PIECE", "tell_faults"]

MOST_FAULTS = 100
PIECE = 1 << 20
"""Characters that are read at once."""
LONGEST_EVENT = 16 << 20
"""Characters of one event, or of one cell of a table."""


def tell_faults(faults: int, path: str) -> None:
    """Says what could not be read of a file; nothing if there is nothing to say.

    Raises:
        EvidenceReadError: If there were faults.
    """
    if faults:
        rest = "it was not read on" if faults > MOST_FAULTS else "the others were read"
        raise read_error(path, SkipReason.DAMAGED, f"events that are damaged or cut: {faults}; {rest}")
