"""Reads rules, filters and correlations of Sigma; beyond here and `sigma_conditions` no code knows pySigma."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sigma.correlations import SigmaExtendedCorrelationCondition
from sigma.rule import SigmaLogSource

from waspglass.hunt.rules.condition import And, Condition, disjunction
from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.occurrence import impossible
from waspglass.hunt.rules.rule import Capture, Correlation, Meaning, Rule
from waspglass.hunt.rules.sigma_conditions import condition_of, expression_of
from waspglass.hunt.rules.windows_events import means_windows
from waspglass.model.finding import Effect, Rung
from waspglass.packs.pack import Logsource
from waspglass.packs.sigma_source import SigmaError, parsed_correlation, parsed_filter, parsed_rule

__all__ = ["Filter", "read_correlation", "read_filter", "read_rule"]

_ASKED = ("logsource", "detection", "correlation", "filter", "generate")
_SHOUTED = re.compile(r"(?<![\w*?-])(?:AND|OR|NOT)(?![\w*?-])")
"""Whole words: `filter-NOT-x` and `1 of OR*` are names."""
_NOT = re.compile(r"(?<![\w*?-])not(?![\w*?-])")
_TECHNIQUE = re.compile(r"attack\.t[0-9]{4}(?:\.[0-9]{3})?")
_LONGEST_TITLE = 256
_DEEPEST = 50
_TAG_RUNGS = (
    ("attack.t1505.003", Rung.IMPLANTED),
    ("attack.t1505.004", Rung.IMPLANTED),
    ("attack.t1486", Rung.IMPACT),
    ("attack.t1190", Rung.PROBED),
)


def _texts(value: object) -> tuple[str, ...]:
    return () if value is None else tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _meaning(document: Mapping[str, object]) -> tuple[Meaning, Mapping[str, object]]:
    """From the `waspglass` block; a rule without it is a hint, with the rung that its ATT&CK tags suggest."""
    named = document.get("tags")
    tags = [tag.lower() for tag in named if isinstance(tag, str)] if isinstance(named, list) else []
    techniques = tuple(tag.removeprefix("attack.").upper() for tag in tags if _TECHNIQUE.fullmatch(tag))
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
        captures = tuple(_capture(str(name), spec) for name, spec in (block.get("capture") or {}).items())
    except (AttributeError, KeyError, TypeError):
        raise SigmaError("waspglass block: `capture` says for each name `{field: ...}`") from None
    subject = block.get("subject")
    return Meaning(rung, effect, captures, None if subject is None else str(subject), techniques), block


def _capture(name: str, spec: Mapping[str, object]) -> Capture:
    regex = spec.get("regex")
    return Capture(name, str(spec["field"]), None if regex is None else expression_of(str(regex), ""))


@dataclass(slots=True)
class Filter:
    """A Sigma filter: what it demands is added to the rules that it names, or to all of its logsource.

    Attributes:
        title: What it calls itself.
        source: The file that it came from.
        origin: `pack` or `user`; a user's filter leaves the pack's rules alone.
        logsource: Of the rules that it is for.
        rules: Names and ids of these; None for any.
        condition: What is demanded of a record besides.
        met: Names and ids of the rules that it was added to.
    """

    title: str
    source: str
    origin: str
    logsource: Logsource
    rules: frozenset[str] | None
    condition: Condition
    met: set[str] = field(default_factory=set)

    def meets(self, rule: Rule) -> bool:
        """Whether it is for the rule; if so, that is noted."""
        called = {rule.id, rule.name}
        if not self.logsource.answers(rule.logsource) or (self.rules is not None and self.rules.isdisjoint(called)):
            return False
        self.met |= called
        return True


def read_filter(document: dict[str, object], source: str, origin: str) -> Filter:
    """One Sigma filter; see `read_rule`."""
    called = _Called.by(document, source)
    parsed = parsed_filter(_asked(document, called))
    own, (told,), named = parsed.filter, parsed.filter.condition, parsed.filter.rules
    if not _NOT.search(told):
        raise UnsupportedRuleError(
            f"`condition: {told}` would leave nothing but what it selects (pySigma), or leave out just that (the"
            " specification's example); to leave it out, write `not`"
        )
    return Filter(
        title=called.title,
        source=source,
        origin=origin,
        logsource=_said(parsed.logsource),
        rules=None if isinstance(named, str) else frozenset(_referred(one.reference) for one in named),
        condition=disjunction([condition_of(condition.parsed) for condition in own.parsed_condition]),
    )


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
    called = _Called.by(document, unnamed)
    parsed = parsed_rule(_asked(document, called))
    meaning, block = _meaning(document)
    phase = block.get("phase", "first")
    if phase not in ("first", "follow-up"):
        raise UnsupportedRuleError(f"waspglass block: no phase {phase!r}")
    said = _said(parsed.logsource)
    rule = Rule(
        id=called.id,
        name=called.name,
        title=called.title,
        logsource=said.model_copy(update={"product": "windows"}) if means_windows(said) else said,
        condition=disjunction([condition_of(condition.parsed) for condition in parsed.detection.parsed_condition]),
        meaning=meaning,
        phase="first" if phase == "first" else "follow-up",
        source=source,
    )
    demanded = [one.condition for one in filters if one.meets(rule)]
    return replace(rule, condition=And((rule.condition, *demanded))) if demanded else rule


def _said(logsource: SigmaLogSource) -> Logsource:
    said = (logsource.product, logsource.category, logsource.service)
    product, category, service = (None if part is None else part.lower() for part in said)
    return Logsource(product=product, category=category, service=service)


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


def _referred(text: object) -> str:
    """What a correlation calls a rule: its id, in capitals perhaps, or its name, which may be of hex digits, too."""
    name = str(text)
    return _uuid(name) or name if "-" in name else name


def _asked(document: Mapping[str, object], called: _Called) -> dict[str, object]:
    """What decides whether a rule matches, and the names by which others refer to it.

    Whoever collects the rules of others cannot mend their dates, tags and references, and these change no match.

    Raises:
        UnsupportedRuleError: If fields and logs have other names than Sigma's: it would run, and never find anything.
    """
    taxonomy = document.get("taxonomy")
    if taxonomy not in (None, "sigma"):
        raise UnsupportedRuleError(f"the taxonomy {str(taxonomy)[:40]!r}: fields are known by the names of Sigma's own")
    asked = {key: document[key] for key in _ASKED if key in document}
    for name, part in asked.items():
        if isinstance(part, dict) and "condition" in part:
            asked[name] = {**part, "condition": _condition(part)}
    return {"title": called.title, "name": called.name, "id": _uuid(called.id), **asked}


def _condition(part: Mapping[str, object]) -> object:
    """The condition with `AND`, `OR` and `NOT` in small letters: pySigma knows no others, the tools before it did."""
    told = part["condition"]
    if isinstance(told, list):
        return [_condition({**part, "condition": one}) for one in told]
    if not isinstance(told, str):
        return told
    if "|" in told:
        raise UnsupportedRuleError("counting in the condition (`| count()`) is of Sigma 1; write a correlation rule")
    return _SHOUTED.sub(lambda word: word[0] if word[0] in part else word[0].lower(), told)


def read_correlation(document: dict[str, object], source: str, *, unnamed: str) -> Correlation:
    """One Sigma correlation rule; see `read_rule`."""
    called = _Called.by(document, unnamed)
    parsed = parsed_correlation(_asked(document, called))
    rule, condition = parsed.rule, parsed.rule.condition
    expression = percentile = None
    fields: tuple[str, ...] = ()
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        if len(re.findall(r"\(|\bnot\b", condition.expression)) > _DEEPEST:
            raise UnsupportedRuleError(f"a condition with more than {_DEEPEST} brackets and negations")
        expression = condition_of(condition.parsed)
    else:
        percentile = condition.percentile
        if rule.type.name.startswith("VALUE_"):
            fields = _texts(condition.fieldref)
    made = Correlation(
        id=called.id,
        name=called.name,
        title=called.title,
        kind=rule.type.name.lower(),
        rules=tuple(map(_referred, parsed.references)),
        group_by=tuple(rule.group_by or ()),
        aliases={
            one.alias: {_referred(rule.reference): field for rule, field in one.mapping.items()} for one in rule.aliases
        },
        timespan=float(rule.timespan.seconds),
        bounds=parsed.bounds,
        fields=fields,
        percentile=percentile,
        expression=expression,
        meaning=_meaning(document)[0],
        source=source,
        generates=parsed.generates,
    )
    if fault := impossible(made):
        raise UnsupportedRuleError(fault)
    return made
