"""Collects the hits of one file: what is kept is bounded per rule, what was left out is counted."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from waspglass.evidence.artefact import Artefact, Place, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.format import format_of
from waspglass.evidence.server_name import short_name
from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.matching.binding import Bound
from waspglass.hunt.rules.proxies import NO_PROXIES, Proxies
from waspglass.hunt.rules.rule import Correlation, Rule
from waspglass.hunt.rules.searching import first_of, searching
from waspglass.model.coverage import Span
from waspglass.model.finding import Actor, Effect
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind

__all__ = ["LAST", "PROXY", "RAW_LIMIT", "Collector", "Ears", "Heard", "Hit", "digest_of", "first_kept"]

RAW_LIMIT = 8192
"""Bytes of a raw record that a hit keeps; the excerpt is cut from them."""

PROXY = "proxy"
"""Value of a hit whose sender is a proxy, where nothing tells who is behind it: the proxy's address."""
_OWN, _LOOPBACK = "s-ip", ("127.0.0.1", "::1")
"""The field of the server's own address, and how it calls itself."""

_FLOOD = 20_000
"""Further matches in one file after which those of some rules are not even counted: somebody floods the log."""
_PART_OF_FLOOD = 1_000
"""Further matches of a rule that has its part in a flood. New needles are chosen for what is left, which costs as much
as some thousand matches: rules are given up together."""
_LIFE_FACTOR = 20
LAST = 20
"""Latest hits that a rule about an implant keeps besides the first ones: whether it answers at last decides."""
_ACTOR_LIMIT = 500
_FEEDING_FACTOR = 20
"""Rules that feed correlations keep this many times more hits, so that a join can show what it rests on."""


