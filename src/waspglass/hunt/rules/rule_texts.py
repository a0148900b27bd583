"""Reads the texts of rules of all languages into a table; what cannot be used becomes a skip with its reason."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.indicator_lists import read_csv, read_plain
from waspglass.hunt.rules.indicator_values import LeftOut
from waspglass.hunt.rules.languages import language_of
from waspglass.hunt.rules.misp_events import read_misp
from waspglass.hunt.rules.references import resolved
from waspglass.hunt.rules.rule import Correlation, Indicator, Rule
from waspglass.hunt.rules.stix_bundles import read_stix
from waspglass.hunt.rules.stored import RuleTable
from waspglass.model.errors import Location, PackError
from waspglass.model.escape import bounded, printable
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import RuleSource

if TYPE_CHECKING:
    from waspglass.hunt.rules.sigma_rules import Filter
    from waspglass.packs.yara_source import YaraCheck

__all__ = ["read_rules"]

_MOST_NAMED = 20
"""Faults of one file that are named; the others are a number."""
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


@dataclass(slots=True)
class _Reading:
    rules: list[Rule] = field(default_factory=list)
    correlations: list[Correlation] = field(default_factory=list)
    generating: set[str] = field(default_factory=set)
    indicators: dict[str, Indicator] = field(default_factory=dict)
    joined: dict[str, Correlation] = field(default_factory=dict)
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
        _read_sigma(sigma, reading)
    unique = _unique(reading.rules, reading), _unique(reading.correlations, reading)
    rules, correlations = resolved(*unique, reading.skip)
    quiet = _feeding_only(correlations, reading.generating)
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


def _unique(read: Iterable[_Named], reading: _Reading) -> list[_Named]:
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


def _feeding_only(correlations: Sequence[Correlation], generating: Collection[str]) -> frozenset[str]:
    """Rules that feed a correlation give no findings of their own unless a correlation says `generate: true`."""
    fed = {name for one in correlations if one.id not in generating for name in one.rules}
    return frozenset(fed - {name for one in correlations if one.id in generating for name in one.rules})


def _broken(source: RuleSource, reading: _Reading, reason: SkipReason, detail: str, called: str = "") -> None:
    """A broken rule of the pack is the pack's fault and ends the run; a user's is skipped and counted."""
    detail = f"{called}: {detail}" if called else detail
    if source.origin == "pack" and reason is SkipReason.INVALID_RULE:
        hint = "Mend the rule; `waspglass pack check` lists all faults of a pack"
        raise PackError(f"broken rule: {bounded(printable(detail), 300)}", location=Location(source.path), hint=hint)
    reading.skip(source.path, reason, detail)


def _tell_each(source: RuleSource, reading: _Reading, reason: SkipReason, details: Sequence[str], rest: str) -> None:
    """The first faults of a file by name, the others as a number."""
    for detail in details[:_MOST_NAMED]:
        _broken(source, reading, reason, detail)
    if len(details) > _MOST_NAMED:
        reading.skip(source.path, reason, rest, len(details) - _MOST_NAMED)


def _read_sigma(sources: Sequence[RuleSource], reading: _Reading) -> None:
    """Filters first, since they may stand in another file than the rules that they are for."""
    from waspglass.packs.sigma_documents import sigma_texts

    documents: list[_Document] = []
    for source in sources:
        listed = list(sigma_texts(source.text))
        for number, one in enumerate(listed, 1):
            if isinstance(one.content, str):
                _broken(source, reading, SkipReason.INVALID_RULE, one.content)
            else:
                unnamed = source.path if len(listed) == 1 else f"{source.path}#{number}"
                documents.append(_Document(source, unnamed, one.content))
    filters = _filters(documents, reading)
    for document in documents:
        if document.sort != "filter":
            with _faults(document, reading):
                _read_one(document, [known for known in filters if known.origin == document.source.origin], reading)
    for unused in (one for one in filters if not one.applied):
        detail = (
            f"the filter {unused.title!r} is for no rule that is here (a user's filter leaves the pack's rules alone)"
        )
        reading.skip(unused.source, SkipReason.UNSUPPORTED_RULE, detail)


@dataclass(frozen=True, slots=True)
class _Document:
    """A rule before it is read; `unnamed` is its name if it has none."""

    source: RuleSource
    unnamed: str
    content: dict[str, object]

    @property
    def called(self) -> str:
        """Its title, to find it in a file of many."""
        return str(self.content.get("title", ""))[:100]

    @property
    def sort(self) -> str:
        """`filter`, `correlation` or `detection`; a rule with a remark of such a name stays a rule."""
        said = [part for part in ("filter", "correlation", "detection") if part in self.content]
        return next((part for part in said if isinstance(self.content[part], dict)), (*said, "detection")[0])


@contextlib.contextmanager
def _faults(one: _Document, reading: _Reading) -> Iterator[None]:
    """Whatever is wrong with a rule becomes a skip."""
    from waspglass.packs.sigma_source import NOT_SIGMA, SigmaError

    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of sets in expressions
            yield
    except UnsupportedRuleError as error:
        _broken(one.source, reading, SkipReason.UNSUPPORTED_RULE, str(error), one.called)
    except NOT_SIGMA as error:
        detail = str(error) if isinstance(error, SigmaError) else f"{type(error).__name__}: {error}"
        _broken(one.source, reading, SkipReason.INVALID_RULE, detail, one.called)


def _filters(documents: Iterable[_Document], reading: _Reading) -> list[Filter]:
    from waspglass.hunt.rules.sigma_rules import read_filter

    found: list[Filter] = []
    for one in documents:
        if one.sort == "filter":
            with _faults(one, reading):
                found.append(read_filter(one.content, one.source.path, one.source.origin))
    return found


def _read_one(one: _Document, filters: Sequence[Filter], reading: _Reading) -> None:
    from waspglass.hunt.rules.sigma_rules import read_correlation, read_rule

    if one.sort == "correlation":
        correlation, generates = read_correlation(one.content, one.source.path, unnamed=one.unnamed)
        reading.correlations.append(correlation)
        if generates:
            reading.generating.add(correlation.id)
    else:
        reading.rules.append(read_rule(one.content, one.source.path, unnamed=one.unnamed, filters=filters))


def _read_yara(sources: Sequence[RuleSource], reading: _Reading) -> bytes:
    """The rules that compile are used, and given compiled; one that does not takes no other along."""
    from waspglass.packs.yara_source import checked_together

    together = checked_together(sources)
    for source in sources:
        _take_yara(source, together.checks[source.path], reading)
    compiled = io.BytesIO()
    together.rules.serialize_into(compiled)
    return compiled.getvalue()


def _take_yara(source: RuleSource, checked: YaraCheck, reading: _Reading) -> None:
    if checked.includes:
        detail = f"line {checked.includes[0]}: include is not followed; give the folder of the files themselves"
        reading.skip(source.path, SkipReason.UNSUPPORTED_RULE, detail, len(checked.includes))
    _tell_each(source, reading, SkipReason.INVALID_RULE, checked.faults, "further rules")
    if checked.rules:
        reading.yara.append(source.path)


def _join(source: RuleSource, one: Correlation, reading: _Reading) -> None:
    """The first of each id; the same once more, from another file, is no fault."""
    known = reading.joined.setdefault(one.id, one)
    if replace(known, source=one.source) != one:
        reading.skip(source.path, SkipReason.INVALID_RULE, f"the id {one.id} is taken by another indicator")


def _read_indicators(source: RuleSource, read: _Reader, reading: _Reading) -> None:
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
    except (UnsupportedRuleError, ValueError) as error:
        _broken(source, reading, SkipReason.INVALID_RULE, str(error))
        empty = False
    if empty:
        reading.skip(source.path, SkipReason.EMPTY, "no indicators are in it")
    _tell_each(source, reading, SkipReason.UNSUPPORTED_RULE, unused, "further indicators")
