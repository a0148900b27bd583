"""Finds text that a program puts together from pieces of strings, and puts them together; runs nothing.

A text is cut once into strings, names and marks, and what joins strings is followed from one to the next: `+`, `.`,
`&`, nothing at all (Python, C), lists that are joined, appending to a name, and PowerShell's format operator. A name
that was given one string stands for it, and a call that makes a character of a number for that character.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

from waspglass.trace.encodings import TURNS_ROUND
from waspglass.trace.languages import PLAIN_TEXT, detect
from waspglass.trace.literals import LEAST_LITERAL, LONGEST, hidden, speaks_of_hiding

__all__ = ["JOINED_LIMIT", "joined_strings", "more_strings", "other_strings", "spelled_out"]

JOINED_LIMIT = 16 << 20
"""Characters that are put together in one text: where names stand for strings a few letters are many times as long."""
LEAST_PIECES = 3
LEAST_REVERSED = 40
_APOSTROPHE = r"(?!(?<=[A-Za-z]{2})'(?:s|t|re|ve|ll|d|m)[\s.,;:)!?])"
"""Not one in a word (`doesn't`): after it strings and what stands between them would change places."""
_LINE_STRING = r"\"(?:[^\"\\\n`]++|\\.|`.|\"\")*+\"?|" + _APOSTROPHE + r"'(?:[^'\\\n]++|\\.|'')*+'?"
_OPEN_STRING = r"\"(?:[^\"\\`]++|\\.|`.|\"\")*+\"?|" + _APOSTROPHE + r"'(?:[^']++|'')*+'?"
_REST = r"|(?P<append>\+=|\.=|&=)|(?P<space>_[ \t]*\r?\n|\\\r?\n)|(?P<name>[$@]?\w++)|(?P<mark>[^\w\s])"
_TOKENS = tuple(
    re.compile(rf"(?P<text>[bBfFrRuUlL@$]{{0,2}}(?:{string})){_REST}", re.DOTALL)
    for string in (_LINE_STRING, _OPEN_STRING)
)
_WORTH_A_LOOK = re.compile(
    r"['\"]\s{0,40}(?:[+.&_\\]|,?\s{0,40}['\"])|[+.&]=|-f\s{0,4}['\"]|\w\s{0,4}[+.&]\s{0,4}(?:['\"]|[$@]?\w+\s{0,4}[+.&])"
)
_LISTS_ARE_JOINED = re.compile(r"(?i)join|implode|concat")
_FORMAT = re.compile(r"(?:\{\d{1,4}\}){2,}")
_PLACE = re.compile(r"\{(\d{1,4})\}")
_TEMPLATE = re.compile(r"`(?:[^`\\]++|\\.)*+`", re.DOTALL)
_NUMBER = r"(?:0x[0-9a-f]{1,4}|\d{1,5})"
_CHARACTER = (
    rf"(?:(?:\[string\]\s?)?\[char\]\s?(?:\({_NUMBER}\)|{_NUMBER})|\b(?:chrw?\$?|string\.fromcharcode)\s?\({_NUMBER}\))"
)
_CHARACTERS = re.compile(rf"(?i){_CHARACTER}(?:\s?[+.&]\s?{_CHARACTER}){{0,40}}")
_CODE = re.compile(rf"(?i)(?<=[\](\s]){_NUMBER}")
_NAMES = re.compile(r"(?:\$\{?\w{1,40}\}?){3,}")
_NAME = re.compile(r"\$\{?(\w+)")
_BEHIND = re.compile(r"\s*+(?:[)\]},]|\.[A-Za-z_]|[+&|.]\s)")
_BEFORE = re.compile(r"(?i)(?:[(\[{,=+.&|:?%<>]|\b(?:as|case|echo|else|in|print|return|where))\s*+\Z")
"""How goes on what stands behind a string, and how ends what stands before one; no program does both."""
_NEW_LINES = frozenset({"vbcrlf", "vblf", "vbcr", "vbnewline", "php_eol"})
"""Names that stand for the end of a line."""
_ESCAPE = re.compile(r"\\(.)|`([nrt0`\"'$])|\"\"|''", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


class _Token(NamedTuple):
    kind: str
    text: str


def joined_strings(text: str) -> list[list[str]]:
    """The pieces of each string that the text puts together; of all of them `JOINED_LIMIT` characters at most."""
    joined: list[list[str]] = []
    room = JOINED_LIMIT
    if _WORTH_A_LOOK.search(text):
        # Strings over several lines are rare, and one apostrophe in a comment spoils all that follow it.
        for pattern in _TOKENS:
            found = ((match.lastgroup or "mark", match.group()) for match in pattern.finditer(text))
            tokens = [_Token(kind, token) for kind, token in found if kind != "space"]
            for pieces in chain(_runs(tokens, lists=_LISTS_ARE_JOINED.search(text) is not None), _appended(tokens)):
                ends = list(accumulate(map(len, pieces)))
                if ends[-1] >= room:
                    last = bisect_left(ends, room)
                    return [*joined, [*pieces[:last], pieces[last][: room - (ends[last] - len(pieces[last]))]]]
                room -= ends[-1]
                joined.append(pieces)
    return joined


def other_strings(text: str, joined: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The programs in single strings, each with its label.

    Strings that look like a program when they are turned round, in a text that speaks of turning, are `reversed`;
    those that are one as they are, in a text that evaluates, are a `string`; and those that become one when something
    in them is replaced as the text says are `replaced`.

    Args:
        text: What the strings stand in.
        joined: What they were put together to.
    """
    if speaks_of_hiding(text):
        for label, whole in hidden(text, _literals(text), joined):
            yield label, whole.encode("utf-8", "replace")
    if TURNS_ROUND.search(text):
        literals = (_content(match.group()) for match in _TOKENS[1].finditer(text) if match.lastgroup == "text")
        for content in chain(literals, joined):
            if len(content) < LEAST_REVERSED:
                continue
            if detect("", content) is PLAIN_TEXT and detect("", content[::-1]) is not PLAIN_TEXT:
                yield "reversed", content[::-1].encode("utf-8", "replace")


