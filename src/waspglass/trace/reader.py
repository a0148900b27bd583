"""Reads programs once each, and programs that are compared in one and the same way.

A grammar's nodes and plain tokens have next to nothing in common. So if one of two texts could not be read by its
grammar, or if their grammars differ (a script in a page, a wrong extension), both are read as plain tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from waspglass.trace.commons import Commons
from waspglass.trace.languages import PLAIN_TEXT, Language, is_telling, language_named
from waspglass.trace.one_to_many import Many
from waspglass.trace.pairing import Background
from waspglass.trace.parts import Part, parts_of
from waspglass.trace.program import Program, Reading, Source, program_of, readable
from waspglass.trace.syntax import Syntax, read_syntax

__all__ = ["BROKEN_WAY", "Grounds", "Reader", "as_tokens", "is_forced", "is_guessed", "way_of"]

BROKEN_WAY = "broken"
BASELINE_PROGRAMS = 200
"""About so many of the background show how alike a program is with it."""


def as_tokens(source: Source) -> Source:
    """The same source, to be read as plain tokens; zero bytes, which make a text binary, are passed over."""
    return replace(source, raw=source.raw.replace(b"\0", b"") if readable(source).binary else source.raw,
                   language=PLAIN_TEXT)  # fmt: skip


def is_forced(source: Source) -> bool:
    """Whether this is a source that `as_tokens` gave."""
    return source.language is PLAIN_TEXT


def is_guessed(source: Source) -> bool:
    """Whether the language of a source was told from its content alone."""
    return source.language is None and not is_telling(source.name)


class Reader:
    """Analyses each source, and its parts, once; for the few that are shown, also gives the syntax again."""

    def __init__(self) -> None:
        self._programs: dict[str, dict[Source, Program]] = {}
        self._texts: dict[str, dict[Source, tuple[Language, Source]]] = {}
        self._parts: dict[Source, tuple[Part, ...]] = {}

    def program(self, source: Source) -> Program:
        """The views of a source."""
        known = self._programs.setdefault(source.name, {})
        if source not in known:
            known[source] = program_of(source)
        return known[source]

    def forget(self, name: str) -> None:
        """Lets go of all programs of this name; who asks for one again waits again."""
        self._programs.pop(name, None)
        self._texts.pop(name, None)

    def syntax(self, source: Source) -> tuple[Syntax, bytes]:
        """The syntax of a source and the bytes that its offsets count."""
        text = readable(source)
        return read_syntax(text.compared, text.language, as_bytes=text.binary), text.compared

    def parts(self, source: Source) -> tuple[Part, ...]:
        """The parts of a source, worked out once: of thousands of functions in one another it takes seconds."""
        known = self._parts.get(source)
        if known is None:
            known = self._parts[source] = parts_of(self.program(source), *self.syntax(source))
        return known

    def together(self, *sources: Source) -> tuple[Source, ...]:
        """The sources as they are if all were read in the same way, otherwise all as plain tokens.

        The language of a text without a telling name is a guess: before that, it is read in the language of the others.
        """
        if self._in_one_way(sources):
            return sources
        for language in dict.fromkeys(self._text(source)[0] for source in sources if not is_guessed(source)):
            same = tuple(replace(source, language=language) if is_guessed(source) else source for source in sources)
            if self._in_one_way(same):
                return same
        return tuple(self._text(source)[1] for source in sources)

    def _text(self, source: Source) -> tuple[Language, Source]:
        """The language of a source, and the source to be read as plain tokens: worked out once, not for each pair."""
        known = self._texts.setdefault(source.name, {})
        if source not in known:
            known[source] = readable(source).language, as_tokens(source)
        return known[source]

    def _in_one_way(self, sources: Sequence[Source]) -> bool:
        ways = {way_of(self.program(source)) for source in sources}
        return len(ways) == 1 and BROKEN_WAY not in ways


def way_of(program: Program) -> str:
    """How a program was read: by which grammar, as tokens or as bytes; only within one way can views be alike."""
    language = language_named(program.language)
    if program.reading is not Reading.SYNTAX:
        folds = program.reading is Reading.TOKENS and language is not None and language.folds_case
        return f"{program.reading.value} in small letters" if folds else program.reading.value
    if "broken" in program.remarks:
        return BROKEN_WAY
    return language.module or "" if language else ""


class Grounds:
    """What a pair is measured against, read in the same way as the pair."""

    def __init__(self, reader: Reader, background: Sequence[Source], base: Sequence[Source], commons: Commons) -> None:
        self._reader = reader
        self._background = background
        self._base = base
        self._commons = commons

    def of(self, source: Source) -> Background:
        """For pairs with this source."""
        return self._plain if is_forced(source) else self._usual

    def background(self, source: Source) -> Many:
        """The programs of the background that stand for all, read in the same way as the source."""
        return self._many_plain if is_forced(source) else self._many_usual

    @cached_property
    def _many_usual(self) -> Many:
        return _some_of(self._usual)

    @cached_property
    def _many_plain(self) -> Many:
        return _some_of(self._plain)

    @cached_property
    def _usual(self) -> Background:
        return self._made(self._background, self._base)

    @cached_property
    def _plain(self) -> Background:
        return self._made([as_tokens(source) for source in self._background], [as_tokens(s) for s in self._base])

    def _made(self, background: Sequence[Source], base: Sequence[Source]) -> Background:
        read = self._reader.program
        return Background([read(source) for source in background], [read(source) for source in base], self._commons)


def _some_of(against: Background) -> Many:
    return Many(against.programs[:: max(1, len(against) // BASELINE_PROGRAMS)], against)
