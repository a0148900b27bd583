"""What stands below a help text: an example, and what the exit codes mean."""

from __future__ import annotations

__all__ = ["epilog"]


def epilog(codes: str = "", example: str = "") -> str:
    """The example, which is said without the program's name, and the exit codes; either may be missing."""
    parts = (f"For example: waspglass {example}" if example else "", f"Exit codes: {codes}" if codes else "")
    return "\n\n".join(filter(None, parts))