def spelled_out(text: str) -> str:
    """The text with strings in place of the calls that make characters of numbers: `[char]36`, `Chr(34)`."""
    return _CHARACTERS.sub(_characters, text)


def _characters(calls: re.Match[str]) -> str:
    made = "".join(
        chr(int(code, 0) if code[:2].lower() == "0x" else int(code)) for code in _CODE.findall(calls.group())
    )
    quote = '"' if "'" in made else "'"
    return f"{quote}{made}{quote}"


def more_strings(text: str) -> bool:
    """Whether a text that evaluates or replaces has more long strings than are looked at."""
    if len(text) <= LONGEST * LEAST_LITERAL or not speaks_of_hiding(text):
        return False
    return len({literal for literal in _literals(text) if len(literal) >= LEAST_LITERAL}) > LONGEST


def _literals(text: str) -> Iterator[str]:
    """The contents of long strings, of template strings too."""
    for pattern in _TOKENS:
        for match in pattern.finditer(text):
            long = match.lastgroup == "text" and match.end() - match.start() > LEAST_LITERAL
            # A mark behind a letter is an apostrophe.
            if long and not text[max(0, match.start() - 1) : match.start()].isalnum():
                content = _content(match.group())
                closed = match.group().endswith(("'", '"'))
                if not (_is_between(content) if closed else _BEHIND.match(content)):
                    yield content
    yield from (match.group()[1:-1] for match in _TEMPLATE.finditer(text))


def _content(literal: str) -> str:
    """What a string literal stands for, near enough for every language: escapes by backslash, backtick, doubling."""
    body = literal.lstrip("bBfFrRuUlL@$")
    quote, body = body[:1], body[1:].removesuffix(body[:1])

    def plain(match: re.Match[str]) -> str:
        escaped = match.group(1) or match.group(2)
        if escaped is None:
            return quote if match.group()[0] == quote else match.group()
        if match.group(2) is not None and quote == "'":
            return match.group()
        return _NAMED.get(escaped, escaped)

    return _ESCAPE.sub(plain, body)


