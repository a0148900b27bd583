"""Binds rules to the logs that they are for: logsource to kind, Sigma's field names to the log's, what a log lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial

from waspglass.evidence.artefact import Columns, Record
from waspglass.evidence.format import FORMATS, format_of
from waspglass.evidence.server_name import HOSTNAME_FIELD
from waspglass.hunt.matching.compile import Predicate, compile_condition, may_give_up
from waspglass.hunt.rules.condition import NEVER, Condition, matches
from waspglass.hunt.rules.fields import field_names, known_true, of_dashes
from waspglass.hunt.rules.indicator_rules import indicator_condition
from waspglass.hunt.rules.proxies import NO_PROXIES, Proxies
from waspglass.hunt.rules.rule import Indicator, Rule, RuleSet
from waspglass.hunt.rules.searching import SearchGivenUpError, first_of, searching
from waspglass.hunt.rules.windows_events import event_condition, event_ids, telemetry_variants, variants
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind, Logsource

__all__ = ["BUILT_IN_ALIASES", "Bindings", "Bound", "bind", "derived_sources", "deriver"]

_UA = ("cs(User-Agent)",)
_SPACED: Mapping[str, tuple[str, ...]] = {
    one.replace(" ", form): (one.replace(" ", form), one)
    for one in (
        "Category Name", "Detection User", "Feature Name", "New Value", "Old Value", "Process Name", "Product Name",
        "Severity ID", "Severity Name", "Source Name", "Threat ID", "Threat Name",
    )
    for form in ("", "_")
}  # fmt: skip
"""Events of Windows Defender have blanks in the names of their fields, which rules leave out."""
_WEB: Mapping[str, tuple[str, ...]] = {
    "cs-uri-query": ("cs-uri", "cs-uri-query"),
    "c-uri": ("cs-uri",),
    "request-uri": ("cs-uri",),  # as one value, whatever a pack calls by the other names
    "c-uri-query": ("cs-uri-query",),
    "c-uri-stem": ("cs-uri-stem",),
    "cs-user-agent": _UA,
    "c-useragent": _UA,
    "cs-referer": ("cs(Referer)",),
    "cs-referrer": ("cs(Referer)",),
    "cs-cookie": ("cs(Cookie)",),
    "cs-host": ("cs-host", "cs(Host)"),
}
"""SigmaHQ's names of web server fields. There `cs-uri-query` means the whole URI, so it is looked for in both."""
BUILT_IN_ALIASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "w3c": _WEB,
    "access_log": _WEB,
    "access_table": _WEB,
    "httperr": {"cs-uri-query": ("cs-uri",), "c-uri": ("cs-uri",)},
    **{name: _SPACED for name, one in FORMATS.items() if one.events},
}


@dataclass(eq=False)
class Bound:
    """A rule (or indicator as a rule) as it applies to one kind of log with one header.

    Attributes:
        rule: The rule.
        condition: What is left of its condition where fields are missing, with the gates of Windows events.
        resolve: The names of a field in this log.
        blank: What stands for a blank in this log.
        holes: Values of placeholders.
        event_ids: The event ids that can match; None for any.
        derived: True if it depends on fields that are cut out of others.
        given_up: Records on which a regular expression of the rule took too long, so that the rule was not decided.
    """

    rule: Rule
    condition: Condition
    resolve: Callable[[str], tuple[str, ...]]
    blank: str
    holes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    event_ids: frozenset[str] | None = None
    derived: bool = False
    given_up: int = 0

    @cached_property
    def predicate(self) -> Predicate:
        """The exact test, compiled when it is first needed; a record that cannot be decided in time is counted."""
        exact = compile_condition(self.condition, self.resolve, blank=self.blank, holes=self.holes)
        if not may_give_up(self.condition):
            return exact

        def patient(record: Record) -> bool:
            try:
                return exact(record)
            except SearchGivenUpError:
                self.given_up += 1
                return False

        return patient


@dataclass(frozen=True, slots=True)
class Bindings:
    """All rules that run on a log, and those that cannot.

    Attributes:
        bound: The rules that run.
        skipped: Those that cannot, with the reason.
        derive: Adds the derived fields to a record.
        server: The name that a record, with its derived fields or without, gives the server that wrote it.
    """

    bound: tuple[Bound, ...]
    skipped: tuple[Skipped, ...]
    derive: Callable[[Record], Record]
    server: Callable[[Record], str | None]


def derived_sources(kind: ArtefactKind) -> dict[str, tuple[str, ...]]:
    """The fields that each derived field may be cut out of; a kind may tell several ways to the same one."""
    sources: dict[str, tuple[str, ...]] = {}
    for one in kind.derive:
        sources[one.name] = (*sources.get(one.name, ()), *one.source)
    return sources


def deriver(kind: ArtefactKind, proxies: Proxies = NO_PROXIES) -> Callable[[Record], Record]:
    """Adds the kind's derived fields to a record."""
    specs = [(one, searching(one.regex), proxies.known and one.sender is not None) for one in kind.derive]
    if not specs:
        return lambda record: record

    def derive(record: Record) -> Record:
        added: dict[str, str] = {}
        for one, search, handed_on in specs:
            if one.name in added:
                continue
            if handed_on:
                if value := proxies.visitor(one, record, search):
                    added[one.name] = value
                continue
            for source in one.source:
                if (text := record.get(source)) and (value := first_of(search, text)):
                    added[one.name] = value
                    break
        return {**record, **added} if added else record

    return derive


