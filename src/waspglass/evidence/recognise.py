"""Finds the artefacts in the evidence: by where a file lies, and by what it holds."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.errors import EvidenceReadError, reading
from waspglass.evidence.file_names import (
    is_litter,
    is_opened,
    lies_beside_such,
    may_be_apple_double,
    tells_of_collection,
    why_not_opened,
)
from waspglass.evidence.foreign_formats import foreign_format
from waspglass.evidence.formats.registry import is_line_format
from waspglass.evidence.globs import GlobIndex, comparable_forms, compile_globs
from waspglass.evidence.kind import KindPattern
from waspglass.evidence.signature import Signature, signature
from waspglass.evidence.skip_log import SkipLog, shown_source
from waspglass.evidence.tree import Evidence, EvidenceFile
from waspglass.evidence.utf16 import utf8_of, utf16_of
from waspglass.model.errors import PackError
from waspglass.model.escape import printable
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["HEAD_BYTES", "recognise"]

HEAD_BYTES = 64 * 1024
"""How much of a file's start a kind's `content` is searched in."""

_FIRST_LOOK = 4096
_LONGEST_LINE = 8192
_LOG_LIKE = frozenset({".log", ".evtx", ".evt", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".w3c", ".xml"})
_SURELY_LOG = frozenset({".log", ".evtx", ".jsonl"})
_UNKNOWN = "logs in a format that no kind of the pack describes"
_ARCHIVE = "an archive or an image of a disk under another name; give it the ending of its kind"
_APPLE_DOUBLE = b"\x00\x05\x16\x07"
_EXAMPLES = 3
_ATTRIBUTE_CHARACTERS = 255


def recognise(evidence: Evidence, kinds: Sequence[KindPattern]) -> Iterator[Artefact | Skipped]:
    """Goes through the evidence once and yields each artefact as soon as its file is met.

    A file that a kind's globs match, and whose start matches the kind's `content` where it has one, is an artefact of
    that kind. Several kinds may claim a file (a `web.config` is a page's neighbour and a configuration), but only one
    of each format: the first in the pack's order, so that special kinds stand before general ones. Files that no glob
    matches are recognised by content alone if they lie loose (at the top of the evidence), or by a short look if they
    are named like logs.

    What the evidence itself could not list is not repeated here: ask `evidence.skipped()` afterwards.

    Args:
        evidence: Opened evidence.
        kinds: What the pack knows.

    Yields:
        Artefacts; and last, skips: of files that a glob claims but whose content is another, is empty or cannot be read
        (the first of each reason by name), and one for each file extension of logs that nobody recognised, and for each
        format that is known and not read.

    Raises:
        PackError: If a glob or a content expression of a kind is not valid.
    """
    return _Recogniser(kinds, SkipLog(evidence.root.name)).run(evidence)


@dataclass(slots=True)
class _Unknown:
    """Logs that no kind claims, with the same extension, of which the same is said."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


class _Recogniser:
    """The kinds, compiled once, and what could not be recognised."""

    def __init__(self, kinds: Sequence[KindPattern], skips: SkipLog) -> None:
        self._kinds, self._skips = kinds, skips
        globs = [(index, one) for index, kind in enumerate(kinds) for glob in kind.paths for one in compile_globs(glob)]
        self._globs = GlobIndex(globs)
        self._placing = frozenset(index for index, one in globs if not one.by_ending)
        """Kinds whose globs name a folder or how a name begins; most files that merely end so are something else."""
        self._contents = [_compiled(kind) for kind in kinds]
        self._unknown: dict[tuple[str, str], _Unknown] = {}
        self._collected = False
        self._beside: list[tuple[EvidenceFile, str]] = []
        """Unknown files that are a collector's own if one is seen to have been at work."""

    def run(self, evidence: Evidence) -> Iterator[Artefact | Skipped]:
        for file in evidence.files():
            yield from self._judge(file)
        yield from self._skips.total()
        for file, extension in () if self._collected else self._beside:
            self._count(file, extension, _UNKNOWN)
        for (extension, said), unknown in sorted(self._unknown.items()):
            detail = f"{said}: {', '.join(unknown.examples)}"
            yield Skipped(source=f"*{extension}", reason=SkipReason.NOT_RECOGNISED, count=unknown.count, detail=detail)

    def _judge(self, file: EvidenceFile) -> Iterator[Artefact]:
        claims: dict[int, Mapping[str, str]] = {}
        forms = tuple(comparable_forms(file.path))
        for form in forms:
            for owner, attributes in self._globs.owners(form).items():
                if owner not in claims or len(attributes) > len(claims[owner]):
                    claims[owner] = attributes
        extension = _extension(forms[0])
        if claims or extension or _lies_loose(file):
            yield from self._looked_into(file, claims, extension)

    def _looked_into(
        self, file: EvidenceFile, claims: Mapping[int, Mapping[str, str]], extension: str
    ) -> Iterator[Artefact]:
        head = _Head(file)
        placed = bool(claims) and (extension in _SURELY_LOG or not self._placing.isdisjoint(claims))
        try:
            if (is_opened(file.path) or why_not_opened(file.path) is not None) and head.begins_an_archive():
                return  # the tree has looked into it, or told of it; its members may look like a log from outside
            found = list(self._as_claimed(head, claims))
            if not found and not head.begins_an_archive():
                found = list(islice(self._by_content(head, far=placed or _lies_loose(file)), 1))
            empty = not found and head.empty()
            if not found and may_be_apple_double(file.path) and head.is_apple_double():
                return
        except EvidenceReadError as fault:
            self._skips.add(file.path, fault.reason, fault.message)
            return
        yield from found
        if empty and (placed or _lies_loose(file)):
            self._skips.add(file.path, SkipReason.EMPTY)
        elif placed and not found:
            wanted = ", ".join(self._kinds[index].kind for index in sorted(claims))
            foreign = head.foreign()
            detail = f"lies where a file of the kind {wanted} would, but its content is another"
            detail += f" ({foreign})" if foreign else ""
            self._skips.add(file.path, SkipReason.NOT_RECOGNISED, detail)
        elif not found and not empty:
            if (foreign := head.foreign()) is not None:
                self._count(file, extension, foreign)
            else:
                self._note_unknown(file, extension)

    def _as_claimed(self, head: _Head, claims: Mapping[int, Mapping[str, str]]) -> Iterator[Artefact]:
        """The file as the kinds have it whose globs match; of one format only the first."""
        taken: set[str] = set()
        for index, attributes in sorted(claims.items()):
            kind = self._kinds[index]
            if kind.format not in taken and head.matches(self._contents[index]):
                taken.add(kind.format)
                shown = {name: printable(value[:_ATTRIBUTE_CHARACTERS]) for name, value in attributes.items()}
                yield Artefact(kind.kind, kind.format, head.readable(kind), shown)

    def _note_unknown(self, file: EvidenceFile, extension: str) -> None:
        """Counts a log that nobody knows; what the tree itself has told of is none, nor what a collector wrote."""
        if tells_of_collection(file.path):
            self._collected = True
        elif lies_beside_such(file.path):
            self._beside.append((file, extension))
        elif extension in _SURELY_LOG or (
            _lies_loose(file) and why_not_opened(file.path) is None and not is_litter(file.path)
        ):
            self._count(file, extension, _UNKNOWN)

    def _count(self, file: EvidenceFile, extension: str, said: str) -> None:
        unknown = self._unknown.setdefault((extension, said), _Unknown())
        unknown.count += 1
        if len(unknown.examples) < _EXAMPLES:
            unknown.examples.append(shown_source(file.path))

    def _by_content(self, head: _Head, *, far: bool = True) -> Iterator[Artefact]:
        """Kinds whose content expression fits; thousands of files that merely end in `.txt` get only a short look."""
        for kind, content in zip(self._kinds, self._contents, strict=True):
            if content is not None and head.matches(content, far=far):
                yield Artefact(kind.kind, kind.format, head.readable(kind))


class _Head:
    """The start of a file, read when first asked for: a little, and more only if the little does not decide."""

    def __init__(self, file: EvidenceFile) -> None:
        self._file = file

    def matches(self, content: re.Pattern[bytes] | None, *, far: bool = True) -> bool:
        """Whether the start matches; a kind without a content expression takes any.

        Raises:
            EvidenceReadError: If it cannot be read.
        """
        if content is None or any(map(content.search, self._near)):
            return True
        return far and len(self._look) == _FIRST_LOOK and any(map(content.search, self._far))

    def readable(self, kind: KindPattern) -> EvidenceFile:
        """The file as the kind's format reads it: UTF-16 is no matter for a log, and all that there is of a page."""
        codec = utf16_of(self._look) if is_line_format(kind.format) else None
        return self._file if codec is None else utf8_of(self._file, codec)

    def begins_an_archive(self) -> bool:
        """Whether it is an archive or image; one that is called so the tree looks into, or has told of."""
        return signature(self._look) is not Signature.OTHER

    def is_apple_double(self) -> bool:
        """Whether it is what macOS keeps of another file (RFC 1740, appendix A)."""
        return self._look.startswith(_APPLE_DOUBLE)

    def foreign(self) -> str | None:
        """What it looks like that is not read, if that is known."""
        return _ARCHIVE if self.begins_an_archive() else foreign_format(self._near[-1])

    def empty(self) -> bool:
        """Whether there is nothing in the file."""
        return self._file.size == 0 or not self._look

    @cached_property
    def _look(self) -> bytes:
        return self._read(_FIRST_LOOK)

    @cached_property
    def _near(self) -> tuple[bytes, ...]:
        return _said_by(self._look)

    @cached_property
    def _far(self) -> tuple[bytes, ...]:
        return _said_by(self._read(HEAD_BYTES))

    def _read(self, length: int) -> bytes:
        with reading(self._file.path), self._file.open() as stream:
            return stream.read(length)


def _said_by(start: bytes) -> tuple[bytes, ...]:
    """The start of a file as a content expression sees it: without a byte order mark, and what it says in UTF-16."""
    plain = _with_short_lines(start.removeprefix(codecs.BOM_UTF8))
    codec = utf16_of(start)
    if codec is None:
        return (plain,)
    return plain, _with_short_lines(start.decode(codec, "replace").removeprefix("\ufeff").encode())


def _with_short_lines(block: bytes) -> bytes:
    r"""Each line cut, because an expression such as `#Fields:[^\n]*name` takes the square of a line's length."""
    if len(block) <= _LONGEST_LINE:
        return block
    return b"\n".join(line[:_LONGEST_LINE] for line in block.split(b"\n"))


def _compiled(kind: KindPattern) -> re.Pattern[bytes] | None:
    if kind.content is None:
        return None
    try:
        return re.compile(kind.content.encode("latin-1"))
    except (re.error, UnicodeEncodeError, OverflowError) as fault:
        message = f"the content expression of the kind {kind.kind} is not valid ({fault})"
        raise PackError(message, hint="It is a Python regular expression over bytes; write others as \\xNN") from fault


def _lies_loose(file: EvidenceFile) -> bool:
    """Whether it lies at the top of the evidence, where people put single logs under any name."""
    return "\\" not in file.path


def _extension(form: str) -> str:
    """The extension of a name that is like a log's; empty for another."""
    _, dot, extension = form.lower().rpartition("/")[2].rpartition(".")
    return dot + extension if dot + extension in _LOG_LIKE else ""
