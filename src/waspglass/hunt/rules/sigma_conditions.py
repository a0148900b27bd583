"""What a Sigma rule demands, from pySigma's parsed tree into our conditions."""

from __future__ import annotations

import re

import sigma.conditions as sc
import sigma.correlations as co
import sigma.types as st

from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or, Part, disjunction
from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.searching import checked_expression
from waspglass.packs.sigma_source import SigmaError

__all__ = ["condition_of", "expression_of"]

_COMPARE = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "NEQ": "!="}
_PARTS = {st.SpecialChars.WILDCARD_MULTI: ("any", ""), st.SpecialChars.WILDCARD_SINGLE: ("one", "")}


def condition_of(tree: object) -> Condition:
    """The condition of a tree of pySigma; one over rules has their names for fields.

    Raises:
        UnsupportedRuleError: If it asks for something that cannot be evaluated here.
        SigmaError: If an expression is not valid.
    """
    match tree:
        case sc.ConditionAND() | co.CorrelationConditionAND():
            return And(tuple(map(condition_of, tree.args)))
        case sc.ConditionOR() | co.CorrelationConditionOR():
            return Or(tuple(map(condition_of, tree.args)))
        case sc.ConditionNOT() | co.CorrelationConditionNOT():
            return Not(condition_of(tree.args[0]))
        case co.SigmaRuleReference():
            return Match(tree.reference, Kind.EXISTS, flags="yes")
        case sc.ConditionFieldEqualsValueExpression():
            return _value(tree.field, tree.value)
        case sc.ConditionValueExpression():
            keyword = _value(None, tree.value)
            return _anywhere(keyword)
    raise UnsupportedRuleError("a condition without content" if tree is None else f"condition {type(tree).__name__}")


def _anywhere(keyword: Condition) -> Condition:
    """A keyword may stand anywhere inside a value."""
    match keyword:
        case Match(kind=Kind.PATTERN):
            edge: Part = ("any", "")
            return Match(None, Kind.PATTERN, parts=(edge, *keyword.parts, edge), cased=keyword.cased)
        case Or(of):
            return Or(tuple(map(_anywhere, of)))
    return keyword


def _value(field: str | None, value: object) -> Condition:  # noqa: C901 - one line a value type
    match value:
        case st.SigmaExpansion():
            return disjunction([_value(field, part) for part in value.values])
        case st.SigmaString() if field is not None and not any(value.s):
            return Match(field, Kind.NULL)  # an absent field is empty, too
        case st.SigmaCasedString():
            return Match(field, Kind.PATTERN, parts=_pattern(value), cased=True)
        case st.SigmaString():
            return Match(field, Kind.PATTERN, parts=_pattern(value))
        case st.SigmaTimestampPart():
            return Match(field, Kind.TIME, number=float(value.number), flags=value.timestamp_part.name.lower())
        case st.SigmaNumber():
            return Match(field, Kind.PATTERN, parts=(("text", str(value)),))
        case st.SigmaBool():
            return Match(field, Kind.PATTERN, parts=(("text", "true" if value else "false"),))
        case st.SigmaRegularExpression():
            if any(not isinstance(part, str | st.SpecialChars) for part in value.regexp.s):
                raise UnsupportedRuleError("a placeholder inside a regular expression")
            flags = "".join(sorted(flag.name[0].lower() for flag in value.flags)).replace("d", "s")
            return Match(field, Kind.REGEX, text=expression_of(str(value.regexp), flags), flags=flags)
        case st.SigmaCIDRExpression():
            return Match(field, Kind.CIDR, text=value.cidr)
        case st.SigmaCompareExpression(number=st.SigmaTimestampPart() as part):
            unit, bound = part.timestamp_part.name.lower(), float(part.number)
            return Match(field, Kind.TIME, text=_COMPARE[value.op.name], number=bound, flags=unit)
        case st.SigmaCompareExpression():
            return Match(field, Kind.COMPARE, number=float(value.number.number), flags=_COMPARE[value.op.name])
        case st.SigmaNull():
            return Match(field, Kind.NULL)
        case st.SigmaExists():
            return Match(field, Kind.EXISTS, flags="yes" if value else "no")
        case st.SigmaFieldReference():
            how = ("e" if value.ends_with else "") + ("s" if value.starts_with else "")
            return Match(field, Kind.FIELD, text=value.field, flags=how)
    raise UnsupportedRuleError(f"a value of type {type(value).__name__}")


def _pattern(value: st.SigmaString) -> tuple[Part, ...]:
    parts: list[Part] = []
    for piece in value.s:
        if isinstance(piece, str):
            parts.append(("text", piece))
        elif isinstance(piece, st.Placeholder):
            parts.append(("hole", piece.name))
        else:
            parts.append(_PARTS[piece])
    return tuple(parts)


def expression_of(text: str, flags: str) -> str:
    """The expression, once it is known to be valid as it will be used; pySigma tries others' flags."""
    try:
        return checked_expression(text, flags)
    except re.error as error:
        raise SigmaError(f"not a regular expression: {error}") from None