@dataclass(slots=True)
class Hit:
    """A rule that matched a record.

    Attributes:
        rule: The rule.
        kind: Kind of the artefact; None where it is not known any more.
        source: Path inside the evidence.
        place: Where; the line of a local file is filled in later from `offset`.
        time: When, if the record says.
        raw: The raw record, cut at RAW_LIMIT.
        values: Captured values.
        actor: Who.
    """

    rule: Rule
    kind: str | None
    source: str
    place: Place
    time: datetime | None
    raw: bytes
    values: dict[str, str]
    actor: Actor | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A hit as a correlation hears it.

    Attributes:
        correlation: Index of the correlation.
        rule: Id of the rule.
        time: Seconds since 1970.
        key: Values of the group-by fields.
        value: What `value_*` correlations count, per field.
        source: Path inside the evidence.
        place: Where.
        subject: What the rule says that the record is about; empty if it says nothing.
        server: Whose record it is, in a file of several servers' records, without a domain; empty in other files, and
            where servers are what is counted.
    """

    correlation: int
    rule: str
    time: float
    key: tuple[str, ...]
    value: tuple[str, ...]
    source: str
    place: Place
    subject: str = ""
    server: str = ""


def first_kept(limit: int, *, lives: bool) -> int:
    """How many first matches are kept: more of what tells of implants, whose last use decides if they are there."""
    return limit * _LIFE_FACTOR if lives else limit


_Feed = tuple[int, tuple[str, ...], tuple[str, ...]]
"""A correlation, and the fields that it is grouped by, and counts, as a rule that feeds it calls them."""


class Ears:
    """Which rules feed which correlations, and with which fields."""

    def __init__(self, correlations: Iterable[Correlation]) -> None:
        self._wanted: dict[str, list[_Feed]] = {}
        for index, one in enumerate(correlations):
            for name in one.rules:
                key, value = one.fields_of(name, one.group_by), one.fields_of(name, one.fields)
                self._wanted.setdefault(name, []).append((index, key, value))

    def of(self, rule: Rule) -> list[_Feed]:
        """The correlations that the rule feeds."""
        by_id = self._wanted.get(rule.id, [])
        return by_id if rule.name == rule.id else by_id + self._wanted.get(rule.name, [])


@dataclass(slots=True)
class Collector:
    """Where the scan of one file reports to.

    Attributes:
        artefact: The file.
        kind: Its kind.
        limit: Hits kept per rule.
        ears: Correlations.
        window: Hits outside are counted, not kept.
        hear_limit: Events kept for correlations.
        proxies: Who passes requests on, as the user says; none of them is an actor.
        given_up: Rules that matched so often that they are not looked for any further in this file.
        joined: Correlations that these records are for, and whether any of them has what they ask for.
    """

    artefact: Artefact
    kind: ArtefactKind
    limit: int
    ears: Ears
    window: Span | None = None
    hear_limit: int = 300_000
    proxies: Proxies = NO_PROXIES
    hits: list[Hit] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    given_up: set[str] = field(default_factory=set)
    joined: dict[int, bool] = field(default_factory=dict)
    _kept: Counter[str] = field(default_factory=Counter)
    _full: set[str] = field(default_factory=set)
    _left_out: Counter[str] = field(default_factory=Counter)
    _last: dict[str, deque[Hit]] = field(default_factory=dict)
    _flood: int = 0
    _skips: Counter[tuple[SkipReason, str | None]] = field(default_factory=Counter)

    def add(self, bound: Bound, place: Place, time: datetime | None, record: Record, raw: bytes) -> None:
        """Reports that the rule matched the record."""
        rule = bound.rule
        if time is not None and self.window is not None and not self.window.from_ <= time <= self.window.to:
            self.skip(SkipReason.OUT_OF_WINDOW)
            return
        if rule.id in self._full:
            self.count(bound)
            return
        feeds = self.ears.of(rule)
        if feeds and time is not None:
            self._hear(feeds, bound, place, time, record)
        limit = self.limit * _FEEDING_FACTOR if feeds else self._limit_of(rule)
        lives = rule.meaning.subject is not None
        if self._kept[rule.id] >= limit - 1 and not lives and (not feeds or len(self.heard) >= self.hear_limit):
            self._full.add(rule.id)
        if self._kept[rule.id] < limit:
            self._kept[rule.id] += 1
            self.hits.append(self._hit(bound, place, time, record, raw))
            return
        self.count(bound)
        if lives:
            last = self._last.setdefault(rule.id, deque(maxlen=LAST))
            last.append(self._hit(bound, place, time, record, raw))

    def _hit(self, bound: Bound, place: Place, time: datetime | None, record: Record, raw: bytes) -> Hit:
        actor, own = actor_of(self.kind, record, self.proxies), record.get(_OWN)
        values = {name: value for name, value in captured(bound.rule, bound, record).items() if value != own}
        if bound.rule.meaning.subject is not None and not format_of(self.kind.format).log:
            values |= digest_of(record)  # in a log it would be that of the program that acted, such as one of Windows
        through = self._through(record)
        if through is not None:
            values = {name: value for name, value in values.items() if not self.proxies.has(value)}
            values |= {PROXY: through} if actor is None or actor.address is None else {}
        return Hit(bound.rule, self.kind.kind, self.artefact.file.path, place, time, raw[:RAW_LIMIT], values, actor)

    def _through(self, record: Record) -> str | None:
        """The proxy that sent the request."""
        return next((at for name in self.kind.actor.address if self.proxies.has(at := record.get(name))), None)

    def since(self, known: int, offset: int) -> list[Hit]:
        """Hits after the first `known`, and of the last ones of rules that matched too often, those from here on."""
        late = [hit for last in self._last.values() for hit in last if (hit.place.offset or 0) >= offset]
        return [*self.hits[known:], *late]

    def settle(self) -> None:
        """Puts the last hits to the first ones, at the end of the file."""
        for rule, last in self._last.items():
            self.hits += last
            self._left_out[rule] -= len(last)
        self._last.clear()

    def count(self, bound: Bound) -> None:
        """Counts a further match; in a flood, the full rules that make it are given up for the rest of the file."""
        self._left_out[bound.rule.id] += 1
        self._flood += 1
        if self._flood >= _FLOOD:
            self._flood = 0
            self.given_up |= {rule for rule in self._full if self._left_out[rule] >= _PART_OF_FLOOD}

    def full(self, bound: Bound) -> bool:
        """True if a further hit of the rule would only be counted."""
        return bound.rule.id in self._full

    def _limit_of(self, rule: Rule) -> int:
        """Indicators come by the hundred, so each of them keeps a tenth (follow-up context keeps all)."""
        if rule.meaning.subject is not None:
            return first_kept(self.limit, lives=True)
        few = rule.one_of_many and rule.meaning.effect is not Effect.CONTEXT
        return max(1, self.limit // 10) if few else self.limit

    def _hear(self, feeds: list[_Feed], bound: Bound, place: Place, time: datetime, record: Record) -> None:
        about = bound.rule.meaning.subject
        subject = captured(bound.rule, bound, record).get(about, "") if about is not None else ""
        naming = format_of(self.artefact.format).gathered
        for correlation, keys, fields in feeds:
            if len(self.heard) >= self.hear_limit:
                self.skip(SkipReason.UNDECIDED, "further events for correlations")
                return
            key = tuple(_first(bound.resolve(name), record) for name in keys)
            value = tuple(_first(bound.resolve(name), record) for name in fields)
            if "" in key or (fields and not any(value)):
                lacking = [name for name, said in zip(keys, key, strict=True) if not said]
                hidden = lacking and set(lacking).issubset(self.kind.actor.address) and self._through(record)
                if not hidden:  # of whom proxies hide, the hits tell
                    self.joined.setdefault(correlation, False)
                continue
            self.joined[correlation] = True
            source, moment = self.artefact.file.path, time.timestamp()
            parted = naming and not any(naming in bound.resolve(name) for name in fields)
            server = short_name(record.get(naming, "")) if parted else ""
            self.heard.append(Heard(correlation, bound.rule.id, moment, key, value, source, place, subject, server))

    def skip(self, reason: SkipReason, detail: str | None = None, count: int = 1) -> None:
        """Counts something in this file that could not be looked at."""
        self._skips[reason, detail] += count

    def skip_of_fault(self, fault: EvidenceReadError) -> None:
        """Counts what could not be read of this file."""
        for one in (fault, *fault.also):
            self.skip(one.reason, one.message)

    def skipped(self) -> tuple[Skipped, ...]:
        """All that was counted so far."""
        rows = [(reason, detail, count) for (reason, detail), count in self._skips.items()]
        rows += [(SkipReason.LIMIT_REACHED, self._left_out_of(rule), n) for rule, n in self._left_out.items() if n]
        return tuple(skip_of(self.artefact.file.path, *row) for row in rows)

    def _left_out_of(self, rule: str) -> str:
        more = ", and more that were not counted: too many" if rule in self.given_up else ""
        return f"further matches of rule {rule}{more}"


def captured(rule: Rule, bound: Bound, record: Record) -> dict[str, str]:
    """The values that the rule captures from the record."""
    values: dict[str, str] = {}
    for capture in rule.meaning.captures:
        for name in bound.resolve(capture.field):
            value = record.get(name)
            if value is None:
                continue
            if capture.regex is not None:
                value = first_of(searching(capture.regex), value)
            if value:
                values[capture.name] = value
                break
    return values


def digest_of(record: Record) -> dict[str, str]:
    """The SHA-256 of the file that a record describes, for everyone with whom the finding is shared."""
    return {"sha256": record["sha256"]} if record.get("sha256") else {}


def actor_of(kind: ArtefactKind, record: Mapping[str, str], proxies: Proxies = NO_PROXIES) -> Actor | None:
    """Who acted, by the kind's actor fields; a proxy is nobody, and the server itself, which asks its back end, too."""
    fields, own = kind.actor, {*_LOOPBACK, record.get(_OWN)}
    senders = tuple(name for name in fields.address if not ((at := record.get(name)) in own or proxies.has(at)))
    groups = (senders, fields.user_agent, fields.account, fields.session)
    address, agent, account, session = (_first(names, record)[:_ACTOR_LIMIT] or None for names in groups)
    if address is agent is account is session is None:
        return None
    return Actor(address=address, user_agent=agent, account=account, session=session)


def _first(names: Iterable[str], record: Mapping[str, str]) -> str:
    return next((value for name in names if (value := record.get(name))), "")
