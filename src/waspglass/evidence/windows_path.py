r"""Turns the path of an entry in a folder or archive into the Windows path that it had on the host.

Collectors keep each drive in a folder of its own; the layouts known here are those of

* KAPE: `C\...`;
* Velociraptor: `uploads\<accessor>\C%3A\...`, `uploads\ntfs\%5C%5C.%5CC%3A\...`, with percent-encoded names below
  (accessors as in `_ACCESSORS`; docs.velociraptor.app, offline collector);
* acquire: `fs\c:\...`, `fs\sysvol\...` (fox-it/acquire; `sysvol` is the drive that Windows started from);
* plain copies: `C:\...`, `C_\...`, `C$\...` (of an administrative share), each possibly below a folder or two named
  after the host or the collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote

from waspglass.model.skip import SkipReason

__all__ = ["Rejected", "drive_of", "is_root_folder", "names_folder", "split_name", "windows_path"]

_DRIVE_DEPTH = 8
_MARKED_DRIVE = re.compile(r"(?:%5C%5C[.?]%5C|\\\\[.?]\\)?([A-Za-z])(?::|%3A|_|\$)", re.IGNORECASE)
_DEVICE_PREFIX = re.compile(r"\\\\[.?]\\([A-Za-z]:)")
_SHADOW_COPY = re.compile(r".*(HarddiskVolumeShadowCopy\d+)", re.IGNORECASE)
_NUMBERED_COPY = re.compile(r"vss\d+", re.IGNORECASE)
"""A shadow copy as collectors number them, with the drive below: not what lies on the drive today."""
_ACCESSORS = frozenset(
    {"auto", "file", "ntfs", "lazy_ntfs", "mft", "ntfs_vss", "raw_file", "smb", "sparse", "ewf", "vhdx", "vmdk"}
)
_ROOT_FOLDERS = frozenset(
    {"windows", "winnt", "program files", "program files (x86)", "programdata", "users", "inetpub"}
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why an entry has no place in the tree."""

    reason: SkipReason
    detail: str


def split_name(name: str) -> tuple[str, ...]:
    r"""The components of an archive member's name; both separators count, because Windows made many of them.

    An absolute name keeps an empty first component, which `windows_path` rejects.
    """
    if device := _DEVICE_PREFIX.match(name):
        name = device[1] + name[device.end() :]
    parts = name.replace("\\", "/").split("/")
    return tuple(part for index, part in enumerate(parts) if part != "." and (index == 0 or part))


def names_folder(name: str) -> bool:
    """Whether an archive member's name is that of a folder: it ends with a separator, of either kind."""
    return name.endswith(("/", "\\"))


def drive_of(folder: str) -> str | None:
    """The drive letter that a folder named like a drive stands for (`C`, `C:`, `C%3A`, `C_`, `C$`)."""
    if len(folder) == 1 and folder.isascii() and folder.isalpha():
        return folder.upper()
    marked = _MARKED_DRIVE.fullmatch(folder)
    return marked[1].upper() if marked else None


def is_root_folder(folder: str) -> bool:
    """Whether Windows or its setup makes a folder of this name at the top of a drive."""
    return folder.lower() in _ROOT_FOLDERS


def windows_path(parts: tuple[str, ...], *, drive: str | None = None) -> str | Rejected:
    r"""The Windows path of an entry, with its drive where the layout tells it.

    Args:
        parts: Components below the root of the evidence.
        drive: Letter of the drive that the root itself is, if that is known.

    Returns:
        `C:\folder\name`, or `folder\name` without a known drive; or why the entry is refused: it leads out of the root,
        or is an alternate data stream.
    """
    encoded = _below_uploads(parts)
    if drive is None:
        letter, parts = _mounted(parts)
    else:
        letter = drive
    if encoded:
        parts = tuple(unquote(part, errors="surrogateescape") for part in parts)
    refused = next((reason for part in parts if (reason := _refusal(part))), None)
    if refused is None and not parts:
        refused = Rejected(SkipReason.OUTSIDE_ROOT, "an entry without a name")
    if refused is not None:
        return refused
    # Bytes that are not UTF-8 reach us as lone surrogates, which no report could write; shown as in a URL.
    path = _SURROGATE.sub(_as_in_url, "\\".join(parts))
    return path if letter is None else f"{letter}:\\{path}"


def _as_in_url(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"%{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else f"%u{code:04X}"


def _below_uploads(parts: tuple[str, ...]) -> bool:
    """Whether Velociraptor wrote this name, so that it is percent-encoded."""
    lowered = [part.lower() for part in parts[:_DRIVE_DEPTH]]
    return any(here == "uploads" and below in _ACCESSORS for here, below in pairwise(lowered))


def _mounted(parts: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Drive letter and what lies below it; without a drive the path as it is."""
    for index, part in enumerate(parts[: min(_DRIVE_DEPTH, len(parts) - 1)]):
        lowered = part.lower()
        parent = parts[index - 1].lower() if index else ""
        if lowered == "sysvol" and parent in {"", "fs"}:
            return "C", parts[index + 1 :]
        if shadow := _SHADOW_COPY.fullmatch(part):
            return None, (shadow[1], *parts[index + 1 :])
        if _NUMBERED_COPY.fullmatch(part):
            return None, parts[index:]
        letter = drive_of(part)
        if letter is None:
            if is_root_folder(part):
                break
            continue
        bare = len(part) == 1 or part.endswith("_")
        if not bare or index <= 2 or parent in {"fs", *_ACCESSORS}:
            return letter, parts[index + 1 :]
    return None, parts


def _refusal(part: str) -> Rejected | None:
    if part in {"", ".", ".."} or "/" in part or "\\" in part or "\0" in part:
        return Rejected(
            SkipReason.OUTSIDE_ROOT, "an absolute path, or one that climbs out with '..' or a hidden separator"
        )
    if ":" in part:
        return Rejected(SkipReason.SPECIAL_FILE, "an alternate data stream")
    return None
