r"""What the name of a file says: how the file was called before a program changed its name, and what nobody opens."""

from __future__ import annotations

import re

__all__ = [
    "OPENED",
    "as_windows_means_it",
    "copied_from",
    "is_litter",
    "is_opened",
    "lies_beside_such",
    "may_be_apple_double",
    "tells_of_collection",
    "unpacked_name",
    "unrotated",
    "why_not_opened",
]

_COMPRESSED = (".gz", ".zst")
_MOST_ENDINGS = 8
"""Rounds of rotation and compression that are taken off; a member of a tar may have a million in its name."""
_ROTATED = re.compile(r"(\.(?:log|evtx?|jsonl?|ndjson|csv|tsv|gz|zst))(?:[._-](?:old|bak|\d{1,14}))+\Z", re.IGNORECASE)
"""`.log.1`, `.log.old`, `.log_old`, `.log-20210303`, `.log.gz.1`."""
_ROTATED_ENDS = ("d", "D", "k", "K", *"0123456789")
"""A look at the last character first, for most files are no rotated logs."""
_COPY = re.compile(
    r"(?:(?:Copy of|Kopie von) ([^\\/]+)|([^\\/]+?)(?: - (?:Copy|Kopie)(?: \(\d{1,3}\))?| \(\d{1,3}\)))"
    r"(\.(?:log|evtx))",
    re.IGNORECASE,
)
_SAMPLE = re.compile(r"_\{[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\}\.data\Z", re.IGNORECASE)
"""DFIR-ORC puts a number before a file's name and this behind it."""
OPENED = (".zip", ".gz", ".zst", ".tgz", ".tzst", ".tar")
"""Endings of what is looked into, wherever it lies."""
_NOT_OPENED = {
    "archives of this kind are not read; unpack it first": (
        *(".7z", ".7z.001", ".rar", ".xz", ".bz2", ".lz4", ".z", ".wim"),
        "mpsupportfiles.cab",  # of Defender, with its logs; other cabinets are of programs
    ),
    "parts of an archive are not read; join them first": (".z01", ".zip.001", ".tar.001", ".tar.gz.001"),
    "an image of a disk is examined by itself, not as a file among others; one of memory is not read": (
        *(".e01", ".ex01", ".l01", ".ad1", ".aff4", ".vmdk", ".vhd", ".vhdx", ".qcow2", ".vdi", ".dd", ".raw"),
    ),
    "a storage file of plaso is not read; examine what it was made of": (".plaso",),
}
_OF_COLLECTION = re.compile(
    r"(?:collection_context|client_info)\.json|\d{4}-\d\d-\d\dT[\d_]+_(?:Console|Copy|Skip)Log\..*", re.IGNORECASE
)
"""What Velociraptor and KAPE write at the top of a collection about their own work, under names of their own."""
_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_BESIDE = re.compile(r"(?:uploads|logs?|requests)\.(?:json(?:\.index)?|csv)", re.IGNORECASE)
"""What Velociraptor writes besides: a log of somebody else may be called so, too."""
_ALL_NOT_OPENED = tuple(ending for endings in _NOT_OPENED.values() for ending in endings)
_PASSED_OVER = re.compile(r"(?<=[^/ .])[ .]+(?=/|\Z)")


def as_windows_means_it(path: str) -> str:
    r"""A path with `/`, its components without the blanks and dots at their ends: Windows passes over them.

    A file can be made with them all the same (`x.aspx.`, through `\\?\`), which hides it from most programs.
    """
    return _PASSED_OVER.sub("", path) if path.endswith((" ", ".")) or " /" in path or "./" in path else path


def unrotated(path: str) -> str:
    """The path without what rotation or a collector put behind the name: `x.log.gz.1` -> `x.log.gz`."""
    if path.endswith(_ROTATED_ENDS):
        found = _ROTATED.search(path, _name_at(path))
        return path[: found.end(1)] if found else path
    if path.endswith("}.data"):
        found = _SAMPLE.search(path, _name_at(path))
        return path[: found.start()] if found else path
    return path


def _name_at(path: str) -> int:
    return max(path.rfind("/"), path.rfind("\\")) + 1


def unpacked_name(path: str) -> str:
    """The path of a log that was rotated or compressed by itself, as it was before: `x.log.1.gz` -> `x.log`."""
    for _ in range(_MOST_ENDINGS):
        plain = unrotated(path)
        if plain[-4:].lower().endswith(_COMPRESSED):
            plain = plain[: plain.rindex(".")]
        if plain == path:
            break
        path = plain
    return path


def copied_from(path: str) -> str:
    """The path of the log beside it that a log is a copy of by its name, as the Explorer calls copies; else empty."""
    found = _COPY.fullmatch(path, _name_at(path))
    return f"{path[: _name_at(path)]}{found[1] or found[2]}{found[3]}" if found else ""


def is_opened(path: str) -> bool:
    """Whether a file of this name, found among others, is looked into: compressed logs, and archives that are read."""
    path = path.rstrip(" .")
    return unrotated(path).lower().endswith(OPENED) and not path.lower().endswith(_ALL_NOT_OPENED)


def is_litter(path: str) -> bool:
    """Whether a file is what the Finder and the Explorer leave in the folders that they show."""
    return path[_name_at(path) :].lower() in _LITTER


def may_be_apple_double(path: str) -> bool:
    """Whether a file is called as macOS calls what it knows of another file, where it copies or zips that one."""
    return path.startswith("._", _name_at(path))


def tells_of_collection(path: str) -> bool:
    """Whether a file at the top of the evidence tells of its collection, not of the host."""
    return _OF_COLLECTION.fullmatch(path) is not None


def lies_beside_such(path: str) -> bool:
    """Whether that is so of a file if such a one as `tells_of_collection` knows lies beside it."""
    return _BESIDE.fullmatch(path) is not None


def why_not_opened(path: str) -> str | None:
    """Why something that may hold evidence, by its name, is not looked into; None for any other file.

    A packed one (`x.dd.gz`) is unpacked all the same, because its content may be another than its name says.
    """
    lowered = path.lower()
    plain = lowered[: lowered.rindex(".")] if lowered.endswith(_COMPRESSED) else lowered
    if not plain.endswith(_ALL_NOT_OPENED):
        return None
    return next(why for why, endings in _NOT_OPENED.items() if plain.endswith(endings))
