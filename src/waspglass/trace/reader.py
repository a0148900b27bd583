"""Reads programs once each, and programs that are compared in one and the same way.

A grammar's nodes and plain tokens have next to nothing in common. So if one of two texts could not be read by its
grammar, or if their grammars differ (a script in a page, a wrong extension), both are read as plain tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache

from waspglass.trace.commons import Commons
from waspglass.trace.languages import PLAIN_TEXT, Language, as_plain, is_telling, language_named
from waspglass.trace.one_to_many import Many
from waspglass.trace.pairing import Background
from waspglass.trace.parts import Part, parts_of
from waspglass.trace.program import Program, Reading, Source, analysed, is_forced, readable, syntax_of
from waspglass.trace.syntax import Syntax

__all__ = ["BROKEN_WAY", "Grounds", "Reader", "as_tokens", "is_guessed", "way_of"]

BROKEN_WAY = "broken"
HELD = 4
"""Sources whose syntax is held, which takes up to 32 MB each: of a pair it is asked for several times."""
BASELINE_PROGRAMS = 200
"""About so many of the background show how alike a program is with it."""


def as_tokens(source: Source, *, folds_case: bool = False) -> Source:
    """The same source, to be read as plain tokens."""
    return replace(source, language=as_plain(readable(source).language, folds_case=folds_case))


def is_guessed(source: Source) -> bool:
    """Whether the language of a source was told from its content alone."""
    return source.language is None and not is_telling(source.name)


class Reader:
    """Analyses each source, and its parts, once; of the few that were asked for last, also holds the syntax."""

    def __init__(self) -> None:
        self._programs: dict[str, dict[Source, Program]] = {}
        self._syntax = lru_cache(HELD)(syntax_of)
        self.parts = cache(self._parts)
        """The parts of a source, worked out once: of thousands of functions in one another it takes seconds."""

    def program(self, source: Source) -> Program:
        """The views of a source."""
        known = self._programs.setdefault(source.name, {})
        if source not in known:
            known[source] = analysed(source, *self._syntax(source))
        return known[source]

    def forget(self, name: str) -> None:
        """Lets go of all programs of this name; who asks for one again waits again."""
        self._programs.pop(name, None)

    def syntax(self, source: Source) -> tuple[Syntax, bytes]:
        """The syntax of a source and the bytes that its offsets count."""
        text, syntax = self._syntax(source)
        return syntax, text.compared

    def _parts(self, source: Source) -> tuple[Part, ...]:
        return parts_of(self.program(source), *self.syntax(source))

    def together(self, *sources: Source) -> tuple[Source, ...]:
        """The sources as they are if all were read in the same way, otherwise all as plain tokens.

        The language of a text without a telling name is a guess, so it is taken to be in the language of the others.
        The grammar of TypeScript reads JavaScript as well.
        Capitals mean nothing in plain tokens if they mean nothing in one of the languages.
        """
        if self._in_one_way(sources):
            return sources
        named = tuple(dict.fromkeys(self._language(source) for source in sources if not is_guessed(source)))
        for language in named:
            same = self._told(sources, language)
            if self._in_one_way(same):
                return same
        told = self._told(sources, named[0]) if named else sources
        folds_case = any(self._language(source).folds_case for source in told)
        return tuple(
            replace(source, language=as_plain(self._language(source), folds_case=folds_case)) for source in told
        )

    def _language(self, source: Source) -> Language:
        """The language of a source, told once and not for each pair."""
        return source.language or language_named(self.program(source).language) or PLAIN_TEXT

    def _told(self, sources: Sequence[Source], language: Language) -> tuple[Source, ...]:
        """The sources, of which those are said to be in this language whose own is a guess or a part of it."""
        return tuple(
            replace(source, language=language)
            if is_guessed(source) or (language.module and self._language(source).part_of == language.module)
            else source
            for source in sources
        )

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
        self._known: dict[bool | None, tuple[Background, Many]] = {}

    def of(self, source: Source) -> Background:
        """For pairs with this source."""
        return self._read_like(source)[0]

    def background(self, source: Source) -> Many:
        """The programs of the background that stand for all, read in the same way as the source."""
        return self._read_like(source)[1]

    def _read_like(self, source: Source) -> tuple[Background, Many]:
        """Both, read like a source: each text in its language, or as plain tokens, in which capitals count or not."""
        plain = source.language.folds_case if source.language and is_forced(source) else None
        if plain not in self._known:
            background, base = (
                [one if plain is None else as_tokens(one, folds_case=plain) for one in sources]
                for sources in (self._background, self._base)
            )
            read = self._reader.program
            against = Background([read(one) for one in background], [read(one) for one in base], self._commons)
            self._known[plain] = against, _some_of(against)
        return self._known[plain]


def _some_of(against: Background) -> Many:
    return Many(against.programs[:: max(1, len(against) // BASELINE_PROGRAMS)], against)
