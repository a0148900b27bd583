"""What is followed up, and what is left out of it."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import rules_of, sigma
from waspglass.hunt.rules.followup import Seeds, seeds_of
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import SkipReason

CAPTURES = sigma(
    "s: {cs-method: POST}\ncondition: s",
    title="first",
    extra="waspglass: {rung: exploited, capture: {page: {field: cs-uri-stem}}}",
)
PAGE = "s: {{cs-uri-stem|expand: '%{0}%'}}\ncondition: s"
FOLLOW_UP = "waspglass: {rung: used, phase: follow-up}"


@pytest.mark.parametrize(
    ("name", "extra", "told"),
    [
        ("page", FOLLOW_UP, []),
        ("address", FOLLOW_UP, []),
        ("many", FOLLOW_UP, []),
        ("U", FOLLOW_UP, []),
        ("other", FOLLOW_UP, ["nothing fills the placeholder %other%; write its values into the rule"]),
        ("page", "", ["nothing fills the placeholder %page%; write its values into the rule"]),
    ],
)
def test_placeholders_are_filled_in_later_passes_with_what_something_captures(
    name: str, extra: str, told: list[str]
) -> None:
    body = "{type: event_count, rules: [first], group-by: [U], timespan: 5m, condition: {gte: 2}}"
    block = "waspglass: {rung: exploited, capture: {many: {field: U}}}"
    counted = f"title: k\nname: k\ncorrelation: {body}\n{block}\n"
    rules = rules_of(CAPTURES, counted, sigma(PAGE.format(name), title="asks", extra=extra))
    assert [one.detail for one in rules.skipped] == told
    assert [one.name for one in rules.rules] == (["first"] if told else ["first", "asks"])


def found(number: int, **changes: object) -> Finding:
    values: dict[str, object] = {"id": str(number), "rung": Rung.EXPLOITED, "rule": "r", "title": "t", "source": "s"}
    return Finding.model_validate(values | changes)


def test_actors_beyond_the_limit_are_counted() -> None:
    findings = [found(number) for number in range(510)]
    values = {one.id: {"address": f"203.0.{int(one.id) // 250}.{int(one.id) % 250 + 1}"} for one in findings}
    seeds = seeds_of(findings, values)
    assert len(seeds.actors) == len(seeds.holes["address"]) == 500
    assert [(skip.reason, skip.count) for skip in seeds.skipped] == [(SkipReason.LIMIT_REACHED, 10)] * 2


def test_probes_hints_and_the_server_itself_are_not_followed() -> None:
    findings = [found(1, rung=Rung.PROBED), found(2, effect=Effect.HINT), found(3)]
    values = {"1": {"address": "203.0.113.1"}, "2": {"address": "203.0.113.2"}, "3": {"address": "127.0.0.1"}}
    seeds = seeds_of(findings, values)
    assert seeds.actors == ()
    assert seeds.holes == {"address": ("203.0.113.1",)}


def seeded(rung: Rung, name: str, value: str, **changes: object) -> Seeds:
    return seeds_of([found(1, rung=rung, **changes)], {"1": {name: value}})


@pytest.mark.parametrize("rung", [Rung.PROBED, Rung.USED])
@pytest.mark.parametrize(
    ("address", "followed"),
    [
        ("203.0.113.1", True),
        ("10.1.2.3", False),
        ("192.168.1.9", False),
        ("fe80::1%3", False),
        ("2001:db8::1", True),
    ],
)
def test_an_internal_address_that_only_probed_or_came_to_a_page_may_be_everybody(
    rung: Rung, address: str, followed: bool
) -> None:
    assert bool(seeded(rung, "address", address).holes) is followed
    assert seeded(Rung.EXPLOITED, "address", address).holes == {"address": (address,)}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "-", "mx01", ""])
def test_what_is_no_address_of_somebody_is_not_followed(address: str) -> None:
    assert seeded(Rung.EXPLOITED, "address", address) == Seeds()


@pytest.mark.parametrize(
    ("name", "value", "holes", "actors"),
    [
        ("session", "abcd", True, True),
        ("session", "abc", False, False),  # so short a value stands in any line
        ("implant", "/x.aspx", True, True),
        ("service", "abcdef", True, False),
    ],
)
def test_sessions_and_implants_are_actors_and_other_values_fill_placeholders(
    name: str, value: str, holes: bool, actors: bool
) -> None:
    seeds = seeded(Rung.IMPLANTED, name, value)
    assert (bool(seeds.holes), bool(seeds.actors)) == (holes, actors)
    assert seeded(Rung.IMPLANTED, name, value, effect=Effect.CONTEXT).holes == {}


def test_a_further_pass_looks_for_what_is_new_only() -> None:
    before = Seeds({"address": ("203.0.113.1",), "session": ("abcd",)}, (("address", "203.0.113.1"),))
    now = Seeds(
        {"address": ("203.0.113.1", "203.0.113.2"), "session": ("abcd",), "implant": ("/x.aspx",)},
        (("address", "203.0.113.1"), ("address", "203.0.113.2")),
    )
    assert now.beyond(before) == Seeds(
        {"address": ("203.0.113.2",), "implant": ("/x.aspx",)}, (("address", "203.0.113.2"),)
    )
    assert now.beyond(now) == Seeds()
