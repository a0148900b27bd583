"""Next steps and legal clocks: the pack's texts whose conditions hold for this host."""

from __future__ import annotations

from collections import defaultdict

from waspglass.examine.verdict import Decision
from waspglass.model.assessment import Advice, Clock, Lid
from waspglass.packs.pack import Pack

__all__ = ["advice_of", "clocks_of", "holds"]


def holds(when: tuple[str, ...], truths: frozenset[str]) -> bool:
    """True if for each key before the colon at least one of its conditions is among the truths.

    `("verdict:occupied", "verdict:compromised", "lid:vulnerable")` reads: occupied or compromised, and vulnerable.
    `always` holds always.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for condition in when:
        if condition != "always":
            groups[condition.partition(":")[0]].append(condition)
    return all(any(condition in truths for condition in group) for group in groups.values())


def _truths(decision: Decision, lid: Lid) -> frozenset[str]:
    rungs = {f"rung:{rung.value}" for rung in decision.rungs}
    return frozenset({f"verdict:{decision.verdict.value}", f"lid:{lid.state.value}", *rungs})


def advice_of(pack: Pack, decision: Decision, lid: Lid, language: str) -> tuple[Advice, ...]:
    """The steps that fit, most urgent first, in the pack's order among equals."""
    truths = _truths(decision, lid)
    steps = [
        Advice(
            id=entry.id,
            title=entry.title.text(language),
            text=entry.text.text(language),
            priority=entry.priority,
            sources=entry.sources,
        )
        for entry in pack.advice
        if holds(entry.when, truths)
    ]
    return tuple(sorted(steps, key=lambda step: step.priority))


def clocks_of(pack: Pack, decision: Decision, lid: Lid, language: str) -> tuple[Clock, ...]:
    """The deadlines that may run, shortest first."""
    truths = _truths(decision, lid)
    clocks = [
        Clock(
            id=entry.id,
            title=entry.title.text(language),
            law=entry.law,
            hours=entry.hours,
            text=entry.text.text(language),
        )
        for entry in pack.clocks
        if holds(entry.when, truths)
    ]
    return tuple(sorted(clocks, key=lambda clock: clock.hours))
