"""The beginning of a file, for questions that do not need the rest."""

from __future__ import annotations

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.errors import EvidenceReadError

__all__ = ["head_of"]

_HEAD = 64 * 1024


def head_of(artefact: Artefact) -> bytes:
    """The first 64 KiB; empty if they cannot be read, because the hunt reads the same file and counts the skip."""
    try:
        with artefact.file.open() as stream:
            return stream.read(_HEAD)
    except (OSError, EvidenceReadError):
        return b""
