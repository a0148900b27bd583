"""The Traffic Light Protocol 2.0: who may have a bundle or a message (FIRST, August 2022)."""

from __future__ import annotations

from enum import StrEnum

from waspglass.model.errors import UsageError

__all__ = ["Tlp", "tlp_level"]


class Tlp(StrEnum):
    """The levels, in the words of STIX."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @property
    def label(self) -> str:
        """As it is written on what it marks: `TLP:AMBER`."""
        return f"TLP:{self.upper()}"

    @property
    def stays(self) -> bool:
        """Whether a receiver must ask before passing it on to anybody outside."""
        return self in (Tlp.AMBER_STRICT, Tlp.RED)


def tlp_level(text: str) -> Tlp:
    """The level that was written, as `amber`, `AMBER` or `TLP:AMBER`.

    Raises:
        UsageError: If there is no such level.
    """
    try:
        return Tlp(text.lower().removeprefix("tlp:"))
    except ValueError as fault:
        raise UsageError(f"no TLP level {text!r}", hint=f"Choose one of: {', '.join(Tlp)}") from fault
