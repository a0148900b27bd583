"""The second pass: what the first one captured becomes needles, to see what the same actors did besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from waspglass.hunt.condition import Condition, matches
from waspglass.hunt.rule import Indicator, Meaning, Rule, RuleSet
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["Seeds", "context_indicators", "follow_up_rules", "seeds_of"]

_MOST = 500
"""Values of one placeholder that are followed up; an attack from more addresses than that is told as such."""
_PREFIX = "context:"


@dataclass(frozen=True, slots=True)
class Seeds:
    """What the first pass captured.

    Attributes:
        holes: Values for placeholders, by name.
        actors: Addresses, sessions and implants of findings that prove access; their other lines are context.
        skipped: Values left out.
    """

    holes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    actors: tuple[tuple[str, str], ...] = ()
    skipped: tuple[Skipped, ...] = ()


def _means_somebody(name: str, value: str) -> bool:
    if name != "address":
        return len(value) >= 4
    try:
        address = ip_address(value.partition("%")[0])
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def seeds_of(findings: Iterable[Finding], values: Mapping[str, Mapping[str, str]]) -> Seeds:
    """Seeds out of the findings of the first pass.

    Args:
        findings: Findings; hints and context seed nothing.
        values: Raw captured values by finding id (the finding's own fields are escaped).
    """
    holes: dict[str, dict[str, None]] = {}
    actors: dict[tuple[str, str], None] = {}
    for finding in findings:
        if finding.effect in (Effect.HINT, Effect.CONTEXT) or finding.rung is None:
            continue
        for name, value in values.get(finding.id, {}).items():
            if not _means_somebody(name, value):
                continue
            holes.setdefault(name, {})[value] = None
            if finding.rung.height >= Rung.EXPLOITED.height and name in ("address", "session", "implant"):
                actors[name, value] = None
    skipped = [
        Skipped(
            source="follow-up",
            reason=SkipReason.LIMIT_REACHED,
            count=len(found) - _MOST,
            detail=f"further values of %{name}% were not followed up",
        )
        for name, found in holes.items()
        if len(found) > _MOST
    ]
    if len(actors) > _MOST:
        detail = "further addresses, sessions and pages: what else they did is not shown"
        left_out = len(actors) - _MOST
        skipped.append(Skipped(source="follow-up", reason=SkipReason.LIMIT_REACHED, count=left_out, detail=detail))
    kept = {name: tuple(found)[:_MOST] for name, found in holes.items()}
    return Seeds(kept, tuple(actors)[:_MOST], tuple(skipped))


def _holes_of(condition: Condition) -> frozenset[str]:
    return frozenset(text for match in matches(condition) for kind, text in match.parts if kind == "hole")


def follow_up_rules(rules: RuleSet, seeds: Seeds) -> tuple[Rule, ...]:
    """The follow-up rules of which at least one placeholder has a value (or that have none)."""
    return tuple(
        rule
        for rule in rules.rules
        if rule.phase == "follow-up"
        and (not (holes := _holes_of(rule.condition)) or any(seeds.holes.get(name) for name in holes))
    )


def context_indicators(seeds: Seeds) -> tuple[Indicator, ...]:
    """One indicator an actor: any line of any log that names it."""
    meaning = Meaning(None, Effect.CONTEXT)
    return tuple(
        Indicator(
            type="path" if name == "implant" else name,
            value=value,
            id=f"{_PREFIX}{name}:{value}",
            title=f"Also seen of this {name}",
            meaning=meaning,
        )
        for name, value in seeds.actors
    )
