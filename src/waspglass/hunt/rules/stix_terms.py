"""From the terms of a STIX pattern to what is hunted: indicators, and correlations of indicators.

A record takes the place of STIX's observed data. Two observations that are joined may be one record: a line of a log
tells of an address and of a page at once.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.indicator_values import made_indicator
from waspglass.hunt.rules.rule import Correlation, Indicator, Meaning
from waspglass.hunt.rules.stix_objects import Ask, asks, selective
from waspglass.hunt.rules.stix_patterns import Choice, Joined, Repeated, Seen, Term
from waspglass.model.escape import printable

__all__ = ["Hunted", "Wanted", "hunted"]

_MOST = 100_000
"""Values of a set (`IN`)."""
_MOST_COMBINED = 10_000
"""Combinations of the sets of one pattern, which multiply."""
_MOST_CHAINS = 50
"""Correlations that one pattern is written out to."""
_LONGEST_ID = 400
_EVER = 100 * 365.25 * 86_400.0
"""Seconds; for observations that may lie any time apart."""
Hunted = Indicator | Correlation | str
"""What is hunted; or a sentence that says what is not, and why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An indicator of a feed, but for its pattern.

    Attributes:
        id: By which its author calls it.
        title: One line.
        source: The file that it came from.
        meaning: What it says; None for the usual of its type.
    """

    id: str
    title: str
    source: str
    meaning: Meaning | None


def hunted(term: Term, number: int, wanted: Wanted) -> Iterator[Hunted]:
    """What is hunted for a term of a pattern, the `number`-th."""
    match term:
        case Seen(choices):
            yield from _of_choices(choices, wanted)
        case Joined() | Repeated():
            yield from _correlated(term, f"{wanted.id} ({number})" if number else wanted.id, wanted)


def _of_choices(choices: tuple[Choice, ...], wanted: Wanted) -> Iterator[Indicator | str]:
    """An indicator for each alternative; a sentence for one that is not hunted."""
    for choice in choices:
        try:
            alternatives = [asks(part) for part in choice]
        except UnsupportedRuleError as fault:
            yield str(fault)
            continue
        many = math.prod(map(len, alternatives))
        if many > (_MOST if sum(len(one) > 1 for one in alternatives) <= 1 else _MOST_COMBINED):
            yield f"a pattern of {many} combinations of values"
            continue
        for parts in product(*alternatives):
            yield _indicator(tuple(dict.fromkeys(ask for part in parts for ask in part)), wanted)


def _indicator(asked: tuple[Ask, ...], wanted: Wanted) -> Indicator | str:
    names, folders = ([value for what, value in asked if what == kind] for kind in ("name", "folder"))
    if len(names) == len(folders) == 1:  # STIX tells a file's folder and name apart
        others = [one for one in asked if one[0] not in ("name", "folder")]
        path = f"{folders[0].rstrip('/')}\\{names[0]}".replace("\\\\", "\\")
        asked = (*others, ("path", path))
    if not selective(asked):
        listed = printable("; ".join(f"{what} {value}".strip() for what, value in asked))
        return f"{listed[:120] or 'a type alone'}: nearly every record shows that"
    made = [made_indicator(what, value, wanted.source, wanted.title, wanted.meaning) for what, value in asked]
    whole = [one for one in made if one is not None]
    if len(whole) < len(made):
        unread = [f"{what} {value}" for (what, value), one in zip(asked, made, strict=True) if one is None]
        return f"{printable('; '.join(unread))[:120]} is not hunted"
    first, *rest = whole
    if not rest:
        return first
    also = tuple((one.type, one.value) for one in rest)
    return replace(first, id=_bounded_id(" & ".join(one.id for one in whole)), also=also)


def _bounded_id(whole: str) -> str:
    """Each finding bears it, and a pattern may have thousands of parts."""
    if len(whole) <= _LONGEST_ID:
        return whole
    return f"{whole[:_LONGEST_ID]}... {hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _feeding(
    steps: tuple[tuple[Choice, ...], ...], name: str, wanted: Wanted
) -> tuple[list[list[Indicator]], list[str]]:
    """The indicators of each step, which give no findings of their own; and what is not hunted of them."""
    found: list[list[Indicator]] = []
    told: list[str] = []
    for place, choices in enumerate(steps, 1):
        of_step: list[Indicator] = []
        for one in _of_choices(choices, wanted):
            if isinstance(one, str):
                told.append(one)
            else:
                own = f"{name} [{place}] {one.id}"
                of_step.append(replace(one, id=own, emits=False))
        found.append(of_step)
    return found, told


def _correlated(term: Joined | Repeated, name: str, wanted: Wanted) -> Iterator[Hunted]:
    steps = (term.choices,) if isinstance(term, Repeated) else term.steps
    feeding, told = _feeding(steps, name, wanted)
    if not all(feeding):
        yield f"a pattern of several observations, one of which is not hunted: {'; '.join(told)}"
        return
    yield from told
    chains = [tuple(feeding[0])] if isinstance(term, Repeated) else list(product(*feeding))
    if len(chains) > _MOST_CHAINS:
        yield f"a pattern of {len(chains)} combinations of observations"
        return
    yield from (one for step in feeding for one in step)
    seconds = _EVER if term.seconds is None else min(term.seconds, _EVER)
    meaning = wanted.meaning or _highest(feeding)
    for number, chain in enumerate(chains):
        own = name if len(chains) == 1 else f"{name} ({'abcdefghijklmnopqrstuvwxyz'[number % 26]}{number // 26 or ''})"
        yield Correlation(
            id=own,
            name=own,
            title=wanted.title,
            kind="event_count" if isinstance(term, Repeated) else "temporal_ordered" if term.ordered else "temporal",
            rules=tuple(dict.fromkeys(one.id for one in chain)),
            timespan=seconds,
            bounds=(("gte", float(term.times if isinstance(term, Repeated) else len(chain))),),
            meaning=meaning,
            source=wanted.source,
        )


def _highest(feeding: list[list[Indicator]]) -> Meaning:
    """A hint with the highest rung of its parts."""
    meanings = [one.meaning for step in feeding for one in step]
    return max(meanings, key=lambda one: one.rung.height if one.rung is not None else -1)
