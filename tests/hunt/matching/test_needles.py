"""Alternatives of a rule that are looked for on their own."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import both, iis, row, rules_of, sigma
from waspglass.hunt.matching.compile import filled
from waspglass.hunt.matching.needles import demands, prongs
from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Or


def _match(text: str) -> Match:
    return Match(field="f", kind=Kind.PATTERN, parts=(("text", text),))


def _pair(name: str) -> Condition:
    return And((_match(f"{name}1"), _match(f"{name}2")))


def test_each_alternative_asks_for_its_own_and_for_what_all_ask() -> None:
    found = prongs(And((Or((_pair("a"), _pair("b"))), _match("e"))))
    assert [{part.parts[0][1] for part in demands(one) if isinstance(part, Match)} for one in found] == [
        {"a1", "a2", "e"},
        {"b1", "b2", "e"},
    ]


def test_an_alternative_with_a_wildcard_inside_is_looked_for_on_its_own() -> None:
    gap = Match(field="f", kind=Kind.PATTERN, parts=(("text", "a"), ("one", ""), ("text", "b")))
    rest = _match("c")
    assert prongs(And((Or((gap, _match("d"))), rest))) == [And((gap, rest)), And((_match("d"), rest))]


def test_alternatives_of_alternatives_are_not_worked_out() -> None:
    """There are 4 to the power of 12 of them."""
    rule = And(tuple(Or(tuple(_pair(f"{n}{m}") for m in range(4))) for n in range(12)))
    assert prongs(rule) == [rule]


@pytest.mark.parametrize("test", ["cs-uri-query|contains: '{}'", "cs-uri-query: '{}'", "cs-uri-query|re: '{}'"])
@pytest.mark.parametrize("text", ["a" * 20_000, "%" * 5_000])
def test_a_text_may_be_longer_than_hyperscan_takes(test: str, text: str) -> None:
    rules = rules_of(sigma(f"a: {{{test.format(text)}, cs-method: GET}}\ncondition: a"))
    found = both([iis(row("/a", query=text), row("/a", query=text[1:]), row("/a", query="b"))], rules)
    assert [one.line for one in found.findings] == [2]


def test_a_pattern_of_many_parts_without_placeholders_is_itself() -> None:
    parts = (("one", ""), ("text", "a")) * 100_000  # each part copied those before it: minutes
    assert filled(parts, {}) == [parts]
    assert filled((("hole", "x"), ("any", "")), {}) == []
