"""JSON arrays as JSON lines: some exports hold their records in one array, which no reader of lines takes apart.

So are records that go over lines, as `jq` prints them and interfaces answer to a look-up.

Only the brackets are looked at, and an element is handed on as it stands. So it means what it means as a line, and
memory is bounded however deep or long it is: the readers of lines count what is too long, too deep or no JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from waspglass.census.errors import ExportError
from waspglass.census.sources.content import Content
from waspglass.census.sources.lines import LINE_LIMIT, text_blocks, utf8_start
from waspglass.model.errors import Location

__all__ = ["Cutter", "in_lines", "wrapped_in"]

_START = re.compile(rb"\s*(?:\[\s*\{|\{\s*\"matches\"\s*:\s*\[\s*\{|(\{)\s*?\n)")
"""An array of objects; Shodan's answers to a search, also one a line; or an object that does not end in its line."""
_ARRAYS = ("matches", "hits", "results", "items", "data", "events", "result", "arr", "Services")
"""How answers of search interfaces name the array of records: Shodan, Censys, ONYPHE, Netlas, Quake, BinaryEdge,
Criminal IP, Hunter, LeakIX."""
_WRAPPED_END = re.compile(rb'"(?:%s)"\s*:\s*\Z' % "|".join(_ARRAYS).encode())
_WRAPS = 2
"""In so many objects an answer may wrap the array: `{"result": {"hits": [`."""
_KEY = 200
"""Bytes before an array that are searched for its name."""
_SIGN = re.compile(rb'["\[\]{}]')
_QUOTED = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_CUT, _OTHER = b"{", b"[]\n"
"""Lines that every reader of JSON lines counts: as cut, and as no record."""


def in_lines(content: Content) -> Content:
    """The content, an array of objects as one object a line: the number of a line is that of the element.

    Objects that go over lines and wrap no array are such elements themselves.
    """
    start = utf8_start(content.peek())
    found = _START.match(start[:4096])
    return content if found is None else _Unrolled(content, bare=bool(found[1]) and not _wraps(start))


def wrapped_in(answer: Mapping[str, object]) -> list[object]:
    """The records that an answer on one line wraps, in it or in an object of it; empty if it wraps none."""
    for inner in (answer, *answer.values()):
        if isinstance(inner, Mapping):
            for name in _ARRAYS:
                if isinstance(found := inner.get(name), list):
                    return found
    return []


def _wraps(start: bytes) -> bool:
    """True if the first of the objects that begin so wraps an array of records."""
    cutter = Cutter(Location(""))
    try:
        taken = cutter.take(start)
    except ExportError:  # told when it is read
        return True
    return not taken.startswith(_OTHER) and (cutter.found or cutter.number > 0)


class _Unrolled(Content):
    """The elements of an array, in bounded memory; what is said of the content is said of the array.

    Args:
        array: The content.
        bare: It is objects one after the other, without the brackets of an array around them.
    """

    def __init__(self, array: Content, *, bare: bool = False) -> None:
        self.shown = array.shown
        self.size = 0
        self.broken = None
        self._array = array
        self._bare = bare
        self._peeked = None
        self._blocks = self._lines()
        self._partial = False

    @property
    def digest(self) -> str:
        """XXH3-128 of the unpacked bytes."""
        return self._array.digest

    @property
    def ended(self) -> bool:
        """True if the array ends with a line."""
        return self._array.ended

    def _read(self) -> Iterator[bytes]:
        for block in self._blocks:  # noqa: UP028 - `yield from` would close them with the generator of `peek`
            yield block
        self.broken = self._array.broken

    def _lines(self) -> Iterator[bytes]:
        cutter = Cutter(Location(self.shown))
        if self._bare:
            cutter.take(b"[")
        for block in text_blocks(self._array):
            if taken := cutter.take(block):
                yield taken
        if self._bare and cutter.open == b"[":
            yield cutter.take(b"]")
        if cutter.cut_between:
            yield _CUT


