"""Hunts in evidence for what a rule set describes: the one public entry of this package.

    from waspglass.hunt.cache import Cache, user_cache_folder
    from waspglass.hunt.hunting import hunt
    from waspglass.hunt.rules.load import load_rules, read_rule_sources

    cache = Cache(user_cache_folder())                      # or None
    added, skipped = read_rule_sources(rules_options)       # --rules DIR ...; `skipped` belongs into the result
    rules = load_rules(pack, added, cache=cache)            # PackError if the pack itself is broken
    result = hunt(recognised, rules, readers=record_readers, window=since_until, cache=cache, progress=show)
    result.findings, result.context, result.skipped, result.scanned

`recognised` is an iterable of `Artefact` (it may be a generator; it is read once), `record_readers` maps a format name
to its `RecordReader`. Line formats are known here already (`evidence/formats`). The result is a function of the
evidence, the rules, the window and the limits alone; cache, workers and order of the files change nothing but time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from waspglass.evidence.artefact import Artefact, RecordReader
from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.cache import Cache
from waspglass.hunt.outcome.collect import Heard, Hit
from waspglass.hunt.outcome.conclude import Concluded, conclude
from waspglass.hunt.outcome.findings import in_order
from waspglass.hunt.outcome.not_found import not_found
from waspglass.hunt.outcome.result import HuntResult, Limits, OnProgress, Progress, Scanned
from waspglass.hunt.rules.followup import Seeds, follow_up, seeds_of
from waspglass.hunt.rules.proxies import NO_PROXIES, Proxies
from waspglass.hunt.rules.rule import Indicator, Rule, RuleSet
from waspglass.hunt.rules.unanswered import without_log
from waspglass.hunt.scan.scan_file import Pass
from waspglass.hunt.scan.workers import scan_files
from waspglass.model.coverage import Span
from waspglass.model.finding import Finding
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["hunt"]

_FOLLOW_UPS = 2
"""Further passes at most: what the first pass captured, and what came up when that was followed. They keep no compiled
databases: what one intrusion left behind is of use for no other evidence."""


@dataclass(slots=True)
class _Watch:
    """Tells how far the hunt is."""

    tell: OnProgress | None
    stage: str = "scan"
    bytes: int = 0
    findings: int = 0

    def read(self, source: str, count: int) -> None:
        self.bytes += count
        if self.tell is not None:
            self.tell(Progress(source, self.bytes, self.findings, self.stage))


@dataclass(frozen=True, slots=True)
class _Gathered:
    """The outcomes of all files of a pass; each skip once."""

    hits: list[Hit] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    scanned: list[Scanned] = field(default_factory=list)
    skipped: dict[Skipped, None] = field(default_factory=dict)


def _swept(artefacts: Sequence[Artefact], run: Pass, workers: int, watch: _Watch) -> _Gathered:
    """One pass over all files."""
    found, unheard = _Gathered(), 0
    with closing(run.scanner):
        for outcome in scan_files(artefacts, run, workers):
            room = run.limits.correlated - len(found.heard)
            found.hits.extend(outcome.hits)
            found.heard.extend(outcome.heard[:room])
            unheard += max(0, len(outcome.heard) - room)
            found.skipped.update(dict.fromkeys((*outcome.skipped, *outcome.unbound)))
            if outcome.scanned is not None:
                found.scanned.append(outcome.scanned)
            for key, whole in outcome.joined.items():
                run.joined[key] = whole or run.joined.get(key, False)
            watch.findings = len(found.hits)
    if unheard:
        left = skip_of("correlations", SkipReason.LIMIT_REACHED, "further events for correlations", unheard)
        found.skipped[left] = None
    return found


def hunt(
    artefacts: Iterable[Artefact],
    rules: RuleSet,
    *,
    readers: Mapping[str, RecordReader] | None = None,
    window: Span | None = None,
    cache: Cache | None = None,
    progress: OnProgress | None = None,
    workers: int = 1,
    limits: Limits | None = None,
    naive: bool = False,
    innocent: Callable[[Sequence[Finding]], Collection[str]] = lambda _: (),
    proxies: Proxies = NO_PROXIES,
) -> HuntResult:
    """Runs all rules over all artefacts, and follows up what they captured.

    Args:
        artefacts: What was recognised in the evidence.
        rules: What to hunt for.
        readers: Record readers by format name; an artefact whose reader is missing is a skip.
        window: Records outside are counted (`out of window`), not reported; records without a time are reported.
        cache: Where compiled databases are kept; None compiles them anew.
        progress: Called about once a block of 1 MB.
        workers: Processes that files are spread over, where the system can fork; one file is left to one process.
        limits: Bounds of what is kept.
        naive: Test each rule on each line instead of looking for needles: the slow twin, for tests and benchmarks.
        innocent: Subjects of which a pass's findings tell nothing bad: what was captured with them is not followed up.
        proxies: Who passes requests on: visitors are behind them, and they are nobody themselves.
    """
    files, watch = list(artefacts), _Watch(progress)
    run = Pass(
        rules=rules,
        chosen=tuple(_wanted_first(rules, proxies)),
        readers=readers or {},
        window=window,
        limits=limits or Limits(),
        naive=naive,
        cache=cache,
        progress=watch.read,
        proxies=proxies,
    )
    first = _swept(files, run, workers, watch)
    hits, heard, followed = first.hits, first.heard, None
    skipped = first.skipped | dict.fromkeys(_not_run(rules, _present(files, first.scanned), proxies))
    for again in range(_FOLLOW_UPS + 1):
        concluded = conclude(rules, hits, heard, limit=run.limits.per_rule)
        seeds = seeds_of(_guilty(concluded.findings, innocent), concluded.values)
        further = follow_up(rules, seeds, followed)
        if again == _FOLLOW_UPS or not further.chosen:
            break
        run = replace(run, chosen=further.chosen, holes=further.holes, yara=False, cache=None)
        followed, watch.stage = seeds, "follow-up"
        swept = _swept(files, run, workers, watch)
        skipped.update(swept.skipped)
        hits += swept.hits
        before = frozenset(heard)  # a rule that runs again may hear again what it heard
        heard += [one for one in swept.heard if one not in before]
    context, cut = _bounded_context(concluded, run.limits.context_per_actor)
    skips = (*rules.skipped, *skipped, *_unjoined(run), *concluded.skipped, *_left_over(seeds, followed), *cut)
    return HuntResult(in_order(concluded.findings), context, skips, tuple(first.scanned), not_found(rules, heard))


def _wanted_first(rules: RuleSet, proxies: Proxies) -> Iterator[Rule | Indicator]:
    """What needs nothing that another pass captured; an indicator that is a proxy would accuse everybody behind it."""
    yield from (rule for rule in rules.rules if rule.phase == "first")
    yield from (one for one in rules.indicators if not _is_proxy(one, proxies))


def _not_run(rules: RuleSet, present: Mapping[str, set[str] | None], proxies: Proxies) -> Iterator[Skipped]:
    yield from without_log(rules, present)
    detail = "a proxy by the facts, or a network with one: it is not looked for"
    for one in rules.indicators:
        if _is_proxy(one, proxies):
            yield skip_of(one.id, SkipReason.UNSUPPORTED_RULE, detail)


def _unjoined(run: Pass) -> Iterator[Skipped]:
    """Correlations that join nothing of a kind, because no record has what they are grouped by, or count."""
    for kind, correlation in sorted(key for key, whole in run.joined.items() if not whole):
        one = run.rules.correlations[correlation]
        asked = ", ".join((*one.group_by, *one.fields))
        detail = f"{kind}: no record that it joins has what it asks for ({asked})"
        yield skip_of(one.id, SkipReason.MISSING_FIELD, detail)


def _is_proxy(indicator: Indicator, proxies: Proxies) -> bool:
    return indicator.type == "address" and proxies.touches(indicator.value)


def _present(artefacts: Iterable[Artefact], scanned: Iterable[Scanned]) -> dict[str, set[str] | None]:
    """Kinds that are there, with the channels of their events; None where a file does not tell its channels."""
    found: dict[str, set[str] | None] = {one.kind: set() for one in artefacts}
    for one in scanned:
        channels = found[one.kind]
        found[one.kind] = None if channels is None or one.channels is None else channels | set(one.channels)
    return found


def _guilty(
    findings: Sequence[Finding], innocent: Callable[[Sequence[Finding]], Collection[str]]
) -> tuple[Finding, ...]:
    """The findings whose actors are followed up: whoever came to a page of the owner's own is nobody's accomplice."""
    left = frozenset(innocent(findings))
    return tuple(one for one in findings if one.subject is None or one.subject not in left)


def _left_over(seeds: Seeds, followed: Seeds | None) -> Iterator[Skipped]:
    """What was left out of the passes, and what the last of them brought to light and nobody followed up."""
    yield from seeds.skipped
    left = () if followed is None else seeds.beyond(followed).actors
    if left:
        detail = "addresses, sessions and pages that came up in the last pass: what else they did is not shown"
        yield skip_of("follow-up", SkipReason.LIMIT_REACHED, detail, len(left))


def _bounded_context(concluded: Concluded, most: int) -> tuple[tuple[Finding, ...], list[Skipped]]:
    """The earliest context lines by rule and actor, each line once and none that is a finding; the rest is counted.

    Lines that a rule has a subject for are bounded by subject, and stand whatever else was found in them.
    """
    taken = {(one.source, one.line, one.record) for one in concluded.findings}
    kept: list[Finding] = []
    told: Counter[tuple[str, str | None]] = Counter()
    left: Counter[str] = Counter()
    for one in in_order(concluded.context):
        place = (one.source, one.line, one.record)
        key = (one.rule, one.subject or (one.actor.address if one.actor is not None else None))
        if place in taken and one.subject is None:
            continue
        if told[key] < most:
            told[key] += 1
            taken.add(place)
            kept.append(one)
        else:
            left[one.rule] += 1
    cut = [skip_of(rule, SkipReason.LIMIT_REACHED, "further context lines", count) for rule, count in left.items()]
    return in_order([*kept, *concluded.support]), cut
