"""The base of all errors that waspglass raises on purpose: each says where, and what the user can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

__all__ = ["EvidenceError", "Location", "OutputError", "PackError", "UsageError", "WaspglassError"]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in an input.

    Attributes:
        path: The file as the user knows it (inside an archive: `archive.zip:inner/path`).
        line: 1-based line, where the format has lines.
        field: The column, key or element inside that line or file.
    """

    path: str
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        """`path:line (field)`, the form that editors and terminals make clickable."""
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return place if self.field is None else f"{place} ({self.field})"


class WaspglassError(Exception):
    """Something that the user can understand and often mend.

    Attributes:
        message: What is wrong, one sentence without a full stop.
        location: Where, if a place can be named.
        hint: What the user can do about it.
        exit_code: What the command line returns for this class of error.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, location: Location | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.hint = hint

    def __str__(self) -> str:
        text = self.message if self.location is None else f"{self.location}: {self.message}"
        return text if self.hint is None else f"{text}. {self.hint}"

    def __reduce__(self) -> tuple[Callable[..., WaspglassError], tuple[object, ...]]:
        """Errors cross from worker processes to their parent, whatever a subclass asks for when it is made."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[WaspglassError], args: tuple[object, ...], state: dict[str, object]) -> WaspglassError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(WaspglassError):
    """The command was called in a way that cannot work."""

    exit_code: ClassVar[int] = 2


class EvidenceError(WaspglassError):
    """The evidence as a whole cannot be used; a single bad file is a counted skip instead."""

    exit_code: ClassVar[int] = 3


class PackError(WaspglassError):
    """A campaign pack, or rules that the user added to it, cannot be used."""

    exit_code: ClassVar[int] = 4


class OutputError(WaspglassError):
    """A result could not be written."""

    exit_code: ClassVar[int] = 5
