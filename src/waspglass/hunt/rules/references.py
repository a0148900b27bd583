"""What rules refer to: rules that feed a correlation, and values that fill a placeholder. What is not there is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from waspglass.hunt.rules.condition import placeholders
from waspglass.hunt.rules.rule import Correlation, Rule
from waspglass.model.skip import SkipReason

__all__ = ["resolved"]

Tell = Callable[[str, SkipReason, str], None]
_ALWAYS_CAPTURED = frozenset({"address"})
_LONGEST_CHAIN = 100
"""Correlations that feed one another."""


def resolved(
    rules: Sequence[Rule], correlations: Sequence[Correlation], tell: Tell
) -> tuple[list[Rule], tuple[Correlation, ...]]:
    """What can run: no rules whose placeholders nothing can fill, and no correlations that lack a rule.

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
        empty = placeholders(rule.condition) - (captured if rule.phase == "follow-up" else frozenset())
        if empty:
            named = ", ".join(f"%{name}%" for name in sorted(empty))
            tell(
                rule.id,
                SkipReason.UNSUPPORTED_RULE,
                f"nothing fills the placeholder {named}; write its values into the rule",
            )
        else:
            kept.append(rule)
    return kept, _fed([_by_either_name(one, kept, correlations) for one in correlations], kept, tell)


def _by_either_name(one: Correlation, rules: Sequence[Rule], others: Sequence[Correlation]) -> Correlation:
    """The correlation with aliases that know its rules by id and by name, whichever of them it uses where."""
    if not one.aliases:
        return one
    twins = {rule.id: rule.name for rule in rules} | {other.id: other.name for other in others}
    twins |= {name: own for own, name in twins.items()}
    aliases = {
        alias: {**{twins[called]: field for called, field in fields.items() if called in twins}, **fields}
        for alias, fields in one.aliases.items()
    }
    return replace(one, aliases=aliases)


def _fed(correlations: Sequence[Correlation], rules: Sequence[Rule], tell: Tell) -> tuple[Correlation, ...]:
    """Those all of whose rules are there, behind those that feed them; what feeds on one that is left out is, too."""
    known = {name for rule in rules for name in (rule.id, rule.name)}
    waiting, ready = list(_grouped_alike(correlations, tell)), list[Correlation]()
    for _ in range(_LONGEST_CHAIN):
        found = [one for one in waiting if known.issuperset(one.rules)]
        waiting = [one for one in waiting if not known.issuperset(one.rules)]
        ready += found
        known.update(name for one in found for name in (one.id, one.name))
        if not found:
            break
    for one in waiting:
        lacking = ", ".join(name for name in one.rules if name not in known)
        fault = f"are not there, or feed on it: {lacking}" if lacking else f"form a chain of more than {_LONGEST_CHAIN}"
        tell(one.id, SkipReason.UNSUPPORTED_RULE, f"rules that feed it {fault}")
    return tuple(ready)


def _grouped_alike(correlations: Sequence[Correlation], tell: Tell) -> Iterator[Correlation]:
    """Those that ask the correlations which feed them for nothing but what these are grouped by: they know no more."""
    known = {name: one for one in correlations for name in (one.id, one.name)}
    for one in correlations:
        lacking = {
            f"{name} has no {field}"
            for name in one.rules
            if name in known
            for field in one.fields_of(name, (*one.group_by, *one.fields))
            if field not in known[name].group_by
        }
        if lacking:
            detail = f"a correlation gives only the fields that it is grouped by: {', '.join(sorted(lacking))}"
            tell(one.id, SkipReason.UNSUPPORTED_RULE, detail)
        else:
            yield one