def _server_of(kind: ArtefactKind) -> Callable[[Record], str | None]:
    # Nearly all records have the text of the one before.
    naming = [
        (source, lru_cache(64)(partial(first_of, searching(one.regex))))
        for one in kind.derive
        if one.name == HOSTNAME_FIELD
        for source in one.source
    ]

    def server(record: Record) -> str | None:
        for source, cut_out in naming:
            if (text := record.get(source)) and (name := cut_out(text)):
                return name
        return record.get(HOSTNAME_FIELD)

    return server


class _Names:
    """What a log with one header has, and under which names."""

    def __init__(self, kind: ArtefactKind, columns: Columns | None, virtual: Mapping[str, tuple[str, ...]]) -> None:
        self._aliases = {**BUILT_IN_ALIASES.get(kind.format, {}), **kind.aliases}
        self._derived = derived_sources(kind)
        names = columns.names if columns is not None else ()
        self._closed = bool(names)
        self._items = "EventData" in names
        self._known = {name.lower(): name for name in (*virtual, *names)}

    def _column(self, name: str) -> str | None:
        if not self._closed or name in self._derived:
            return name
        known = self._known.get(name.lower())
        return name if known is None and self._items and name.islower() else known

    def resolve(self, name: str) -> tuple[str, ...]:
        """Names under which a record may have the field; the name itself if nothing better is known."""
        found = [self._column(one) for one in self._aliases.get(name, (name,))]
        return tuple(dict.fromkeys(one for one in found if one is not None)) or (name,)

    def has(self, name: str) -> bool:
        """True if a record can have the field at all."""
        if any(self._column(one) is not None for one in self._aliases.get(name, (name,))):
            sources = self._derived.get(name)
            return sources is None or any(self._column(source) is not None for source in sources)
        return False

    def derives(self, condition: Condition) -> bool:
        """True if the condition looks at derived fields; keywords look at all."""
        if any(match.field is None for match in matches(condition)):
            return True
        return any(one in self._derived for name in field_names(condition) for one in self.resolve(name))


def _missing(rule: Rule, kind: ArtefactKind, names: Iterable[str], partly: bool) -> Skipped:
    listed = ", ".join(sorted(names))
    what = "the alternatives that need it were left out" if partly else "the rule was not run there"
    detail = f"{kind.kind}: no field {listed}; {what}"
    return Skipped(source=rule.id, reason=SkipReason.MISSING_FIELD, detail=detail)


def bind(
    rules: RuleSet,
    kind: ArtefactKind,
    columns: Columns | None,
    virtual: Mapping[str, tuple[str, ...]],
    *,
    blank: str,
    chosen: Iterable[Rule | Indicator],
    holes: Mapping[str, tuple[str, ...]],
    proxies: Proxies = NO_PROXIES,
) -> Bindings:
    """The rules among `chosen` that run on logs of this kind with these columns.

    Args:
        rules: For the web roots.
        kind: Kind of the log.
        columns: The header in force; None for records without a header.
        virtual: Fields that the format makes of columns.
        blank: What stands for a blank in a value.
        chosen: Rules and indicators of this pass.
        holes: Values of placeholders.
        proxies: Who passes requests on, as the user says.
    """
    names = _Names(kind, columns, virtual)
    bound: list[Bound] = []
    skipped: list[Skipped] = []
    for one in chosen:
        if isinstance(one, Indicator):
            wanted = indicator_condition(one, kind, rules.web_roots)
            shown = None if wanted is None else known_true(wanted, names.has)[0]
            if shown is not None:
                bound.append(Bound(_as_rule(one), shown, names.resolve, blank, derived=names.derives(shown)))
            continue
        if not any(offered.answers(one.logsource) for offered in kind.logsources):
            continue
        condition, ids = one.condition, None
        form = format_of(kind.format)
        if form.events or form.telemetry:
            meant = variants(one.logsource) if form.events else telemetry_variants(one.logsource)
            if meant is None:
                continue  # told when the rules were loaded, see `unanswered`
            gated = event_condition(condition, meant)
            if gated is None:
                detail = f"{kind.kind}: no event of {one.logsource.model_dump(exclude_none=True)} has the rule's fields"
                skipped.append(Skipped(source=one.id, reason=SkipReason.UNSUPPORTED_RULE, detail=detail))
                continue
            condition, ids = gated, event_ids(meant)
        if form.dashed:
            condition = of_dashes(condition)
        known, missing = known_true(condition, names.has)
        if missing:
            skipped.append(_missing(one, kind, missing, known is not None))
        if known is not None:
            bound.append(Bound(one, known, names.resolve, blank, holes, ids, names.derives(known)))
    return Bindings(tuple(bound), tuple(skipped), deriver(kind, proxies), _server_of(kind))


def _as_rule(indicator: Indicator) -> Rule:
    return Rule(
        id=indicator.id,
        name=indicator.id,
        title=indicator.title,
        logsource=Logsource(),
        condition=NEVER,
        meaning=indicator.meaning,
        source=indicator.source,
        emits=indicator.emits,
        one_of_many=True,
    )
