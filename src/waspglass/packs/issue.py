"""A fault of a campaign pack, as `waspglass pack check` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from waspglass.model.errors import Location

__all__ = ["PackIssue", "Severity"]


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """The pack must not be used: it gives wrong answers or none."""
    WARNING = "warning"
    """The pack works, but something that a reader relies on is missing."""
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class PackIssue:
    """One fault.

    Attributes:
        file: Path inside the pack, with `/`.
        line: 1-based, where a line can be named.
        severity: How bad it is.
        check: Name of the check, a stable word.
        message: What is wrong, one sentence without a full stop.
    """

    file: str
    line: int | None
    severity: Severity
    check: str
    message: str

    def __str__(self) -> str:
        """`file:line: severity: message [check]`, the form that editors make clickable."""
        return f"{Location(self.file, self.line)}: {self.severity.value}: {self.message} [{self.check}]"
