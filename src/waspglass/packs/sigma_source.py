"""How Sigma rules are parsed: whole for the validator of packs, and what bears on a match for the hunt.

pySigma, the reference implementation, does it. What the specification has and pySigma lacks is brought into a form that
it knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from sigma.correlations import SigmaCorrelationRule, SigmaExtendedCorrelationCondition
from sigma.exceptions import SigmaCorrelationRuleError, SigmaDetectionError, SigmaError, SigmaLogsourceError
from sigma.filters import SigmaFilter
from sigma.policy.profiles import TrustedPolicy
from sigma.rule import SigmaRule

from waspglass.packs.sigma_documents import TEXT_MODIFIERS

__all__ = ["NOT_SIGMA", "ParsedCorrelation", "SigmaError", "parsed_correlation", "parsed_filter", "parsed_rule"]

NOT_SIGMA = (SigmaError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
"""What parsing raises of a document that is not valid, or not even of the shape of a rule."""

_ALIASES = {"utf16le": "wide"}
"""Modifiers of the specification that pySigma knows under another name only."""
_LAST = frozenset({"all", "neq", "cased"})
"""They say nothing of other modifiers; pySigma refuses some behind them, and with others forgets `cased`."""
_DASHES = re.compile(r"\B[\u2013-\u2015]\b")
"""Before an option, as `windash` knows them besides `-` and `/`: the ones that pySigma replaces."""
_TRUTHS = {"yes": True, "no": False, "true": True, "false": False}
"""Where only these can be meant: in YAML 1.2 `yes` is a text, in the YAML that many tools read it is not."""
_LOGSOURCE = ("category", "product", "service")
_CORRELATION = ("type", "rules", "group-by", "timespan", "aliases", "condition", "generate")
_BOUNDS = ("gt", "gte", "lt", "lte", "eq", "neq")


@dataclass(frozen=True, slots=True)
class ParsedCorrelation:
    """A correlation rule.

    Attributes:
        rule: As pySigma has it, with at most one bound.
        bounds: All of them (`gt: 100, lte: 200`): operator and number; none for an expression over rules.
        references: Names or ids of the rules that feed it.
        generates: True if these give findings of their own, too.
    """

    rule: SigmaCorrelationRule
    bounds: tuple[tuple[str, float], ...]
    references: tuple[str, ...]
    generates: bool


def parsed_rule(document: Mapping[str, object]) -> SigmaRule:
    """A rule. Look-around in expressions is not refused, as pySigma would.

    Raises:
        NOT_SIGMA: If it is not valid Sigma, or not even of its shape.
    """
    _check_logsource(document.get("logsource"))
    return SigmaRule.from_dict({**document, "detection": _known(document.get("detection"))}, policy=TrustedPolicy)


def _check_logsource(said: object) -> None:
    """Finds what pySigma passes over: without its misspelt `service`, a rule would run on all logs of its product."""
    if not isinstance(said, dict):
        return
    if lists := [key for key, value in said.items() if isinstance(value, list)]:
        raise SigmaLogsourceError(f"the log source names one {' and one '.join(lists)}, no list: write a rule for each")
    # A rule may have parts of its own (`subcategory`, `device`), and a slip hardly ever changes the first letter.
    for name in map(str, said):
        for meant in get_close_matches(name.lower(), _LOGSOURCE, n=1, cutoff=0.75):
            if meant not in said and name[0].lower() == meant[0]:
                raise SigmaLogsourceError(f"the log source has a {name}, which means nothing; is {meant} meant?")


def parsed_filter(document: Mapping[str, object]) -> SigmaFilter:
    """A filter; see `parsed_rule`."""
    _check_logsource(document.get("logsource"))
    return SigmaFilter.from_dict({**document, "filter": _known(document.get("filter"))}, policy=TrustedPolicy)


def parsed_correlation(document: Mapping[str, object]) -> ParsedCorrelation:
    """A correlation rule; see `parsed_rule`."""
    body = document.get("correlation")
    if not isinstance(body, dict):
        raise SigmaCorrelationRuleError("`correlation` is no mapping")
    _check_correlation(body)
    own = {key: value for key, value in body.items() if key != "generate"}
    condition, bounds = body.get("condition"), tuple[tuple[str, float], ...]()
    if isinstance(condition, dict):
        more = [name for name in _BOUNDS if name in condition][1:]
        own["condition"] = {name: value for name, value in condition.items() if name not in more}
        bounds = tuple((name, float(condition[name])) for name in more)
    rule = SigmaCorrelationRule.from_dict({**document, "correlation": own})
    references = tuple(str(reference.reference) for reference in rule.rules or ())
    if isinstance(rule.condition, SigmaExtendedCorrelationCondition):
        references = references or tuple(rule.condition.get_referenced_rules())
    else:
        bounds = ((rule.condition.op.name.lower(), float(rule.condition.count)), *bounds)
    return ParsedCorrelation(rule, bounds, references, _generates(body) or _generates(document))


def _generates(part: Mapping[str, object]) -> bool:
    said = _TRUTHS.get(str(part.get("generate", False)).lower())
    if said is None:
        raise SigmaCorrelationRuleError("`generate` is either true or false")
    return said


def _check_correlation(body: Mapping[str, object]) -> None:
    """Finds what pySigma passes over: without a misspelt `group_by`, whatever anybody did would be joined."""
    if unknown := sorted(str(key) for key in body if key not in _CORRELATION):
        raise SigmaCorrelationRuleError(f"`correlation` has no {', '.join(unknown)}, only {', '.join(_CORRELATION)}")
    condition = body.get("condition")
    if isinstance(condition, dict) and not re.fullmatch(r"-?\d+", str(condition.get("percentile", 0))):
        raise SigmaCorrelationRuleError("`percentile` is a whole number")
    aliases = body.get("aliases")
    for alias, fields in aliases.items() if isinstance(aliases, dict) else ():
        if isinstance(fields, dict) and not all(isinstance(field, str) for field in fields.values()):
            raise SigmaCorrelationRuleError(f"the alias {alias} names something for a rule that is not one field")


def _known(part: object) -> object:
    """The selections of a detection or a filter as pySigma can read them."""
    if not isinstance(part, dict):
        return part
    return {name: one if name in ("condition", "rules") else _selection(one, name) for name, one in part.items()}


def _selection(part: object, name: object) -> object:
    """Fields with their values, a list of those, or keywords.

    Raises:
        SigmaDetectionError: If nothing is selected; pySigma would take it for the demand that all is empty.
    """
    if part is None or part == []:
        raise SigmaDetectionError(f"the selection {name} is empty, or has an empty item")
    if isinstance(part, dict):
        items = [_item(key, value) if isinstance(key, str) else (key, value) for key, value in part.items()]
        if len(made := dict(items)) < len(items):
            raise SigmaDetectionError(f"the selection {name} has a key twice, with its modifiers in another order")
        return made
    return [_selection(one, name) for one in part] if isinstance(part, list) else part


def _item(key: str, value: object) -> tuple[str, object]:
    """A field with its modifiers, and its values as these take them."""
    field, *said = key.split("|")
    modifiers = sorted((_ALIASES.get(one, one) for one in said), key=_LAST.__contains__)
    values = value if isinstance(value, list) else [value]
    if not values or (None in values and not TEXT_MODIFIERS.isdisjoint(modifiers)):
        raise SigmaDetectionError(f"{key} has no value, or an empty one")
    if "windash" in modifiers:
        values = [_DASHES.sub("-", one) if isinstance(one, str) else one for one in values]
    if "exists" in modifiers:
        values = [_TRUTHS.get(str(one).lower(), one) for one in values]
    return "|".join((field, *modifiers)), values if isinstance(value, list) else values[0]
