"""Further passes: what the ones before captured becomes needles, to see what the same actors did besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import TypeVar

from msgspec import structs

from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.rules.condition import Match, mapped, placeholders
from waspglass.hunt.rules.rule import Indicator, Meaning, Rule, RuleSet
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["FollowUp", "Seeds", "follow_up", "seeds_of"]

_T = TypeVar("_T")
_MOST = 500
"""Values of one placeholder that are followed up; an attack from more addresses than that is told as such."""
_PREFIX = "context:"
_INTERNAL = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"))
)
"""Addresses inside networks; those of load balancers stand for all clients behind them."""
_ANY = "any "
"""Before the name of a placeholder: its values of all passes, not only the new ones."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """What the passes so far captured.

    Attributes:
        holes: Values for placeholders, by name.
        actors: Addresses, sessions and implants of findings that prove access; their other lines are context.
        skipped: Values left out.
    """

    holes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    actors: tuple[tuple[str, str], ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def beyond(self, followed: Seeds) -> Seeds:
        """What is new since."""
        holes = {name: _without(values, followed.holes.get(name, ())) for name, values in self.holes.items()}
        return Seeds({name: new for name, new in holes.items() if new}, _without(self.actors, followed.actors))


def _without(values: tuple[_T, ...], known: Iterable[_T]) -> tuple[_T, ...]:
    """The values that are not known, in their order."""
    old = frozenset(known)
    return tuple(one for one in values if one not in old)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a further pass looks for: rules and indicators, and the values of their placeholders."""

    chosen: tuple[Rule | Indicator, ...]
    holes: Mapping[str, tuple[str, ...]]


def _means_somebody(name: str, value: str) -> bool:
    if name != "address":
        return len(value) >= 4
    try:
        address = ip_address(value.partition("%")[0])
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _stands_for_many(name: str, value: str, rung: Rung) -> bool:
    """True for an internal address that only probed, or only came to a page that is an implant.

    Behind it may be everybody whom a load balancer lets through, or somebody who looks after the server.
    """
    if name != "address" or rung not in (Rung.PROBED, Rung.USED):
        return False
    address = ip_address(value.partition("%")[0])
    return any(address in network for network in _INTERNAL if network.version == address.version)


def seeds_of(findings: Iterable[Finding], values: Mapping[str, Mapping[str, str]]) -> Seeds:
    """Seeds out of the findings so far.

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
            if not _stands_for_many(name, value, finding.rung):
                holes.setdefault(name, {})[value] = None
            if finding.rung.height >= Rung.EXPLOITED.height and name in ("address", "session", "implant"):
                actors[name, value] = None
    left = {f"further values of %{name}% were not followed up": len(found) - _MOST for name, found in holes.items()}
    left["further addresses, sessions and pages: what else they did is not shown"] = len(actors) - _MOST
    skipped = [
        skip_of("follow-up", SkipReason.LIMIT_REACHED, detail, count) for detail, count in left.items() if count > 0
    ]
    kept = {name: tuple(found)[:_MOST] for name, found in holes.items()}
    return Seeds(kept, tuple(actors)[:_MOST], tuple(skipped))


def follow_up(rules: RuleSet, seeds: Seeds, followed: Seeds | None) -> FollowUp:
    """What the next pass looks for.

    Args:
        rules: The rule set.
        seeds: All that was captured so far.
        followed: What was followed up already; None before the first such pass, which runs rules without placeholders.
    """
    new = seeds if followed is None else seeds.beyond(followed)
    chosen: list[Rule] = []
    for rule in rules.rules:
        if rule.phase != "follow-up":
            continue
        names = placeholders(rule.condition)
        if any(new.holes.get(name) for name in names) or (not names and followed is None):
            # What is new of one placeholder may go together with what is old of another.
            several = followed is not None and len(names) > 1
            chosen.append(replace(rule, condition=mapped(rule.condition, _with_any)) if several else rule)
    known = {} if followed is None else {_ANY + name: values for name, values in seeds.holes.items()}
    return FollowUp((*chosen, *_context(new)), {**new.holes, **known})


def _with_any(one: Match) -> Match:
    """The comparison with the values of all passes in its placeholders."""
    return structs.replace(one, parts=tuple((k, _ANY + text if k == "hole" else text) for k, text in one.parts))


def _context(seeds: Seeds) -> tuple[Indicator, ...]:
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
