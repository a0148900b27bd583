"""Disk images, through the optional extra `waspglass[images]`."""

from __future__ import annotations

from pathlib import Path

from waspglass.evidence.limits import Limits
from waspglass.evidence.tree import Evidence
from waspglass.model.errors import EvidenceError, Location

__all__ = ["open_image"]


def open_image(path: Path, limits: Limits) -> Evidence:
    """Opens a disk image."""
    del limits
    raise EvidenceError("this is a disk image", location=Location(str(path)), hint="Install waspglass[images]")