@dataclass
class Cutter:
    """Puts an end of line after each element of arrays that come in blocks.

    Attributes:
        shown: The export.
        open: The brackets that are open.
        inside: How many are around an element that is taken; 0 outside of such an array.
        quoted: True within a text.
        found: True if the value that was begun last has such an array.
        number: Elements that have ended.
    """

    shown: Location
    open: bytearray = field(default_factory=bytearray)
    inside: int = 0
    quoted: bool = False
    found: bool = False
    number: int = 0
    _before: bytes = b""
    _half: bytes = b""
    _out: list[bytes] = field(default_factory=list)

    def take(self, block: bytes) -> bytes:
        """The lines, and the start of one, that a block adds.

        Raises:
            ExportError: If brackets do not close as they open: where the elements end can then not be told.
        """
        text = self._half + block.replace(b"\n", b" ")
        place = start = 0
        while True:
            if self.quoted:
                place = self._after_text(text, place)
                if self.quoted:
                    break
            sign = _SIGN.search(text, place)
            if sign is None:
                place = len(text)
                break
            place = sign.end()
            if sign[0] == b'"':
                self.quoted = True
            else:
                start = (self._opens if sign[0] in b"[{" else self._closes)(text, start, place)
        self._hand_on(text[start:place])
        self._before, self._half = (self._before + text[:place])[-_KEY:], text[place:]
        lines = b"".join(self._out)
        self._out.clear()
        return lines

    @property
    def cut_between(self) -> bool:
        """True if the end of the content is missing; a cut element is a cut line itself."""
        return bool(self.open or self.quoted) and not 0 < self.inside < len(self.open)

    def _after_text(self, text: bytes, place: int) -> int:
        """Where a text ends, or what is there of it; half an escape is left for the next block."""
        found = _QUOTED.match(text, place)
        place = place if found is None else found.end()
        self.quoted = text[place : place + 1] != b'"'
        return place if self.quoted else place + 1

    def _opens(self, text: bytes, start: int, end: int) -> int:
        """Takes a bracket; returns where the text starts that was not handed on."""
        depth, bracket = len(self.open), text[end - 1 : end]
        if depth > LINE_LIMIT:
            raise ExportError(f"element {self.number + 1} never ends; nothing was added", location=self.shown)
        if depth == self.inside:
            self._hand_on(text[start : end - 1])
            start = end
            if depth:
                self._out.append(bracket)
            else:
                self.found = bracket == b"["
                self.inside = int(self.found)
        elif not self.inside and depth <= _WRAPS and bracket == b"[":
            before = self._before + text[max(end - 1 - _KEY, 0) : end - 1]
            if _WRAPPED_END.search(before[-_KEY:]):
                self.inside, self.found, start = depth + 1, True, end
        self.open += bracket
        return start

    def _closes(self, text: bytes, start: int, end: int) -> int:
        """The same for a bracket that closes."""
        pair = bytes(self.open[-1:]) + text[end - 1 : end]
        if pair not in (b"[]", b"{}"):
            why = f"element {self.number + 1} of the array: brackets do not close as they open; nothing was added"
            raise ExportError(why, location=self.shown)
        element = 0 < self.inside < len(self.open)
        self._hand_on(text[start : end if element else end - 1])
        self.open.pop()
        if element and len(self.open) == self.inside:
            self._out.append(b"\n")
            self.number += 1
        elif len(self.open) < self.inside:
            self.inside = 0
        elif not self.open and not self.found:
            self._out.append(_OTHER)
        return end

    def _hand_on(self, text: bytes) -> None:
        """What stands in an element as it is; what stands between elements and is no comma as lines of its own."""
        depth = len(self.open)
        if 0 < self.inside < depth:
            self._out.append(text)
        elif depth == self.inside:
            self._out += [each.strip() + b"\n" for each in text.split(b",") if each.strip()]
