"""How Sigma rules are parsed: whole for the validator of packs, and what bears on a match for the hunt.

pySigma, the reference implementation, does it. What the specification has and pySigma lacks is brought into a form that
it knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sigma.correlations import SigmaCorrelationRule, SigmaExtendedCorrelationCondition
from sigma.exceptions import SigmaCorrelationRuleError, SigmaError
from sigma.filters import SigmaFilter
from sigma.policy.profiles import TrustedPolicy
from sigma.rule import SigmaRule

__all__ = ["NOT_SIGMA", "ParsedCorrelation", "SigmaError", "parsed_correlation", "parsed_filter", "parsed_rule"]

NOT_SIGMA = (SigmaError, KeyError, TypeError, ValueError, AttributeError, RecursionError)
"""What parsing raises of a document that is not valid, or not even of the shape of a rule."""

_ALIASES = {"utf16le": "wide"}
"""Modifiers of the specification that pySigma knows under another name only."""
_CORRELATION = ("type", "rules", "group-by", "timespan", "aliases", "condition", "generate")
_BOUNDS = ("gt", "gte", "lt", "lte", "eq", "neq")


@dataclass(frozen=True, slots=True)
class ParsedCorrelation:
    """A correlation rule.

    Attributes:
        rule: As pySigma has it, with at most one bound.
        further: The other bounds of a range (`gt: 100, lte: 200`): operator and number.
        references: Names or ids of the rules that feed it.
        generates: True if these give findings of their own, too.
    """

    rule: SigmaCorrelationRule
    further: tuple[tuple[str, float], ...]
    references: tuple[str, ...]
    generates: bool


def parsed_rule(document: Mapping[str, object]) -> SigmaRule:
    """A rule. Look-around in expressions is not refused, as pySigma would.

    Raises:
        NOT_SIGMA: If it is not valid Sigma, or not even of its shape.
    """
    return SigmaRule.from_dict({**document, "detection": _known(document.get("detection"))}, policy=TrustedPolicy)


def parsed_filter(document: Mapping[str, object]) -> SigmaFilter:
    """A filter; see `parsed_rule`."""
    return SigmaFilter.from_dict({**document, "filter": _known(document.get("filter"))}, policy=TrustedPolicy)


def parsed_correlation(document: Mapping[str, object]) -> ParsedCorrelation:
    """A correlation rule; see `parsed_rule`."""
    body = document.get("correlation")
    if isinstance(body, dict):
        _check_correlation(body)
    condition = body.get("condition") if isinstance(body, dict) else None
    plain: dict[str, object] = dict(document)
    further: tuple[tuple[str, float], ...] = ()
    if isinstance(body, dict) and isinstance(condition, dict):
        bounds = [name for name in _BOUNDS if name in condition]
        one = {name: value for name, value in condition.items() if name not in bounds[1:]}
        further = tuple((name, float(condition[name])) for name in bounds[1:])
        plain["correlation"] = {**body, "condition": one}
    rule = SigmaCorrelationRule.from_dict(plain)
    references = tuple(str(reference.reference) for reference in rule.rules or ())
    if isinstance(rule.condition, SigmaExtendedCorrelationCondition):
        references = references or tuple(rule.condition.get_referenced_rules())
    inside = isinstance(body, dict) and body.get("generate") is True
    return ParsedCorrelation(rule, further, references, inside or document.get("generate") is True)


def _check_correlation(body: Mapping[str, object]) -> None:
    """Finds what pySigma passes over: without a misspelt `group_by`, whatever anybody did would be joined."""
    if unknown := sorted(str(key) for key in body if key not in _CORRELATION):
        raise SigmaCorrelationRuleError(f"`correlation` has no {', '.join(unknown)}, only {', '.join(_CORRELATION)}")
    aliases = body.get("aliases")
    for alias, fields in aliases.items() if isinstance(aliases, dict) else ():
        if isinstance(fields, dict) and not all(isinstance(field, str) for field in fields.values()):
            raise SigmaCorrelationRuleError(f"the alias {alias} names something for a rule that is not one field")


def _known(part: object) -> object:
    """The part with modifiers as pySigma calls them."""
    if isinstance(part, dict):
        return {_renamed(key): _known(value) for key, value in part.items()}
    return [_known(one) for one in part] if isinstance(part, list) else part


def _renamed(key: object) -> object:
    return "|".join(_ALIASES.get(one, one) for one in key.split("|")) if isinstance(key, str) else key
