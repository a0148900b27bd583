"""Reads small files whole, within a bound, and decodes their text as Windows writes it."""

from __future__ import annotations

import codecs

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.errors import read_error, reading
from waspglass.evidence.utf16 import utf16_of
from waspglass.model.skip import SkipReason

__all__ = ["decoded", "read_whole"]

_LOSSLESS_BYTES = 1024 * 1024


def read_whole(artefact: Artefact, limit: int) -> bytes:
    """The content of a file that should be small.

    Raises:
        EvidenceReadError: If it is larger than `limit`, or cannot be read.
    """
    with reading(artefact.file.path), artefact.file.open() as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise read_error(artefact.file.path, SkipReason.TOO_LARGE, f"it is larger than {limit} bytes")
    return content


def decoded(content: bytes, errors: str | None = None) -> str:
    r"""Text in UTF-8, or UTF-16 with a byte order mark or the look of it.

    Bytes that do not fit become `\xNN`; in more than a MiB of content, the replacement character, because Python's
    other error handlers take seconds a megabyte, or as `errors` says: in JSON `\xNN` would be a fault.
    """
    errors = errors or ("backslashreplace" if len(content) <= _LOSSLESS_BYTES else "replace")
    if (codec := utf16_of(content)) is not None:
        return content.decode(codec, "replace").removeprefix("\ufeff")
    return content.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors)
