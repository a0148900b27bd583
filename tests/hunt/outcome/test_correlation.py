"""Chains of events in an order: what ends one, what is told again, and what several endings mean."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from tests.hunt.evidence import rules_of
from tests.hunt.outcome.test_sigma_correlations import NAMES_WHAT_ENDS_IT, A, B, C, joined
from waspglass.evidence.artefact import Place
from waspglass.hunt.outcome.collect import Heard
from waspglass.hunt.outcome.correlation import correlate
from waspglass.hunt.rules.rule import RuleSet

CHAIN = joined("temporal_ordered", "a, b", "condition: {gte: 2}")
NAMED = joined("temporal_ordered", "a, b", "condition: {gte: 2}", extra=NAMES_WHAT_ENDS_IT)
WHOLE_FILE = Place(offset=0)


def chain(*documents: str) -> RuleSet:
    return rules_of("\n---\n".join(documents))


def heard(rules: RuleSet, name: str, time: float, place: Place, source: str = "log", about: str = "") -> Heard:
    rule = next(one.id for one in rules.rules if one.name == name)
    return Heard(0, rule, time, ("x",), (), source, place, about)


def ends(rules: RuleSet, events: list[Heard]) -> list[tuple[str, Place]]:
    matches, _ = correlate(rules.correlations, rules.rules, events)
    return [(one.events[-1].source, one.events[-1].place) for one in matches]


def test_each_page_written_after_a_break_in_ends_its_chain() -> None:
    rules = chain(A, B, CHAIN)
    pages = [heard(rules, "b", 60 + n, WHOLE_FILE, f"page{n}") for n in range(3)]
    assert ends(rules, [heard(rules, "a", 0, Place(line=1)), *pages]) == [(one.source, WHOLE_FILE) for one in pages]


def test_lines_of_a_log_end_a_chain_once() -> None:
    rules = chain(A, B, CHAIN)
    lines = [heard(rules, "b", 60 + n, Place(line=2 + n)) for n in range(3)]
    assert ends(rules, [heard(rules, "a", 0, Place(line=1)), *lines]) == [("log", Place(line=2))]


def test_a_page_that_is_called_all_day_ends_its_chain_once_and_another_page_too() -> None:
    rules = chain(A, B, NAMED)
    calls = [
        heard(rules, "b", 60 + n, Place(line=2 + n), about=page) for n, page in enumerate(["/x", "/x", "/y", "/x"])
    ]
    assert ends(rules, [heard(rules, "a", 0, Place(line=1)), *calls]) == [
        ("log", Place(line=2)),
        ("log", Place(line=4)),
    ]


def test_one_record_completes_one_chain_however_many_ways_lead_to_it() -> None:
    rules = chain(A, B, C, joined("temporal_ordered", "a, b, c", "condition: {gte: 2}"))
    events = [heard(rules, name, at, Place(line=at)) for at, name in enumerate("bac", 1)]
    (match,), _ = correlate(rules.correlations, rules.rules, events)
    assert [one.place.line for one in match.events] == [2, 3]


def test_events_of_one_moment_stand_in_the_order_of_their_places() -> None:
    """Logs are written to the second, and are read in whatever order they come."""
    rules = chain(A, joined("event_count", "a", "condition: {gte: 6}"))
    for places in (
        [Place(line=n) for n in range(1, 7)],
        [Place(record=n) for n in range(1, 7)],
        [Place(offset=n) for n in range(1, 7)],
        [Place(), *(Place(line=n) for n in range(1, 6))],
    ):
        events = [heard(rules, "a", 0, place) for place in places]
        mixed = random.Random(5).sample(events, len(events))
        (match,), _ = correlate(rules.correlations, rules.rules, mixed)
        assert [one.place for one in match.events] == places


def test_at_one_moment_the_order_of_the_rules_decides_before_that_of_the_lines() -> None:
    rules = chain(A, B, CHAIN)
    both = [heard(rules, "b", 0, Place(line=1)), heard(rules, "a", 0, Place(line=2))]
    assert ends(rules, both) == [("log", Place(line=1))]


def test_rows_of_a_great_many_servers_are_joined_with_other_logs_for_the_first_of_them_only() -> None:
    """Each server's rows are gone through with all that names no server: 150,000 of each would take days."""
    rules = chain(A, B, CHAIN)
    begun = [replace(heard(rules, "a", at, Place(record=at)), server=f"S{at}") for at in range(60)]
    matches, alone = correlate(rules.correlations, rules.rules, [*begun, heard(rules, "b", 100, Place(line=1))])
    assert [match.events[0].server for match in matches] == [f"S{number}" for number in range(50)]
    assert alone == {rules.correlations[0].id: 10}
    ended = [replace(heard(rules, "b", 101 + at, Place(record=100 + at)), server=f"S{at}") for at in range(60)]
    matches, alone = correlate(rules.correlations, rules.rules, [*begun, *ended])
    assert (len(matches), +alone) == (60, Counter())
