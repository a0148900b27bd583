"""Reads the texts of rules of all languages into a table; what cannot be used becomes a skip with its reason."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.indicator_lists import read_csv, read_plain
from waspglass.hunt.rules.indicator_values import LeftOut
from waspglass.hunt.rules.languages import language_of
from waspglass.hunt.rules.misp_events import read_misp
from waspglass.hunt.rules.reading import Reading
from waspglass.hunt.rules.references import resolved
from waspglass.hunt.rules.rule import Correlation, Indicator, Rule
from waspglass.hunt.rules.stix_bundles import read_stix
from waspglass.hunt.rules.stored import RuleTable
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import RuleSource

if TYPE_CHECKING:
    from waspglass.packs.yara_source import YaraCheck

__all__ = ["read_rules"]

_MOST_INDICATORS = 1_000_000
"""Of one file: sets in patterns multiply, and each takes about a kilobyte."""
_Reader = Callable[[str, str], Iterator[Indicator | Correlation | LeftOut | str]]
_INDICATORS: Mapping[str, _Reader] = {
    "csv": read_csv,
    "list": read_plain,
    "misp": read_misp,
    "stix": read_stix,
}
_Named = TypeVar("_Named", Rule, Correlation)


def read_rules(sources: Sequence[RuleSource]) -> RuleTable:
    """All rules, correlations and indicators of the sources.

    Raises:
        PackError: If a rule of the pack itself is broken.
    """
    reading = Reading()
    sigma: list[RuleSource] = []
    yara: list[RuleSource] = []
    for source in sources:
        language = language_of(source.text)
        if language == "sigma":
            sigma.append(source)
        elif language == "yara":
            yara.append(source)
        elif language is not None:
            _read_indicators(source, _INDICATORS[language], reading)
        else:
            reading.skip(
                source.path, SkipReason.NOT_RECOGNISED, "neither Sigma, YARA, STIX, MISP nor a list of indicators"
            )
    compiled = _read_yara(yara, reading) if yara else b""
    if sigma:
        from waspglass.hunt.rules.sigma_files import read_sigma  # with YAML and pySigma

        read_sigma(sigma, reading)
    unique = _unique(reading.rules, reading), _unique(reading.correlations, reading)
    rules, correlations = resolved(*unique, reading.skip)
    quiet = _feeding_only(correlations)
    return RuleTable(
        rules=tuple(_heard(one, quiet) for one in _shown_apart(rules, correlations)),
        correlations=(*(_heard(one, quiet) for one in correlations), *reading.joined.values()),
        indicators=tuple(reading.indicators.values()),
        yara=frozenset(reading.yara),
        compiled=compiled,
        skipped=tuple(reading.skipped),
    )


def _heard(one: _Named, quiet: Collection[str]) -> _Named:
    """Silent if it only feeds a correlation."""
    return replace(one, emits=one.id not in quiet and one.name not in quiet)


def _unique(read: Iterable[_Named], reading: Reading) -> list[_Named]:
    """The first of each id."""
    seen: dict[str, _Named] = {}
    for one in read:
        if seen.setdefault(one.id, one) is not one:
            reading.skip(one.source, SkipReason.INVALID_RULE, f"the id {one.id} is taken by another rule")
    return list(seen.values())


def _shown_apart(rules: Sequence[Rule], correlations: Sequence[Correlation]) -> list[Rule]:
    """Rules of one name are shown by their ids, unless a correlation joins them by it."""
    joined = frozenset(name for one in correlations for name in one.rules)
    names = Counter(rule.name for rule in rules)
    return [rule if names[rule.name] == 1 or rule.name in joined else replace(rule, name=rule.id) for rule in rules]


def _feeding_only(correlations: Sequence[Correlation]) -> frozenset[str]:
    """Rules that feed a correlation give no findings of their own unless a correlation says `generate: true`."""
    fed = {name for one in correlations for name in one.rules}
    return frozenset(fed - {name for one in correlations if one.generates for name in one.rules})


def _read_yara(sources: Sequence[RuleSource], reading: Reading) -> bytes:
    """The rules that compile are used, and given compiled; one that does not takes no other along."""
    from waspglass.packs.yara_source import checked_together

    together = checked_together(sources)
    for source in sources:
        _take_yara(source, together.checks[source.path], reading)
    compiled = io.BytesIO()
    together.rules.serialize_into(compiled)
    return compiled.getvalue()


def _take_yara(source: RuleSource, checked: YaraCheck, reading: Reading) -> None:
    if checked.includes:
        detail = f"line {checked.includes[0]}: include is not followed; give the folder of the files themselves"
        reading.skip(source.path, SkipReason.UNSUPPORTED_RULE, detail, len(checked.includes))
    reading.broken_each(source, SkipReason.INVALID_RULE, checked.faults, "further rules")
    if checked.rules:
        reading.yara.append(source.path)


def _join(source: RuleSource, one: Correlation, reading: Reading) -> None:
    """The first of each id; the same once more, from another file, is no fault."""
    known = reading.joined.setdefault(one.id, one)
    if replace(known, source=one.source) != one:
        reading.skip(source.path, SkipReason.INVALID_RULE, f"the id {one.id} is taken by another indicator")


def _read_indicators(source: RuleSource, read: _Reader, reading: Reading) -> None:
    unused: list[str] = []
    empty = True
    try:
        for number, one in enumerate(read(source.text, source.path)):
            empty = False
            if number == _MOST_INDICATORS:
                reading.skip(
                    source.path, SkipReason.TOO_LARGE, f"all that comes after {number} indicators is not hunted"
                )
                break
            if isinstance(one, Indicator):
                reading.indicators.setdefault(one.id, one)
            elif isinstance(one, Correlation):
                _join(source, one, reading)
            elif isinstance(one, LeftOut):
                reading.skip(source.path, SkipReason.UNSUPPORTED_RULE, one.detail, one.count)
            else:
                unused.append(one)
    except (UnsupportedRuleError, ValueError, RecursionError) as error:
        reading.broken(source, SkipReason.INVALID_RULE, str(error))
        empty = False
    if empty:
        reading.skip(source.path, SkipReason.EMPTY, "no indicators are in it")
    reading.broken_each(source, SkipReason.UNSUPPORTED_RULE, unused, "further indicators")
