"""Choices of needles on disk, so that the next hunt with the same rules need not derive and measure them again.

A choice never changes what is found, so one that was made for other evidence is as exact; if it is slow there, the
planner makes another. The key covers the rules as they are bound, the format and the columns, and (as every key does)
the code that derives needles: a needle that is wrong would hide an intrusion.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import msgspec
import orjson

from waspglass.evidence.artefact import Columns, LineFormat
from waspglass.hunt.cache import Cache, digest
from waspglass.hunt.matching.binding import Bindings
from waspglass.hunt.matching.plan import Choice, Prong
from waspglass.hunt.rules.fields import field_names

__all__ = ["ChoiceStore"]


class ChoiceStore:
    """The choice for one kind of log with one header and one set of rules."""

    def __init__(
        self, cache: Cache | None, bindings: Bindings, format_: LineFormat, columns: Columns, derived: frozenset[str]
    ) -> None:
        self._cache = cache
        self._bindings = bindings
        self._log: tuple[str | bytes, ...] = (format_.name, *columns.names, b"|", *sorted(derived))

    @cached_property
    def _key(self) -> str:
        """Made when it is asked for: it costs a walk through all rules."""
        return digest("choice", *self._log, *_rules(self._bindings))

    def get(self) -> Choice | None:
        """The stored choice; None if there is none that fits."""
        stored = None if self._cache is None else self._cache.get(self._key)
        if stored is None:
            return None
        bound = self._bindings.bound
        try:
            expected, everywhere, rows = orjson.loads(stored)
            prongs = tuple(
                Prong(
                    bound[number],
                    frozenset(needle.encode("latin-1") for needle in primary),
                    tuple(tuple(needle.encode("latin-1") for needle in check) for check in checks),
                )
                for number, primary, checks in rows
            )
            return Choice(prongs, tuple(bound[number] for number in everywhere), float(expected))
        except (ValueError, TypeError, IndexError, AttributeError):
            return None

    def put(self, choice: Choice) -> None:
        """Stores a choice that was made with a sample."""
        if self._cache is None or choice.expected is None:
            return
        number = {bound: place for place, bound in enumerate(self._bindings.bound)}
        rows = [
            [
                number[prong.bound],
                sorted(needle.decode("latin-1") for needle in prong.primary),
                [[needle.decode("latin-1") for needle in check] for check in prong.checks],
            ]
            for prong in choice.prongs
        ]
        self._cache.put(self._key, orjson.dumps([choice.expected, [number[one] for one in choice.everywhere], rows]))


def _rules(bindings: Bindings) -> Iterator[bytes]:
    for bound in bindings.bound:
        names = sorted(field_names(bound.condition))
        resolved = [[name, *bound.resolve(name)] for name in names]
        holes = {name: list(values) for name, values in sorted(bound.holes.items())}
        yield msgspec.json.encode([bound.condition, resolved, bound.blank, holes])
