"""What could not be read of a log's lines: counted while it is read, told at its end."""

from __future__ import annotations

from collections import Counter

from waspglass.evidence.errors import read_error
from waspglass.model.skip import SkipReason

__all__ = ["tell_line_faults"]


def tell_line_faults(faults: Counter[SkipReason], path: str) -> None:
    """Says what could not be read of a log; nothing if there is nothing to say.

    Raises:
        EvidenceReadError: If there were faults; its reason is that of the first.
    """
    if faults:
        kinds = ", ".join(f"{reason.value}: {count}" for reason, count in faults.items())
        message = f"some of its lines could not be read, or not whole ({kinds})"
        raise read_error(path, next(iter(faults)), message)
