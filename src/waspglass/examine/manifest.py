"""A digest that names what was examined, without reading all of it again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from waspglass.evidence.artefact import Artefact

__all__ = ["manifest_sha256"]


def manifest_sha256(artefacts: Iterable[Artefact]) -> str | None:
    """SHA-256 over the sorted list of recognised files: path, tab, size in bytes, line feed; None for no files.

    The size of a compressed log is not known before it is read and is written as `-`. Two examinations with the same
    digest looked at files of the same names and sizes; it does not vouch for their content.
    """
    lines = {f"{one.file.path}\t{'-' if one.file.size is None else one.file.size}\n" for one in artefacts}
    if not lines:
        return None
    return hashlib.sha256("".join(sorted(lines)).encode("utf-8", "backslashreplace")).hexdigest()
