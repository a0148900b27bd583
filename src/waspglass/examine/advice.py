"""Next steps and legal clocks: the pack's texts whose conditions hold for this host."""

from __future__ import annotations

from collections import defaultdict

from waspglass.examine.case import Case
from waspglass.examine.verdict import Decision
from waspglass.model.assessment import Advice, Clock, LidState
from waspglass.model.finding import Effect
from waspglass.packs.pack import Pack

__all__ = ["advice_of", "clocks_of", "holds", "truths_of"]


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


def truths_of(decision: Decision, case: Case) -> frozenset[str]:
    """What conditions of advice and clocks can ask for.

    Coverage is complete if no hour of the window is missing, all that would have shown an entry was read, and nothing
    of it is open. A lid through which somebody came holds as vulnerable, too.
    """
    observations, exposed, state = case.observations, case.exposed, case.lid.state
    unknown = exposed.window is None and state is not LidState.NEVER_VULNERABLE
    incomplete = exposed.missing or unknown or observations.blinded or case.open_question
    truths = {f"verdict:{decision.verdict.value}", f"lid:{state.value}"}
    truths.add(f"coverage:{'incomplete' if incomplete else 'complete'}")
    truths.update(f"rung:{rung.value}" for rung in decision.rungs)
    if any(found.effect is Effect.HINT for found in observations.findings):
        truths.add("review:some")
    if case.through_lid:
        truths.add(f"lid:{LidState.VULNERABLE.value}")
    return frozenset(truths)


def advice_of(pack: Pack, truths: frozenset[str], language: str) -> tuple[Advice, ...]:
    """The steps that fit, most urgent first, in the pack's order among equals."""
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


def clocks_of(pack: Pack, truths: frozenset[str], language: str) -> tuple[Clock, ...]:
    """The deadlines that may run, shortest first."""
    clocks = [
        Clock(
            id=entry.id,
            title=entry.title.text(language),
            law=entry.law.text(language),
            hours=entry.hours,
            months=entry.months,
            text=entry.text.text(language),
        )
        for entry in pack.clocks
        if holds(entry.when, truths)
    ]
    return tuple(sorted(clocks, key=lambda clock: (clock.months, clock.hours)))
