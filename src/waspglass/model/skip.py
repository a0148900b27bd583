"""What could not be looked at, as a value: a skip always reaches the result, with its reason and a count."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

from waspglass.model.document import Document
from waspglass.model.language import load_catalogue

__all__ = ["SkipReason", "Skipped", "detail_words", "skip_words"]


class SkipReason(StrEnum):
    """The closed list of reasons; users' scripts branch on these words."""

    UNREADABLE = "unreadable"
    """The operating system or the archive refused to give the bytes."""
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    """The container or file format is broken from some place on."""
    TRUNCATED = "truncated"
    """The content ends before its end: a compressed file or an archive that was cut, a file that became shorter."""
    CUT_LINE = "cut line"
    """The last line of a log is cut: it was being written when it was collected. Everything before it was read."""
    OUTSIDE_ROOT = "outside root"
    """A link or a path that leads out of the evidence; never followed."""
    SPECIAL_FILE = "special file"
    """A device, pipe, socket or a reserved device name."""
    TOO_LARGE = "too large"
    COMPRESSION_BOMB = "compression bomb"
    TOO_MANY_FILES = "too many files"
    TOO_DEEP = "too deep"
    """Archives inside archives, or folders, beyond the limit."""
    DUPLICATE_PATH = "duplicate path"
    """Two entries of the evidence claim the same Windows path and are not the same file; the first is read."""
    SAME_FILE = "same file"
    """A file that was collected twice: the same Windows path, and the same length. It is read once."""
    NOT_RECOGNISED = "not recognised"
    """No reader knows this content; it may be a log in a format that waspglass does not read."""
    EMPTY = "empty"
    NO_HEADER = "no header"
    """Lines stand before any header that names their columns."""
    MALFORMED_LINE = "malformed line"
    """A line does not fit the header in force."""
    LINE_TOO_LONG = "line too long"
    BAD_TIME = "bad time"
    """A record whose time cannot be read or is absurd."""
    MISSING_FIELD = "missing field"
    """A rule needs a field that this log does not have, so it was not run there."""
    OTHER_SITE = "other site"
    """Logs of the right kind, but of another site or product: they would not have shown an entry."""
    NO_SUCH_LOG = "no such log"
    """Rules are for a kind of log that the evidence does not have."""
    UNSUPPORTED_RULE = "unsupported rule"
    INVALID_RULE = "invalid rule"
    OUT_OF_WINDOW = "out of window"
    """Outside of the span that the user asked for with --since and --until."""
    NEEDS_EXTRA = "needs extra"
    """A reader that comes with an optional extra is not installed."""
    LIMIT_REACHED = "limit reached"
    """More of the same was found than is kept; the count says how many were left out."""
    UNDECIDED = "not decided"
    """Records that were read and on which a rule was not decided, because that would have taken too long."""


class Skipped(Document):
    """One source, one reason, and how many times.

    Attributes:
        source: Path inside the evidence, or the rule's id for a rule that could not be run.
        reason: Why.
        count: How many files, lines, records or rules this stands for.
        detail: What exactly, for a person; escaped already, and English whatever the language of the report, as
            `reason` is: `detail_words` says it in another.
    """

    source: str
    reason: SkipReason
    count: int = 1
    detail: str | None = None


def skip_words(reason: SkipReason, language: str) -> str:
    """A reason as the reports say it."""
    return load_catalogue("waspglass.model", "skip", language).text(reason.replace(" ", "-"))


_DEEPEST = 20
"""Sentences in sentences; a hostile name may look like any number of them."""


def detail_words(detail: str, language: str) -> str:
    """A detail as the reports say it.

    The English sentence is the key of `lang/detail.<language>.toml`, as with gettext, so that whoever makes a skip
    writes it once, and reports of an assessment that was saved find it too. Fields are looked up by themselves, but
    for names and values out of files; what is in no catalogue, such as what a library says, stays as it is.
    """
    return detail if language == "en" else _said(detail, language, _DEEPEST)


def _said(text: str, language: str, depth: int) -> str:
    if text in _REASONS:
        return skip_words(SkipReason(text), language)
    for sentence, pattern in _sentences(language) if depth else ():
        if found := pattern.fullmatch(text):
            fields = {
                name: value if name in _QUOTED else _said(value, language, depth - 1)
                for name, value in found.groupdict().items()
            }
            return load_catalogue("waspglass.model", "detail", language).text(sentence, **fields)
    return text


_REASONS = frozenset(map(str, SkipReason))
_QUOTED = frozenset({"alias", "field", "id", "name", "names", "path", "rule", "said", "text", "title", "value"})
"""Fields that hold what stands in files: one that is called `deleted` is called so in every language."""


@cache
def _sentences(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The sentences of a catalogue, those that say most first, with what fits them."""
    keys = load_catalogue("waspglass.model", "detail", language).keys()
    said = sorted(keys, key=lambda key: (-len(re.sub(r"\{\w+\}", "", key)), key))
    return tuple((key, _pattern(key)) for key in said)


def _pattern(sentence: str) -> re.Pattern[str]:
    """Atomic, so that no text takes longer than it is long."""
    first, *others = re.split(r"\{(\w+)\}", sentence)
    fields = [f"(?P<{name}>.+?){re.escape(literal)}" for name, literal in zip(others[::2], others[1::2], strict=True)]
    inner = "".join(f"(?>{field})" for field in fields[:-1])
    return re.compile(re.escape(first) + inner + "".join(fields[-1:]), re.DOTALL)
