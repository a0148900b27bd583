"""What rules refer to: rules that feed a correlation, and values that fill a placeholder. What is not there is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from waspglass.hunt.condition import matches
from waspglass.hunt.rule import Correlation, Rule
from waspglass.model.skip import SkipReason

__all__ = ["Resolved", "resolved"]

Tell = Callable[[str, SkipReason, str], None]
_ALWAYS_CAPTURED = frozenset({"address"})


@dataclass(frozen=True, slots=True)
class Resolved:
    """The rules and correlations that can run."""

    rules: tuple[Rule, ...]
    correlations: tuple[Correlation, ...]


def resolved(rules: Sequence[Rule], correlations: Sequence[Correlation], tell: Tell) -> Resolved:
    """Leaves out rules whose placeholders nothing can fill, and correlations that lack a rule.

    Such a rule would never match, or always if the placeholder stands in a filter.

    Args:
        rules: All of them.
        correlations: All of them.
        tell: Told of each that is left out: its id or name, why, and what is missing.
    """
    captured = _ALWAYS_CAPTURED.union(*(part.group_by for part in correlations))
    captured |= {capture.name for rule in rules for capture in rule.meaning.captures}
    captured |= {capture.name for one in correlations for capture in one.meaning.captures}
    kept: list[Rule] = []
    for rule in rules:
        empty = _placeholders(rule) - (captured if rule.phase == "follow-up" else frozenset())
        if empty:
            named = ", ".join(f"%{name}%" for name in sorted(empty))
            tell(rule.id, SkipReason.UNSUPPORTED_RULE, f"nothing fills the placeholder {named}")
        else:
            kept.append(rule)
    return Resolved(tuple(kept), _fed(correlations, kept, tell))


def _placeholders(rule: Rule) -> frozenset[str]:
    return frozenset(text for match in matches(rule.condition) for kind, text in match.parts if kind == "hole")


def _fed(correlations: Sequence[Correlation], rules: Sequence[Rule], tell: Tell) -> tuple[Correlation, ...]:
    """Those all of whose rules are there; what feeds on one that is left out is left out, too."""
    known = {name for rule in rules for name in (rule.id, rule.name)}
    waiting, ready = list(correlations), list[Correlation]()
    while found := [one for one in waiting if known.issuperset(one.rules)]:
        ready += found
        known.update(name for one in found for name in (one.id, one.name))
        waiting = [one for one in waiting if one not in found]
    for one in waiting:
        lacking = ", ".join(name for name in one.rules if name not in known)
        tell(one.id, SkipReason.UNSUPPORTED_RULE, f"rules that feed it are not there, or feed on it: {lacking}")
    places = {id(one): place for place, one in enumerate(correlations)}
    return tuple(sorted(ready, key=lambda one: places[id(one)]))
