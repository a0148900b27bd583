"""Version and make of a Windows program file (PE).

Fields: `path`, `folder`, `name`, `extension`, `size`, `sha256`, `file_version` (four numbers of the fixed version
information), `build` (the same), `product_version`, `company`, `product`, `description`, `original_name`, `machine`,
`compiled` (link time stamp, which builds may replace by a hash), `imports` and `exports` (how many functions), `signed`
(whether a signature is attached; it is not verified). The time is the file's last write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, cast

import pefile

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader, filled
from waspglass.evidence.errors import read_error
from waspglass.evidence.member import file_time
from waspglass.evidence.readers.web_file import name_fields
from waspglass.evidence.readers.whole_file import read_whole
from waspglass.model.document import format_instant
from waspglass.model.skip import SkipReason

__all__ = ["PeVersionReader", "reader"]

_LIMIT = 256 * 1024 * 1024
_LONGEST = 1024
_STRINGS = {
    b"ProductVersion": "product_version",
    b"CompanyName": "company",
    b"ProductName": "product",
    b"FileDescription": "description",
    b"OriginalFilename": "original_name",
}
_DIRECTORIES = ("IMAGE_DIRECTORY_ENTRY_RESOURCE", "IMAGE_DIRECTORY_ENTRY_IMPORT", "IMAGE_DIRECTORY_ENTRY_EXPORT")
_SECURITY = 4


class _Image(Protocol):
    """What is used of pefile's object."""

    FILE_HEADER: object
    OPTIONAL_HEADER: object

    def parse_data_directories(self, directories: list[int]) -> None: ...


class PeVersionReader(RecordReader):
    """`pe_version`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a file.

        Raises:
            EvidenceReadError: If it is no program file.
        """
        content = read_whole(artefact, _LIMIT)
        fields = {
            **artefact.attributes,
            **name_fields(artefact.file.path),
            "size": str(len(content)),
            "sha256": hashlib.sha256(content).hexdigest(),
            **_described(content, artefact.file.path),
        }
        yield Place(offset=0), artefact.file.modified, filled(fields)


reader = PeVersionReader


def _described(content: bytes, path: str) -> dict[str, str]:
    """Pefile meets whatever a hostile file holds with many kinds of exception; any means that it is damaged."""
    if not content.startswith(b"MZ"):
        raise read_error(path, SkipReason.DAMAGED, "this is not a program file")
    try:
        image = cast("_Image", pefile.PE(data=content, fast_load=True))
        # Not closed: it holds bytes only, and closing would run a garbage collection of the whole process.
        image.parse_data_directories([pefile.DIRECTORY_ENTRY[name] for name in _DIRECTORIES])
        return {**_make(image), **_versions(image)}
    except Exception as fault:
        raise read_error(path, SkipReason.DAMAGED, f"this is not a program file that can be read ({fault})") from fault


def _make(image: _Image) -> dict[str, str]:
    header = image.FILE_HEADER
    linked = file_time(getattr(header, "TimeDateStamp", 0))
    machine = pefile.MACHINE_TYPE.get(getattr(header, "Machine", 0), "")
    directories = getattr(image.OPTIONAL_HEADER, "DATA_DIRECTORY", [])
    signed = len(directories) > _SECURITY and directories[_SECURITY].Size > 0
    imports = sum(len(entry.imports) for entry in getattr(image, "DIRECTORY_ENTRY_IMPORT", []))
    exports = getattr(getattr(image, "DIRECTORY_ENTRY_EXPORT", None), "symbols", [])
    return {
        "machine": str(machine).removeprefix("IMAGE_FILE_MACHINE_"),
        "compiled": format_instant(linked) if linked else "",
        "imports": str(imports),
        "exports": str(len(exports)),
        "signed": "true" if signed else "false",
    }


def _versions(image: _Image) -> dict[str, str]:
    fields: dict[str, str] = {}
    for fixed in getattr(image, "VS_FIXEDFILEINFO", [])[:1]:
        high, low = fixed.FileVersionMS, fixed.FileVersionLS
        fields["file_version"] = fields["build"] = f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"
    for block in getattr(image, "FileInfo", [])[:4]:
        for info in block[:16]:
            for table in getattr(info, "StringTable", [])[:16]:
                for key, value in table.entries.items():
                    if key in _STRINGS:
                        fields.setdefault(_STRINGS[key], value.decode("utf-8", "backslashreplace")[:_LONGEST].strip())
    return fields
