"""Texts that stand in another one line by line: quoted in a mail, added by a patch, commented out as a whole, in a log.

What is before each line makes a comment, or broken syntax, of what is the same program otherwise. If it is not before
most lines of a text, programs are looked for in runs of lines that bear it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, takewhile
from textwrap import dedent

from waspglass.trace.embedded import is_program
from waspglass.trace.languages import PLAIN_TEXT, detect

__all__ = ["quoted_texts"]

LEAST_LINES = 6
SHARE = 0.7
"""Share of the lines with something in them that must bear the mark."""
LINE_LIMIT = 200_000
_MARK = re.compile(r"[ \t]*(?:>|\#(?!!)|//|--|;|'|rem\b)(?:[ \t]?>(?=[ \t]|$))*", re.IGNORECASE)
_PROMPT = re.compile(r"(?:>>>|\.\.\.)(?: |$)")
_ECHO = re.compile(r"(?i)[ \t@]*+(\()?[ \t]*+echo[ \t.:(]")
_CARET = re.compile(r"\^([&<>|^()%!\"])")
PREFIX_LIMIT = 200
"""Characters of a prefix, such as the time and the name in a log."""
_NUMBER = re.compile(r"[ \t]*\d+")
LEAST_RUN = 7
"""Lines with something in them of a run in a longer text."""
_QUOTE = re.compile(r"[ \t]*+(?!>>>)>(?:[ \t]?>)*+")
"""Not the prompt of Python: examples in the comments of libraries are much alike."""
_PLACE = re.compile(r"(?:[\w./\\-]{1,100}:)?[ \t]*(\d{1,7})(?:[ \t]?[:|)\].]|(?=[ \t]|$))")
"""The number of a line, with or without the name of the file."""
_INDENT = re.compile(r" {4}|\t")
_STAMP = re.compile(
    r"^[\[(]?\d{1,4}[./:-]\d[\d./:, \-TZ\u202f]{3,24}+(?:[AaPp]\.?[Mm]\.?)?[\])]?[ -]{1,4}[^\n:]{1,60}:[ \t]?",
    re.MULTILINE,
)
"""When a message of a chat was written, and by whom."""
_SENTENCE = re.compile(r"(?! ?[#/;'*]|--)[^\n]*?(?:[^\W\d_]{1,40}+[,;]? ){4}")
"""Four words in a row, in no comment."""
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", re.MULTILINE)


def quoted_texts(text: str) -> Iterator[tuple[str, bytes]]:
    """How each is marked, and the text without the marks."""
    lines = text.split("\n", LINE_LIMIT)[:LINE_LIMIT]
    if _HUNK.search(text):
        found = [("patch", list(_after(lines)))]
    else:
        found = list(_marked(lines, prompts=">>>" in text)) or list(_in_runs(lines))
    yield from ((label, "\n".join(bare).encode("utf-8", "surrogatepass")) for label, bare in found)


def _marked(lines: list[str], *, prompts: bool) -> Iterator[tuple[str, list[str]]]:
    """Lines that are most of a text, without what stands before each, and how they are marked."""
    least = max(LEAST_LINES, SHARE * sum(1 for line in lines if line.strip()))
    for label, bare in (
        ("quoted lines", _quoted(lines)),
        ("typed lines", [line[4:] for line in lines if _PROMPT.match(line)] if prompts else []),
        ("echoed lines", _echoed(lines)),
        ("lines of a list", _listed(lines)),
    ):
        if len(bare) >= least:
            yield label, bare


def _quoted(lines: list[str]) -> list[str]:
    """What stands behind the mark that most lines begin with, and behind a blank if it follows all of them."""
    marks = [match.group() if (match := _MARK.match(line)) else "" for line in lines]
    common = next((mark for mark, _ in Counter(marks).most_common(2) if mark), None)
    bare = [line[len(mark) :] for line, mark in zip(lines, marks, strict=True) if mark == common]
    return [line[1:] for line in bare] if all(not line.strip() or line.startswith(" ") for line in bare) else bare


def _echoed(lines: list[str]) -> list[str]:
    """What a script of commands writes into files line by line."""
    bare = []
    for line in lines:
        command, _, target = line.rpartition(">")
        echo = _ECHO.match(command)
        if echo and len(target.split()) == 1:
            written = command[echo.end() :].removesuffix(">").rstrip(" \t")
            bare.append(_CARET.sub(r"\1", written.removesuffix(")") if echo.group(1) else written))
    return bare


def _listed(lines: list[str]) -> list[str]:
    """What is behind a prefix that nearly all lines have but for numbers in it; that must look like a program."""
    filled = [line for line in lines if line.strip()]
    if len(filled) < LEAST_LINES:
        return []
    shapes = sorted(_NUMBER.sub("0", line[:PREFIX_LIMIT]) for line in filled)
    # Whatever seven of ten have in common, these two have.
    low, high = shapes[len(shapes) * 3 // 10], shapes[len(shapes) * 7 // 10]
    prefix = low[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))]
    prefix = prefix[: max(map(prefix.rfind, "0:]|>)- ")) + 1].rstrip(" ")
    if "0" not in prefix:
        return []
    form = re.compile(r"[ \t]*+\d++".join(map(re.escape, prefix.split("0"))))
    bare = [line[found.end() :] for line in filled if (found := form.match(line))]
    plain = dedent("\n".join(bare))
    return plain.split("\n") if detect("", plain) is not PLAIN_TEXT else []


def _in_runs(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Programs in some lines of a text, without what stands before each, and how they are marked."""
    for label, mark in (("quoted lines", _QUOTE), ("lines of a list", _PLACE), ("code block", _INDENT)):
        if mark is _INDENT and not _is_prose(lines):
            continue
        for run in _runs(lines, mark):
            numbers = [int(found[1]) for found in run if found] if mark is _PLACE else []
            if sum(map(bool, run)) < LEAST_RUN or any(a >= b for a, b in pairwise(numbers)):
                continue
            plain = dedent("\n".join(found.string[found.end() :] if found else "" for found in run))
            if _is_shown(plain):
                yield label, plain.split("\n")
    for message in _STAMP.split("\n".join(lines))[1:]:
        if message.count("\n") >= LEAST_RUN and _is_shown(message):
            yield "message", message.split("\n")


