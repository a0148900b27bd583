"""Reads Sigma with pySigma, the reference implementation, into our conditions; later code does not know pySigma."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sigma.conditions as sc
import sigma.types as st
from sigma.correlations import SigmaExtendedCorrelationCondition
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or, Part, disjunction
from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.occurrence import impossible
from waspglass.hunt.rules.rule import Capture, Correlation, Meaning, Rule
from waspglass.hunt.rules.searching import checked_expression
from waspglass.hunt.rules.windows_events import means_windows
from waspglass.model.finding import Effect, Rung
from waspglass.packs.pack import Logsource
from waspglass.packs.sigma_source import SigmaError, parsed_correlation, parsed_filter, parsed_rule

__all__ = ["Filter", "InvalidRuleError", "read_correlation", "read_filter", "read_rule"]

_COMPARE = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "NEQ": "!="}
_PARTS = {st.SpecialChars.WILDCARD_MULTI: ("any", ""), st.SpecialChars.WILDCARD_SINGLE: ("one", "")}
_ASKED = ("logsource", "detection", "correlation", "filter", "generate")
_LONGEST_TITLE = 256
_TAG_RUNGS = (
    ("attack.t1505.003", Rung.IMPLANTED),
    ("attack.t1505.004", Rung.IMPLANTED),
    ("attack.t1486", Rung.IMPACT),
    ("attack.t1190", Rung.PROBED),
)


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


def _value(field: str | None, value: object) -> Condition:  # noqa: C901 - one line a value type
    match value:
        case st.SigmaExpansion():
            return disjunction([_value(field, part) for part in value.values])
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
            return Match(field, Kind.REGEX, text=_regex(str(value.regexp), flags), flags=flags)
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


def _regex(text: str, flags: str) -> str:
    """The expression, once it is known to be valid as it will be used; pySigma tries others' flags."""
    try:
        return checked_expression(text, flags)
    except re.error as error:
        raise InvalidRuleError(f"not a regular expression: {error}") from None


def _condition(tree: object) -> Condition:
    match tree:
        case sc.ConditionAND():
            return And(tuple(map(_condition, tree.args)))
        case sc.ConditionOR():
            return Or(tuple(map(_condition, tree.args)))
        case sc.ConditionNOT():
            return Not(_condition(tree.args[0]))
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


def _texts(value: object) -> tuple[str, ...]:
    return () if value is None else tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _meaning(document: Mapping[str, object]) -> tuple[Meaning, Mapping[str, object]]:
    """From the `waspglass` block; a rule without it is a hint, with the rung that its ATT&CK tags suggest."""
    named = document.get("tags")
    tags = [tag.lower() for tag in named if isinstance(tag, str)] if isinstance(named, list) else []
    techniques = tuple(tag.removeprefix("attack.").upper() for tag in tags if tag.startswith("attack.t1"))
    block = document.get("waspglass")
    if not isinstance(block, dict):
        suggested = next((rung for tag, rung in _TAG_RUNGS if tag in tags), Rung.PROBED)
        return Meaning(suggested, Effect.HINT, techniques=techniques), {}
    try:
        effect = Effect(block.get("effect", "shows"))
        rung = Rung(block["rung"]) if block.get("rung") else None
    except ValueError as error:
        raise UnsupportedRuleError(f"waspglass block: {error}") from None
    if rung is None and effect is not Effect.CONTEXT:
        raise UnsupportedRuleError("waspglass block: no rung")
    try:
        captures = tuple(
            Capture(
                str(name), str(spec["field"]), None if spec.get("regex") is None else _regex(str(spec["regex"]), "")
            )
            for name, spec in (block.get("capture") or {}).items()
        )
    except (AttributeError, KeyError, TypeError):
        raise SigmaError("waspglass block: `capture` says for each name `{field: ...}`") from None
    subject = block.get("subject")
    return Meaning(rung, effect, captures, None if subject is None else str(subject), techniques), block


@dataclass(slots=True)
class Filter:
    """A Sigma filter: what it demands is added to the rules that it names, or to all of its logsource.

    Attributes:
        title: What it calls itself.
        source: The file that it came from.
        origin: `pack` or `user`; a user's filter leaves the pack's rules alone.
        applied: True once a rule was met that it is for.
    """

    title: str
    source: str
    origin: str
    _filter: SigmaFilter
    applied: bool = False

    def apply(self, rule: SigmaRule) -> None:
        """Adds the filter to the rule, if it is for it."""
        before = len(rule.detection.detections)
        self._filter.apply_on_rule(rule)
        self.applied = self.applied or len(rule.detection.detections) > before


def read_filter(document: dict[str, object], source: str, origin: str) -> Filter:
    """One Sigma filter; see `read_rule`."""
    called = _Called.by(document, source)
    return Filter(called.title, source, origin, parsed_filter(_asked(document, called)))


