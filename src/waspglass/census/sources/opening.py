"""Finds the exports in a file: the file itself, unpacked, or each member of a ZIP archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

from waspglass.census.errors import ExportError, reason_of
from waspglass.model.errors import Location
from waspglass.model.escape import in_unicode

__all__ = ["Export", "exports_in", "open_raw", "without_packing"]

Packing = Literal["plain", "gzip", "zstd"]
_ENDINGS = (".gz", ".zst", ".zstd")


@dataclass(frozen=True, slots=True)
class Export:
    """One export inside a file, or in a member of it that is a ZIP archive; `packed_size` in bytes."""

    path: Path
    member: str | None
    packing: Packing
    packed_size: int

    @property
    def shown(self) -> str:
        """How messages and the manifest name it: `file.zip:inner.csv`."""
        return in_unicode(self.path.name if self.member is None else f"{self.path.name}:{self.member}")

    @property
    def name(self) -> str:
        """Its own name without folder and without the ending of its packing, which may carry date and type."""
        name = self.path.name if self.member is None else self.member.replace("\\", "/").rsplit("/", 1)[-1]
        return without_packing(name)


def without_packing(name: str) -> str:
    """A file name without the ending of its packing."""
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name


def _packing(start: bytes) -> Packing:
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if start.startswith(b"\x28\xb5\x2f\xfd") else "plain"


def exports_in(path: Path) -> tuple[Export, ...]:
    """The exports in a file, told from its first bytes and not from its ending.

    Raises:
        ExportError: If it cannot be opened, is a pipe or a device, or a damaged or encrypted archive.
    """
    try:
        if not path.is_file() and not path.is_dir() and path.exists():
            # A pipe or a device cannot be read twice, and may never end.
            raise ExportError("it is no file", location=Location(str(path)), hint="Save its content to a file first")
        with path.open("rb") as file:
            start = file.read(4)
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return _members(path)
        return (Export(path, None, _packing(start), path.stat().st_size),)
    except OSError as error:
        raise ExportError(f"cannot be opened: {reason_of(error)}", location=Location(str(path))) from error


def _members(path: Path) -> tuple[Export, ...]:
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith("/"):  # `is_dir` fails for an entry without a name
                    continue
                if info.flag_bits & 0x1:
                    raise ExportError(
                        "the archive is encrypted", location=Location(f"{path}:{info.filename}"), hint="Unpack it first"
                    )
                with archive.open(info) as member:
                    found.append(Export(path, info.filename, _packing(member.read(4)), info.compress_size))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise ExportError(f"damaged ZIP archive: {error}", location=Location(str(path))) from error
    return tuple(found)


@contextmanager
def open_raw(export: Export) -> Iterator[BinaryIO]:
    """The bytes of an export as they lie in the file or the archive, still packed."""
    if export.member is None:
        with export.path.open("rb") as file:
            yield file
    else:
        with zipfile.ZipFile(export.path) as archive, archive.open(export.member) as member:
            yield cast("BinaryIO", member)
