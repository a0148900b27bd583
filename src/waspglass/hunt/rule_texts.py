"""Reads the texts of rules of all languages into a table; what cannot be used becomes a skip with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import yaml

from waspglass.hunt.errors import UnsupportedRuleError
from waspglass.hunt.indicators import read_csv, read_stix
from waspglass.hunt.rule import Correlation, Indicator, Rule
from waspglass.hunt.stored import RuleTable
from waspglass.model.errors import Location, PackError
from waspglass.model.escape import bounded, printable
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import RuleSource

__all__ = ["language_of", "read_rules"]

_YARA = re.compile(r"^[^\S\n]*(?:(?:private|global)[^\S\n]+)*rule\s+\w+\s*(?::[\w\s]+)?\{", re.MULTILINE)
_SIGMA = re.compile(r"^(?:detection|correlation|filter)\s*:", re.MULTILINE)


def language_of(text: str) -> str | None:
    """`sigma`, `yara`, `stix`, `csv`, or None: by content, as users' folders are mixed."""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("{"):
        return "stix" if '"bundle"' in start else None
    if _YARA.search(text):
        return "yara"
    if _SIGMA.search(text):
        return "sigma"
    first = start.partition("\n")[0].lower()
    return "csv" if "," in first and re.search(r"\b(value|indicator|ioc)", first) else None


@dataclass(slots=True)
class _Reading:
    rules: list[Rule] = field(default_factory=list)
    correlations: list[Correlation] = field(default_factory=list)
    indicators: dict[str, Indicator] = field(default_factory=dict)
    yara: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, source: str, reason: SkipReason, detail: str, count: int = 1) -> None:
        shown = bounded(printable(detail), 300)
        self.skipped.append(Skipped(source=printable(source), reason=reason, count=count, detail=shown))


def read_rules(sources: Sequence[RuleSource]) -> RuleTable:
    """All rules, correlations and indicators of the sources.

    Raises:
        PackError: If a rule of the pack itself is broken.
    """
    reading = _Reading()
    for source in sources:
        language = language_of(source.text)
        if language == "sigma":
            _read_sigma(source, reading)
        elif language == "yara":
            _read_yara(source, reading)
        elif language in ("csv", "stix"):
            _read_indicators(source, language, reading)
        else:
            reading.skip(source.path, SkipReason.NOT_RECOGNISED, "neither Sigma, YARA, STIX nor a CSV of indicators")
    quiet = _feeding_only(reading.correlations, sources)
    return RuleTable(
        rules=tuple(replace(rule, emits=not quiet & {rule.id, rule.name}) for rule in _unique(reading)),
        correlations=tuple(replace(one, emits=not quiet & {one.id, one.name}) for one in reading.correlations),
        indicators=tuple(reading.indicators.values()),
        yara=frozenset(reading.yara),
        skipped=tuple(reading.skipped),
    )


def _unique(reading: _Reading) -> Iterator[Rule]:
    seen: set[str] = set()
    for rule in reading.rules:
        if rule.id in seen:
            reading.skip(rule.source, SkipReason.INVALID_RULE, f"the id {rule.id} is taken by another rule")
            continue
        seen.add(rule.id)
        yield rule


def _feeding_only(correlations: Sequence[Correlation], sources: Sequence[RuleSource]) -> frozenset[str]:
    """Rules that feed a correlation give no findings of their own unless a correlation says `generate: true`."""
    generating = {source.path for source in sources if re.search(r"^\s+generate:\s*true\b", source.text, re.MULTILINE)}
    fed = {name for one in correlations if one.source not in generating for name in one.rules}
    return frozenset(fed - {name for one in correlations if one.source in generating for name in one.rules})


def _broken(source: RuleSource, reading: _Reading, reason: SkipReason, detail: str) -> None:
    """A broken rule of the pack is the pack's fault and ends the run; a user's is skipped and counted."""
    if source.origin == "pack" and reason is SkipReason.INVALID_RULE:
        hint = "Mend the rule; `waspglass pack check` lists all faults of a pack"
        raise PackError(f"broken rule: {bounded(printable(detail), 300)}", location=Location(source.path), hint=hint)
    reading.skip(source.path, reason, detail)


def _read_sigma(source: RuleSource, reading: _Reading) -> None:
    from waspglass.hunt.sigma_rules import InvalidRuleError, read_correlation, read_rule

    try:
        documents = list(yaml.load_all(source.text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        _broken(source, reading, SkipReason.INVALID_RULE, f"not YAML: {error}")
        return
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, dict):
            _broken(source, reading, SkipReason.INVALID_RULE, "not a mapping")
            continue
        try:
            if "correlation" in document:
                reading.correlations.append(read_correlation(document, source.path))
            elif "filter" in document or "action" in document:
                raise UnsupportedRuleError("Sigma filters and rule collections (`action`) are not read")
            else:
                reading.rules.append(read_rule(document, source.path))
        except UnsupportedRuleError as error:
            _broken(source, reading, SkipReason.UNSUPPORTED_RULE, str(error))
        except (InvalidRuleError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            _broken(source, reading, SkipReason.INVALID_RULE, f"{type(error).__name__}: {error}")


def _read_yara(source: RuleSource, reading: _Reading) -> None:
    from waspglass.packs.yara_source import yara_fault

    fault = yara_fault(source)
    if fault is None:
        reading.yara.append(source.path)
    else:
        _broken(source, reading, SkipReason.INVALID_RULE, fault)


def _read_indicators(source: RuleSource, language: str, reading: _Reading) -> None:
    unused: list[str] = []
    try:
        for one in (read_csv if language == "csv" else read_stix)(source.text, source.path):
            if isinstance(one, Indicator):
                reading.indicators.setdefault(one.id, one)
            else:
                unused.append(one)
    except (UnsupportedRuleError, ValueError) as error:
        _broken(source, reading, SkipReason.INVALID_RULE, str(error))
    if unused:
        detail = "; ".join(unused[:3])
        reading.skip(source.path, SkipReason.UNSUPPORTED_RULE, detail, len(unused))