def _runs(lines: list[str], mark: re.Pattern[str]) -> Iterator[list[re.Match[str] | None]]:
    """The marks of lines in a row that are the same but for numbers and blanks; None for a line with nothing in it."""
    run: list[re.Match[str] | None] = []
    before = None
    for line in lines:
        if not line.strip():
            run.append(None)
            continue
        found = mark.match(line)
        form = _NUMBER.sub("0", found.group()).replace(" ", "") if found else None
        if form != before:
            if before is not None:
                yield run
            run, before = [], form
        if found:
            run.append(found)
    if before is not None:
        yield run


def _is_prose(lines: list[str]) -> bool:
    """Whether a text is one of sentences but for the lines that are set in: those of a program belong to it."""
    plain = [line for line in lines if line.strip() and not _INDENT.match(line)]
    return _are_sentences(plain) and detect("", "\n".join(plain)) is PLAIN_TEXT


def _are_sentences(lines: list[str]) -> bool:
    return 2 * sum(1 for line in lines if _SENTENCE.match(line)) > len(lines)


def _is_shown(text: str) -> bool:
    return is_program(text) and not _are_sentences(text.split("\n"))


def _after(lines: list[str]) -> Iterator[str]:
    """The lines of the hunks of a patch as they are when it is applied."""
    inside = False
    for line, below in pairwise([*lines, ""]):
        # A comment of SQL that is taken away begins with three lines, too; only two such lines in a row head a file.
        if line.startswith("@@ -"):
            inside = True
        elif line.startswith(("diff ", "index ")) or (line.startswith("--- ") and below.startswith("+++ ")):
            inside = False
        elif inside and line[:1] in {"+", " "}:
            yield line[1:]
        elif inside and not line.strip():
            yield ""
