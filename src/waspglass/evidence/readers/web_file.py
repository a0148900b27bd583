"""Files under web roots: pages, handlers, configurations and scripts, each as one record.

Fields: `path` (Windows path), `folder`, `name`, `extension` (lower case, with its dot), `size`, `sha256`, `sha1`,
`md5`, `modified` (UTC, ISO 8601; an attacker can set it), `known_good` (`true`, or `false` when the lookup does not
know the file; absent without a lookup), `text` (the first 64 KiB as text). The record's time is the last write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader, filled
from waspglass.evidence.errors import reading
from waspglass.evidence.readers.whole_file import decoded
from waspglass.model.document import format_instant

__all__ = ["TEXT_BYTES", "WebFileReader", "name_fields", "reader"]

TEXT_BYTES = 64 * 1024
_STEP = 1024 * 1024


class WebFileReader(RecordReader):
    """`web_file`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record: the file.

        Raises:
            EvidenceReadError: If it cannot be read to its end; an implant that cannot be read must not pass as clean.
        """
        sha256, sha1, md5 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False), hashlib.md5(usedforsecurity=False)
        head, size = b"", 0
        with reading(artefact.file.path), artefact.file.open() as stream:
            while block := stream.read(_STEP):
                head = head or block[:TEXT_BYTES]
                size += len(block)
                for digest in (sha256, sha1, md5):
                    digest.update(block)
        record = {
            **name_fields(artefact.file.path),
            **artefact.attributes,
            "size": str(size),
            "sha256": sha256.hexdigest(),
            "sha1": sha1.hexdigest(),
            "md5": md5.hexdigest(),
        }
        if head:
            record["text"] = decoded(head)
        if artefact.file.modified is not None:
            record["modified"] = format_instant(artefact.file.modified)
        if (known_good := self._settings.known_good) is not None:
            record["known_good"] = "true" if sha256.hexdigest() in known_good else "false"
        yield Place(offset=0), artefact.file.modified, record


reader = WebFileReader


def name_fields(path: str) -> dict[str, str]:
    """`path`, `folder`, `name` and `extension` of a Windows path; what is empty is absent."""
    folder, _, name = path.rpartition("\\")
    stem, dot, end = name.rstrip(" .").rpartition(".")  # as Windows takes a name
    fields = {"path": path, "folder": folder, "name": name, "extension": f".{end.lower()}" if dot and stem else ""}
    return filled(fields)
