"""Streams the elements of an XML file; built for files that an attacker may have written.

`expat` itself, because it tells the line of each element. What makes XML dangerous is refused: any document type
declaration (entities, external or recursive, cannot exist without one), more than a bounded depth, and more than a
bounded number of elements or characters. This is what `defusedxml` does, with lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat  # document types are refused below

from waspglass.evidence.errors import read_error
from waspglass.evidence.readers.whole_file import decoded
from waspglass.model.skip import SkipReason

__all__ = ["XmlElement", "text_of", "xml_elements"]

_MAX_DEPTH = 64
_MAX_ELEMENTS = 1_000_000
_MAX_TEXT = 1_000_000
_PIECE = 64 * 1024
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,200}\?>")


@dataclass(slots=True)
class XmlElement:
    """One element, given when it has ended.

    Attributes:
        path: Names from the root down to this element, without namespaces.
        attributes: As written, names without namespaces.
        line: 1-based line of its start.
        text: Its own text, without that of elements inside.
        parent: The element around it.
    """

    path: tuple[str, ...]
    attributes: dict[str, str]
    line: int
    text: str = ""
    parent: XmlElement | None = None

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]

    def around(self, name: str) -> Iterator[XmlElement]:
        """The elements of that name around this one, from the inside out."""
        above = self.parent
        while above is not None:
            if above.name == name:
                yield above
            above = above.parent


class _RefusedError(Exception):
    """Something in the document that is not read."""


class _Collector:
    """Turns expat's callbacks into elements."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8")  # whatever a declaration says that is too long to be blanked
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.ended: list[XmlElement] = []
        self._open: list[XmlElement] = []
        self._texts: list[list[str]] = []
        self._count = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MAX_ELEMENTS or len(self._open) >= _MAX_DEPTH:
            raise _RefusedError("more elements, or deeper ones, than such a file has")
        above = self._open[-1] if self._open else None
        path = (*(above.path if above else ()), _local(name))
        plain = {_local(key): value for key, value in attributes.items()}
        self._open.append(XmlElement(path, plain, self.parser.CurrentLineNumber, "", above))
        self._texts.append([])

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = "".join(self._texts.pop())[:_MAX_TEXT]
        self.ended.append(element)

    def _text(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)  # a string that grows by each piece would take the square

    def _doctype(self, *_parts: object) -> None:
        raise _RefusedError("it declares a document type, which such a file never does")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def text_of(element: XmlElement) -> str:
    """The element's text without the blanks around it."""
    return element.text.strip()


def xml_elements(content: bytes, path: str) -> Iterator[XmlElement]:
    """The elements of a document, each when it ends, so inner ones come first.

    The encoding is taken from the byte order mark, whatever the declaration says: Windows writes UTF-16 files whose
    declaration still speaks of UTF-8, and the other way round after an export.

    Args:
        content: The file.
        path: For messages.

    Raises:
        EvidenceReadError: Where the document is damaged or refused; what was yielded before stands.
    """
    text = decoded(content).replace("\0", "").lstrip("\ufeff")
    # Blanked rather than cut, so that lines keep their numbers.
    text = _DECLARATION.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text, count=1)
    document = text.encode("utf-8", "backslashreplace")
    collector = _Collector()
    try:
        for start in range(0, len(document), _PIECE):
            collector.parser.Parse(document[start : start + _PIECE], False)
            yield from collector.ended
            collector.ended.clear()
        collector.parser.Parse(b"", True)
        yield from collector.ended
    except _RefusedError as fault:
        raise read_error(path, SkipReason.DAMAGED, str(fault)) from fault
    except (expat.ExpatError, ValueError) as fault:
        yield from collector.ended
        line = getattr(fault, "lineno", None)
        raise read_error(path, SkipReason.DAMAGED, f"the XML is damaged ({fault})", line) from fault