def read_rule(document: dict[str, object], source: str, *, unnamed: str, filters: Sequence[Filter]) -> Rule:
    """One Sigma rule.

    Args:
        document: The rule.
        source: The file that it came from.
        unnamed: What to call a rule without id and name.
        filters: What is added to the rules that they are for.

    Raises:
        UnsupportedRuleError: If it is valid but beyond us.
        SigmaError: If it is not valid Sigma.
    """
    if "|" in _condition_text(document):
        raise UnsupportedRuleError("counting in the condition (`| count()`) is of Sigma 1; write a correlation rule")
    called = _Called.by(document, unnamed)
    rule = parsed_rule(_asked(document, called))
    for one in filters:
        one.apply(rule)
    trees = [_condition(condition.parsed) for condition in rule.detection.parsed_condition]
    meaning, block = _meaning(document)
    phase = block.get("phase", "first")
    if phase not in ("first", "follow-up"):
        raise UnsupportedRuleError(f"waspglass block: no phase {phase!r}")
    said = (rule.logsource.product, rule.logsource.category, rule.logsource.service)
    product, category, service = (None if part is None else part.lower() for part in said)
    logsource = Logsource(product=product, category=category, service=service)
    if means_windows(logsource):
        logsource = logsource.model_copy(update={"product": "windows"})
    return Rule(
        id=called.id,
        name=called.name,
        title=called.title,
        logsource=logsource,
        condition=disjunction(trees),
        meaning=meaning,
        phase="first" if phase == "first" else "follow-up",
        source=source,
    )


@dataclass(frozen=True, slots=True)
class _Called:
    """What a rule is called; one that lacks something of it is found by the rest, or by its file."""

    id: str
    name: str
    title: str

    @classmethod
    def by(cls, document: Mapping[str, object], unnamed: str) -> _Called:
        said = {key: str(document[key]) for key in ("id", "name", "title") if document.get(key)}
        own = _uuid(said["id"]) or said["id"] if "id" in said else None
        name = said.get("name")
        title = said.get("title") or name or unnamed
        return cls(own or name or unnamed, name or own or unnamed, title[:_LONGEST_TITLE])


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _asked(document: Mapping[str, object], called: _Called) -> dict[str, object]:
    """What decides whether a rule matches, and the names by which others refer to it.

    Whoever collects the rules of others cannot mend their dates, tags and references, and these change no match.

    Raises:
        UnsupportedRuleError: If fields and logs have other names than Sigma's: it would run, and never find anything.
    """
    taxonomy = document.get("taxonomy")
    if taxonomy not in (None, "sigma"):
        raise UnsupportedRuleError(f"the taxonomy {str(taxonomy)[:40]!r}: fields are known by the names of Sigma's own")
    named = {"title": called.title, "name": called.name, "id": _uuid(called.id)}
    return {**named, **{key: document[key] for key in _ASKED if key in document}}


def _condition_text(document: Mapping[str, object]) -> str:
    detection = document.get("detection")
    return str(detection.get("condition", "")) if isinstance(detection, dict) else ""


def read_correlation(document: dict[str, object], source: str, *, unnamed: str) -> tuple[Correlation, bool]:
    """One Sigma correlation rule, and whether the rules that feed it give findings of their own; see `read_rule`."""
    called = _Called.by(document, unnamed)
    parsed = parsed_correlation(_asked(document, called))
    rule, references = parsed.rule, parsed.references
    meaning, _ = _meaning(document)
    condition = rule.condition
    operator, threshold, expression = "gte", 1.0, None
    fields: tuple[str, ...] = ()
    percentile = None
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        expression = condition.expression
    else:
        operator, threshold = condition.op.name.lower(), float(condition.count)
        fields, percentile = _texts(condition.fieldref), condition.percentile
    aliases = {
        alias.alias: {reference.reference: field for reference, field in alias.mapping.items()}
        for alias in rule.aliases
    }
    body = document.get("correlation")
    if isinstance(body, dict) and body.get("condition") is None and rule.type.name.startswith("TEMPORAL"):
        threshold = float(len(references))
    made = Correlation(
        id=called.id,
        name=called.name,
        title=called.title,
        kind=rule.type.name.lower(),
        rules=references,
        group_by=tuple(rule.group_by or ()),
        aliases=aliases,
        timespan=float(rule.timespan.seconds),
        operator=operator,
        threshold=threshold,
        fields=fields,
        percentile=percentile,
        expression=expression,
        meaning=meaning,
        source=source,
        also=parsed.further,
    )
    if fault := impossible(made):
        raise UnsupportedRuleError(fault)
    return made, parsed.generates


InvalidRuleError = SigmaError
"""What pySigma raises; re-exported so that only this module knows pySigma."""
