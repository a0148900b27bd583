"""What is followed up, and what is left out of it."""

from __future__ import annotations

from waspglass.hunt.rules.followup import seeds_of
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import SkipReason


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
