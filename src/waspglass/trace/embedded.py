"""Texts that stand whole in documents: mails, web pages, notebooks, JSON, XML, comments; finds them, runs nothing."""

from __future__ import annotations

import email
import email.errors
import email.policy
import html
import itertools
import json
import re
from collections.abc import Iterator

from waspglass.trace.languages import PLAIN_TEXT, detect

__all__ = ["embedded_texts", "is_program"]

LEAST = 200
"""Characters from which on a text in a document is worth a look."""
LEAST_LINES = 5
"""Ends of lines in a comment that may be a program."""
BOUNDARIES = 40
"""Parts in parts of a mail that are read; each costs a look at every line."""

_MAIL = re.compile(
    r"(?im)\A\ufeff?(?:From [^\n]*\n)?(?:[\w-]{1,60}:[^\n]*\n(?:[ \t][^\n]*\n)*){0,200}?"
    r"content-(?:type|transfer-encoding):"
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_SHOWN = tuple(
    (name, re.compile(rf"<{name}\b[^<>]*>", re.IGNORECASE), re.compile(rf"</{name}\b", re.IGNORECASE))
    for name in ("pre", "textarea", "xmp", "script")
)
_COMMENTS = tuple(
    (re.compile(re.escape(a)), re.compile(re.escape(b))) for a, b in (("/*", "*/"), ("<!--", "-->"), ("<#", "#>"))
)
_LEAF = re.compile(r">([^<>]{200,})</")
_RUN = re.compile(r"<w:t\b[^<>]*>([^<]*)</w:t>|<w:(br|cr)\b")
_BREAK = re.compile(r"<br\b[^<>]*>|</(?:p|div|li|tr)>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_STAR = re.compile(r"^[ \t]*\*[ \t]?", re.MULTILINE)

Found = Iterator[tuple[str, str]]
"""How each text is held, and the text."""


def embedded_texts(text: str) -> Iterator[tuple[str, bytes]]:
    """What a text holds as a document holds a file: the label of how, and the content; not all of it is text."""
    begin = text[:1000].lstrip("\ufeff \t\r\n")
    found: Found = iter(())
    if begin[:1] in {"{", "["}:
        found = _json(text)
    elif begin[:1] == "<" or "<pre" in text:
        found = _markup(text)
    elif _MAIL.match(text):
        yield from _mail(text)
    pieces = ((label, part) for label, part in itertools.chain(_fences(text), _comments(text)) if is_program(part))
    for label, part in itertools.chain(found, pieces):
        yield label, part.encode("utf-8", "surrogatepass")


def is_program(text: str) -> bool:
    """Whether a text in another one looks like a program, and is long enough to be worth a look."""
    return len(text) >= LEAST and detect("", text) is not PLAIN_TEXT


def _mail(text: str) -> Iterator[tuple[str, bytes]]:
    """The parts of a mail, decoded."""
    if text.lower().count("boundary=") > BOUNDARIES:
        return
    try:
        message = email.message_from_string(text, policy=email.policy.compat32)
        contents = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    except (email.errors.MessageError, LookupError, ValueError, RecursionError):
        return
    yield from (("mail", content) for content in contents if isinstance(content, bytes) and len(content) >= LEAST)


def _json(text: str) -> Found:
    """The code of a notebook; of other documents, and of each line of a log, the strings that are programs."""
    for document in _documents(text):
        if isinstance(document, dict) and isinstance(document.get("cells"), list):
            cells = (cell for cell in document["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code")
            code = "\n\n".join("".join(_strings(cell.get("source"))) for cell in cells)
            yield "notebook", code
            continue
        yield from (("JSON", one) for one in _strings(document) if is_program(one))


def _documents(text: str) -> Iterator[object]:
    try:
        yield json.loads(text)
    except (ValueError, RecursionError):
        for line in text.split("\n"):
            if len(line) >= LEAST and line.startswith("{"):
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    continue


def _strings(document: object) -> Iterator[str]:
    """All strings in a document, in their order."""
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            waiting += reversed(one)
        elif isinstance(one, dict):
            waiting += reversed(one.values())


def _between(text: str, opens: re.Pattern[str], closes: re.Pattern[str]) -> Iterator[str]:
    """What stands between marks; linear in time however many open."""
    opened = opens.search(text)
    while opened and (closed := closes.search(text, opened.end())):
        yield text[opened.end() : closed.start()]
        opened = opens.search(text, closed.end())


def _markup(text: str) -> Found:
    """What a page shows as it is written, its scripts, long texts of XML, and the paragraphs of a document of Word."""
    if "</w:p>" in text:
        lines = (
            "".join(html.unescape(run) + "\n" * bool(end) for run, end in _RUN.findall(one))
            for one in text.split("</w:p>")
        )
        yield "document", "\n".join(lines)
        return
    for name, opens, closes in _SHOWN:
        for content in _between(text, opens, closes):
            plain = content if name == "script" else html.unescape(_TAG.sub("", _BREAK.sub("\n", content)))
            if len(plain) >= LEAST:
                yield f"<{name}>", plain
    for match in _LEAF.finditer(text):
        plain = html.unescape(match.group(1))
        if plain != match.group(1) and detect("", plain) is not PLAIN_TEXT:
            yield "XML", plain


def _fences(text: str) -> Found:
    """Code in Markdown."""
    if "```" not in text and "~~~" not in text:
        return
    fence, code = "", [""]
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if not fence and mark:
            fence, code = mark.group(1), []
        elif fence and line.strip().startswith(fence):
            yield "code block", "\n".join(code)
            fence = ""
        elif fence:
            code.append(line)


def _comments(text: str) -> Found:
    """What is commented out in one piece of some lines."""
    for opens, closes in _COMMENTS:
        inside = (one for one in _between(text, opens, closes) if one.count("\n") >= LEAST_LINES)
        yield from (("comment", _STAR.sub("", one)) for one in inside)
