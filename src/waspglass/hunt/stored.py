"""Read rules as JSON and back, so that a warm start needs neither YAML nor pySigma."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import orjson

from waspglass.hunt.condition import from_json, to_json
from waspglass.hunt.rule import Capture, Correlation, Indicator, Meaning, Rule
from waspglass.model.finding import Effect, Rung
from waspglass.model.skip import Skipped
from waspglass.packs.pack import Logsource

__all__ = ["RuleTable", "rules_from_json", "rules_to_json"]


@dataclass(frozen=True, slots=True)
class RuleTable:
    """What was read from the sources; `yara` holds the paths of the sources that compile."""

    rules: tuple[Rule, ...]
    correlations: tuple[Correlation, ...]
    indicators: tuple[Indicator, ...]
    yara: frozenset[str]
    skipped: tuple[Skipped, ...]


def _meaning_out(meaning: Meaning) -> list[object]:
    captures = [[one.name, one.field, one.regex] for one in meaning.captures]
    return [meaning.rung, meaning.effect, captures, meaning.subject, meaning.techniques]


def _meaning_in(stored: list[object]) -> Meaning:
    rung, effect, captures, subject, techniques = stored
    assert isinstance(captures, list)
    assert isinstance(techniques, list)
    return Meaning(
        None if rung is None else Rung(str(rung)),
        Effect(str(effect)),
        tuple(Capture(*one) for one in captures),
        None if subject is None else str(subject),
        tuple(techniques),
    )


def rules_to_json(table: RuleTable) -> bytes:
    """The table as JSON; what indicators mean is stored once for all that mean the same."""
    meanings = {meaning: place for place, meaning in enumerate(dict.fromkeys(one.meaning for one in table.indicators))}
    return orjson.dumps(
        {
            "meanings": list(map(_meaning_out, meanings)),
            "rules": [_rule_out(one) for one in table.rules],
            "correlations": [_correlation_out(one) for one in table.correlations],
            "indicators": [
                [one.type, one.value, one.id, one.title, meanings[one.meaning], one.source, one.also]
                for one in table.indicators
            ],
            "yara": sorted(table.yara),
            "skipped": [one.model_dump(mode="json") for one in table.skipped],
        }
    )


def _rule_out(one: Rule) -> list[object]:
    logsource = [one.logsource.product, one.logsource.category, one.logsource.service]
    condition, meaning = to_json(one.condition), _meaning_out(one.meaning)
    return [one.id, one.name, one.title, *logsource, condition, meaning, one.phase, one.emits, one.source]


def _correlation_out(one: Correlation) -> list[object]:
    demand = [one.timespan, one.operator, one.threshold, one.fields, one.percentile, one.expression]
    joined = [one.kind, one.rules, one.group_by, one.aliases]
    return [one.id, one.name, one.title, *joined, *demand, _meaning_out(one.meaning), one.emits, one.source, one.also]


def rules_from_json(stored: bytes) -> RuleTable | None:
    """The table that was stored; None if it is not one, so that the rules are read anew."""
    try:
        table = orjson.loads(stored)
        meanings = list(map(_meaning_in, table["meanings"]))
        return RuleTable(
            rules=tuple(map(_rule_in, table["rules"])),
            correlations=tuple(map(_correlation_in, table["correlations"])),
            indicators=tuple(
                Indicator(kind, value, one, title, meanings[meaning], source, tuple(map(tuple, also)))
                for kind, value, one, title, meaning, source, also in table["indicators"]
            ),
            yara=frozenset(table["yara"]),
            skipped=tuple(Skipped.model_validate(one) for one in table["skipped"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError):
        return None


@cache
def _logsource(product: str | None, category: str | None, service: str | None) -> Logsource:
    return Logsource(product=product, category=category, service=service)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _rule_in(row: list[object]) -> Rule:
    one, name, title, product, category, service, condition, meaning, phase, emits, source = row
    assert isinstance(meaning, list)
    return Rule(
        id=str(one),
        name=str(name),
        title=str(title),
        logsource=_logsource(*map(_text, (product, category, service))),
        condition=from_json(condition),
        meaning=_meaning_in(meaning),
        phase="follow-up" if phase == "follow-up" else "first",
        emits=bool(emits),
        source=str(source),
    )


def _correlation_in(row: list[object]) -> Correlation:
    one, name, title, kind, rules, group_by, aliases, span, operator, threshold, fields, percentile, *rest = row
    expression, meaning, emits, source, also = rest
    assert isinstance(rules, list)
    assert isinstance(group_by, list)
    assert isinstance(fields, list)
    assert isinstance(aliases, dict)
    assert isinstance(meaning, list)
    assert isinstance(also, list)
    assert isinstance(span, float | int)
    assert isinstance(threshold, float | int)
    return Correlation(
        id=str(one),
        name=str(name),
        title=str(title),
        kind=str(kind),
        rules=tuple(rules),
        group_by=tuple(group_by),
        aliases=aliases,
        timespan=float(span),
        operator=str(operator),
        threshold=float(threshold),
        fields=tuple(fields),
        percentile=percentile if isinstance(percentile, int) else None,
        expression=None if expression is None else str(expression),
        meaning=_meaning_in(meaning),
        emits=bool(emits),
        source=str(source),
        also=tuple((str(bound), float(value)) for bound, value in also),
    )
