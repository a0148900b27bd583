"""A JSON array as JSON lines: some exports hold their records in one array, which no reader of lines takes apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

import ijson
import msgspec

from waspglass.census.errors import ExportError
from waspglass.census.sources.content import BLOCK, Content
from waspglass.census.sources.lines import LINE_LIMIT, text_blocks
from waspglass.model.errors import Location

__all__ = ["in_lines"]

_ARRAY = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*(?:\{\s*\"(matches)\"\s*:\s*)?\[\s*\{")
"""An array of objects; or Shodan's answers to a search, of which several pages may follow on one another."""
_CUT = b"{"
"""A line that every reader of JSON lines counts as cut."""


def in_lines(content: Content) -> Content:
    """The content, an array of objects as one object a line: the number of a line is that of the element."""
    found = _ARRAY.match(content.peek()[:4096].replace(b"\0", b""))
    if found is None:
        return content
    return _Unrolled(content, "item" if found[1] is None else f"{found[1].decode()}.item")


class _Unrolled(Content):
    """The elements of an array, in bounded memory; what is said of the content is said of the array."""

    def __init__(self, array: Content, path: str) -> None:
        self.shown = array.shown
        self.size = 0
        self._path = path
        self.broken = None
        self._array = array
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
        yield from self._blocks
        self.broken = self._array.broken

    def _lines(self) -> Iterator[bytes]:
        """Blocks of whole lines.

        Raises:
            ExportError: If an element is longer than any record, or no JSON: what follows it cannot be told apart.
        """
        ready: list[bytes] = []
        fed = _Fed(self._array)
        size = number = 0
        try:
            text = ijson.from_iter(fed.blocks())
            elements = ijson.items(text, self._path, use_float=True, multiple_values=True)
            for number, element in enumerate(elements, 1):  # noqa: B007
                fed.since = 0
                ready.append(msgspec.json.encode(element) + b"\n")
                size += len(ready[-1])
                if size >= BLOCK:
                    yield b"".join(ready)
                    ready.clear()
                    size = 0
        except ijson.IncompleteJSONError as error:
            reason = str(error).split("\n", 1)[0]
            if "premature EOF" not in reason:
                place = Location(self.shown, field=f"element {number + 1} of the array")
                raise ExportError(f"{reason}; nothing was added", location=place) from error
            ready.append(_CUT)
        if ready:
            yield b"".join(ready)


class _Fed:
    """The text of an array as it is handed to the parser; notices an element that does not end.

    Attributes:
        since: Bytes handed over since the last element, which is set back by whoever takes elements.
    """

    def __init__(self, array: Content) -> None:
        self._array = array
        self.since = 0

    def blocks(self) -> Iterator[bytes]:
        for block in text_blocks(self._array):
            self.since += len(block)
            if self.since > LINE_LIMIT + 2 * BLOCK:
                raise ExportError(
                    f"an element of the array is longer than {LINE_LIMIT} bytes; nothing was added",
                    location=Location(self._array.shown),
                )
            yield block
