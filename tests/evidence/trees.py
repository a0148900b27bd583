"""Makes small evidence for tests: files in memory, folders, archives."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.folder import verbatim
from waspglass.evidence.limits import DEFAULT_LIMITS, Limits
from waspglass.evidence.member import TreeFile
from waspglass.evidence.open import open_evidence
from waspglass.evidence.tree import Evidence
from waspglass.model.skip import SkipReason

WHEN = datetime(2021, 3, 3, 4, 5, 6, tzinfo=UTC)


def memory_artefact(content: bytes, path: str = r"C:\x", format_: str = "w3c", kind: str = "kind") -> Artefact:
    def opened() -> BinaryIO:
        return io.BytesIO(content)

    return Artefact(kind, format_, TreeFile(path, len(content), WHEN, None, opened))


def write_tree(root: Path, files: Mapping[str, bytes]) -> Path:
    to_the_letter = Path(verbatim(str(root.resolve()))) if os.name == "nt" else root
    for name, content in files.items():
        place = to_the_letter / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return root


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tar_bytes(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), int(WHEN.timestamp())
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def contents(evidence: Evidence) -> dict[str, bytes]:
    found = {}
    for file in evidence.files():
        with file.open() as stream:
            found[file.path] = stream.read()
    return found


def read_all(path: Path, limits: Limits = DEFAULT_LIMITS) -> tuple[dict[str, bytes], dict[str, SkipReason]]:
    with open_evidence(path, limits) as evidence:
        found = contents(evidence)
        return found, {skip.source: skip.reason for skip in evidence.skipped()}