def _runs(tokens: list[_Token], *, lists: bool) -> Iterator[list[str]]:
    """Strings that follow one another with nothing or a joining mark between them; with `lists` also a comma."""
    joins = {"+", ".", "&", ","} if lists else {"+", ".", "&"}
    values = _named(tokens)
    pieces: list[str] = []
    before = ""
    for place, token in enumerate(tokens):
        if token.kind == "text":
            pieces.append(_content(token.text))
            if _FORMAT.fullmatch(pieces[-1]):
                yield from _formatted(pieces[-1], tokens, place + 1)
            elif _NAMES.fullmatch(pieces[-1]):
                yield [values.get(f"${name}", "") for name in _NAME.findall(pieces[-1])]
        elif pieces and token.text.lower() in _NEW_LINES:
            pieces.append("\n")
            before = "text"
            continue
        elif token.text in values and any(one.text in joins for one in tokens[max(0, place - 1) : place + 2]):
            pieces.append(values[token.text])
            before = "text"
            continue
        elif pieces and (token.text not in joins or before != "text"):
            yield from _enough(pieces)
            pieces = []
        before = token.kind
    yield from _enough(pieces)


def _enough(pieces: list[str]) -> Iterator[list[str]]:
    if len(pieces) >= LEAST_PIECES and not all(map(_is_between, pieces[:-1])):
        yield pieces


def _is_between(content: str) -> bool:
    """Whether this is what stands between two strings: the mark before it ends one, that behind it begins one."""
    return _BEHIND.match(content) is not None and _BEFORE.search(content[-80:]) is not None


def _named(tokens: list[_Token]) -> dict[str, str]:
    """The names that were given one string and nothing else, with it."""
    values: dict[str, str] = {}
    for name, sign, token in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if name.kind == "name" and sign.text == "=":
            if token.kind == "text" and name.text not in values:
                values[name.text] = _content(token.text)
            else:
                values.pop(name.text, None)
    return values


def _formatted(form: str, tokens: list[_Token], place: int) -> Iterator[list[str]]:
    """`"{1}{0}" -f 'b', 'a'`: the pieces in the order of their numbers."""
    if [token.text for token in tokens[place : place + 2]] != ["-", "f"]:
        return
    values: list[str] = []
    for token in tokens[place + 2 : place + 2 + 20_000]:
        if token.kind == "text":
            values.append(_content(token.text))
        elif token.text != ",":
            break
    numbers = [int(number) for number in _PLACE.findall(form)]
    if numbers and max(numbers) < len(values):
        yield [values[number] for number in numbers]


def _appended(tokens: list[_Token]) -> Iterator[list[str]]:
    """Strings that are added to one name, statement after statement: `$s += '...'`, `s = s & "..."`."""
    held: dict[str, list[str]] = {}
    for place, token in enumerate(tokens):
        if token.kind != "text" or place < 2:
            continue
        name, sign = tokens[place - 2], tokens[place - 1]
        if name.kind != "name":
            continue
        again = tokens[place - 4].text if place >= 4 and tokens[place - 3].text == "=" else None
        if sign.kind == "append" or (sign.text in {"+", ".", "&"} and again == name.text):
            held.setdefault(name.text, []).append(_with_rest(tokens, place))
        elif sign.text == "=":
            held[name.text] = [_with_rest(tokens, place)]
    for pieces in held.values():
        yield from _enough(pieces)


def _with_rest(tokens: list[_Token], place: int) -> str:
    """A string and the strings and ends of lines that are joined to it: `"a" & vbCrLf`."""
    pieces = [_content(tokens[place].text)]
    while place + 2 < len(tokens) and tokens[place + 1].text in {"+", ".", "&"}:
        place += 2
        end = tokens[place].text.lower() in _NEW_LINES
        if not end and tokens[place].kind != "text":
            break
        pieces.append("\n" if end else _content(tokens[place].text))
    return "".join(pieces)
