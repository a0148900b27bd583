"""`*.compiled` in `Temporary ASP.NET Files`: ASP.NET compiled a page because somebody requested it.

The file stays when the page is deleted, so it proves that a page ran. Content (seen in the field): one element
`<preserve resultType virtualPath hash filehash flags assembly type>` with `<filedeps><filedep name=.../></filedeps>`.

Fields: `path`, `virtual_path`, `page` (its last part), `extension`, `assembly`, `type`, `result_type`, `hash`,
`file_hash`, `dependencies` (one a line), `application` (folder below `Temporary ASP.NET Files`). The record's time is
the last write: when the page was compiled, which is its first request after it was made or changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader, filled
from waspglass.evidence.readers.whole_file import read_whole
from waspglass.evidence.readers.xml_elements import xml_elements

__all__ = ["CompiledPageReader", "reader"]

_LIMIT = 1024 * 1024
_FOLDER = "temporary asp.net files"
_NAMES = {
    "virtual_path": "virtualPath",
    "assembly": "assembly",
    "type": "type",
    "result_type": "resultType",
    "hash": "hash",
    "file_hash": "filehash",
}


class CompiledPageReader(RecordReader):
    """`compiled_page`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a file.

        Raises:
            EvidenceReadError: If it is not such a file.
        """
        path = artefact.file.path
        dependencies: list[str] = []
        for element in xml_elements(read_whole(artefact, _LIMIT), path):
            if element.name == "filedep":
                dependencies.append(element.attributes.get("name", ""))
            elif element.name == "preserve":
                fields = {ours: element.attributes.get(theirs, "") for ours, theirs in _NAMES.items()}
                page = fields["virtual_path"].rpartition("/")[2]
                fields |= {
                    "path": path,
                    "page": page,
                    "extension": "." + page.rpartition(".")[2].lower() if "." in page else "",
                    "dependencies": "\n".join(dependencies),
                    "application": _application(path),
                }
                yield Place(line=element.line), artefact.file.modified, {**artefact.attributes, **filled(fields)}


reader = CompiledPageReader


def _application(path: str) -> str:
    folders = path.split("\\")
    lowered = [folder.lower() for folder in folders]
    at = lowered.index(_FOLDER) + 1 if _FOLDER in lowered else len(folders)
    return folders[at] if at < len(folders) - 1 else ""
