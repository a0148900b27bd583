"""Decides candidate lines: cheap tests first, then what was decided before for the same cells, then the exact rules.

Per candidate this is the dearest part of the scan (microseconds against the nanoseconds of the search), so each step
exists because it saves more than it costs; none may change the answer. The exact predicate has the last word on every
hit that is reported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from waspglass.evidence.artefact import Place
from waspglass.hunt.matching.binding import Bound
from waspglass.hunt.matching.compile import Predicate
from waspglass.hunt.matching.plan import Plan, Prong
from waspglass.hunt.matching.rawtest import RawTest, raw_test
from waspglass.hunt.scan.gate import Key, gates, key_of, places_of, repeating
from waspglass.hunt.scan.lines import LogState, is_header

__all__ = ["Decider", "Group"]

_MEMO_SIZE = 48 << 20
"""Bytes of lines whose answers are kept, of all groups together: as many as are kept of their cells, at most."""
_ENTRY = 200
"""Bytes that an answer takes beside its cells, roughly."""
_LONGEST = 4096
"""Bytes of a line that is remembered: lines of a megabyte, each another, are what an attacker can write."""
_MOST_GROUPS = 1024
"""Sets of needles; lines with others are decided needle by needle."""
_TRIAL = 4_000
"""After so many look-ups a memo that answered fewer than one in four is dropped."""
_LEARNT_FROM = 512
"""Candidate rows by which columns are chosen that repeat."""
_MOST_PASSED = 10 << 20
"""Bytes of lines whose answers gates keep, of all groups together; a row with other cells takes the long way."""


@dataclass(slots=True)
class Group:
    """What a set of needles that hit the same line asks for.

    Attributes:
        bounds: The rules to decide.
        promising: False for a lower-case line on which no rule can match, for lack of a needle. None without checks. A
            memo is cheaper than to search a line, so where there is a `key` it is asked only of lines that the memo
            does not know.
        key: The cells that the rules depend on; None if a memo is of no use.
        raw: Tests on the lower-case line that are exact for plain rows; None if some rule has none.
        memo: Cells -> the rules that match.
        prongs: The alternatives of rules whose needles were met; none if the rules are asked without needles.
        gate: The cells that the tests of `demands` take; None if a row is not asked for them.
        demands: What a rule asks of these cells alone.
        passed: Cells -> the group of those rules that pass the gate.
        parts: Rules -> their group.
    """

    bounds: tuple[Bound, ...]
    promising: RawTest | None
    key: Key | None
    raw: tuple[RawTest, ...] | None
    memo: dict[object, tuple[Bound, ...]] = field(default_factory=dict)
    asked: int = 0
    answered: int = 0
    prongs: list[Prong] = field(default_factory=list)
    gate: Key | None = None
    demands: dict[Bound, Predicate] = field(default_factory=dict)
    passed: dict[object, Group] = field(default_factory=dict)
    parts: dict[tuple[Bound, ...], Group] = field(default_factory=dict)


class Decider:
    """Decides candidate lines while one plan is in force: of one log after the other, of one kind and with one header.

    Attributes:
        plan: The plan.
        singles: The groups of single needles.
    """

    _state: LogState

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.singles = _Singles(self)
        self._groups: dict[frozenset[int], Group] = {}
        self._made: list[Group] = []
        self._memories = self._passed = 0
        self._rows: list[list[bytes]] = []
        self._repeating = frozenset[int]()

    def on(self, state: LogState) -> Self:
        """Turns to this log; the plan was made for logs like it."""
        self._state = state
        self._width = len(state.columns.names) if state.columns is not None else 0
        self._cells = state.format.cells
        self._plain = state.collector.window is None
        return self

    def decide_together(self, needles: Iterable[int], line: bytes, offset: int) -> None:
        """Reports the rules that match a line in which these needles were met."""
        key = frozenset(needles)
        group = self._groups.get(key)
        if group is None and len(self._groups) < _MOST_GROUPS:
            group = self._groups[key] = self.group_of(sorted(key))
        if group is None:
            self._decide_each(key, line, offset)
        else:
            self.decide(group, line, offset)

    def decide(self, group: Group, line: bytes, offset: int) -> None:
        """Reports the rules of the group that match the line."""
        cells = None
        if group.gate is not None:
            cells = self._cells(line, self._width)
            if cells is not None:
                group = group.passed.get(group.gate(cells)) or self._pass(group, cells, line)
        elif len(self._rows) < _LEARNT_FROM:
            self._learn(line)
        if not group.bounds:
            return
        if group.key is None and group.promising is not None and not group.promising(line.lower()):
            return
        if cells is None and (group.key is not None or group.raw is not None):
            cells = self._cells(line, self._width)
        if cells is not None:
            known = self._remembered(group, cells, line)
            if known is None and group.promising is not None and not group.promising(line.lower()):
                known = ()
                self._remember(group, cells, known, len(line))
            if known is not None and self._settled(known):
                return
        self._exactly((group,), group.bounds, line, offset, cells)

    def _learn(self, line: bytes) -> None:
        """Takes note of a row; with enough of them, the groups get their gates."""
        cells = self._cells(line, self._width) if len(line) <= _LONGEST else None
        if cells is not None:
            self._rows.append(cells)
            if len(self._rows) == _LEARNT_FROM:
                self._repeating = repeating(self._rows)
                for group in (*self._groups.values(), *self.singles.values()):
                    self._close(group)

    def _close(self, group: Group) -> None:
        """Puts a gate before the group, if its rules ask for anything in columns that repeat."""
        if group.raw is None:  # nothing but indicators, which ask for no column
            group.gate, group.demands = gates(group.bounds, self._repeating, self._state)

    def _pass(self, group: Group, cells: list[bytes], line: bytes) -> Group:
        """The group of the rules that these cells do not rule out."""
        if self._passed >= _MOST_PASSED or len(line) > _LONGEST or group.gate is None:
            return group
        record = self._state.derived(line)
        if record is None:
            return group
        left = tuple([one for one in group.bounds if one not in group.demands or group.demands[one](record)])
        part = group if left == group.bounds else group.parts.get(left)
        if part is None:
            part = group.parts[left] = self._asked(left, group.prongs)
        self._passed += len(line) + _ENTRY
        group.passed[group.gate(cells)] = part
        return part

    def _decide_each(self, needles: Iterable[int], line: bytes, offset: int) -> None:
        """As `decide`, needle by needle: whoever knows the rules can write lines of which each has a set of its own."""
        low = line.lower()
        cells = self._cells(line, self._width)
        settled: set[Bound] = set()
        pending: dict[Bound, None] = {}
        whole: list[Group] = []
        for needle in sorted(needles):
            group = self.singles[needle]
            if settled.issuperset(group.bounds):
                continue
            if group.promising is not None and not group.promising(low):
                continue
            left = [bound for bound in group.bounds if bound not in settled and bound not in pending]
            if not left:
                continue
            if cells is not None and len(left) == len(group.bounds):
                known = self._remembered(group, cells, low)
                if known is not None and self._settled(known):
                    settled.update(left)
                    continue
                whole.append(group)
            pending.update(dict.fromkeys(left))
        if pending:
            self._exactly(whole, tuple(pending), line, offset, cells)

    def _remembered(self, group: Group, cells: list[bytes], line: bytes) -> tuple[Bound, ...] | None:
        if group.raw is not None:
            low = line.lower()
            return tuple(bound for bound, test in zip(group.bounds, group.raw, strict=True) if test(low))
        if group.key is None:
            return None
        known = group.memo.get(group.key(cells))
        group.asked += 1
        group.answered += known is not None
        return known

    def _settled(self, known: tuple[Bound, ...]) -> bool:
        """True if nothing is left to do: no rule matches, or those that do are full and only counted."""
        if not known:
            return True
        collector = self._state.collector
        if self._plain and all(map(collector.full, known)):
            for bound in known:
                collector.count(bound)
            return True
        return False

    def _exactly(
        self, groups: Iterable[Group], bounds: tuple[Bound, ...], line: bytes, offset: int, cells: list[bytes] | None
    ) -> None:
        """Tests the rules, which are those of the groups and maybe more, and keeps the answer for the groups' cells."""
        state = self._state
        if is_header(state.format, line):
            return
        matched = state.test(line, Place(offset=offset), bounds)
        if matched is None or cells is None:
            return
        for group in groups:
            if group.key is None or group.raw is not None:
                continue
            answer = tuple(bound for bound in matched if bound in group.bounds)
            self._remember(group, cells, answer, len(line))

    def _remember(self, group: Group, cells: list[bytes], matched: tuple[Bound, ...], length: int) -> None:
        """Keeps the answer for these cells of a line of this length; gives up a memo that seldom has one."""
        if group.key is None or length > _LONGEST:
            return
        if group.asked >= _TRIAL and group.answered * 4 < group.asked:
            group.key = None
            group.memo.clear()
            return
        self._memories += length + _ENTRY
        if self._memories > _MEMO_SIZE:
            for one in self._made:
                one.memo.clear()
            self._memories = length + _ENTRY
        group.memo[group.key(cells)] = matched

    def group_of(self, needles: Iterable[int]) -> Group:
        """Works out what these needles ask for."""
        plan = self.plan
        prongs: list[Prong] = []
        bounds: dict[Bound, None] = dict.fromkeys(plan.choice.everywhere) if -1 in needles else {}
        free = bool(bounds)
        for needle in needles:
            if needle == plan.wild:
                bounds, free = dict.fromkeys(plan.bindings.bound), True
                break
            prongs += plan.prongs[needle] if needle >= 0 else ()
        bounds.update(dict.fromkeys(prong.bound for prong in prongs))
        group = self._asked(tuple(bounds), [] if free else prongs)
        if self._repeating:
            self._close(group)
        return group

    def _asked(self, bounds: tuple[Bound, ...], prongs: list[Prong]) -> Group:
        """What is asked for these rules, of which these alternatives may be true; of all of them without any."""
        group = self._group(bounds, _promising(bounds, prongs))
        group.prongs = prongs
        return group

    def _group(self, bounds: tuple[Bound, ...], promising: RawTest | None) -> Group:
        raw = [raw_test(bound) for bound in bounds]
        exact = tuple(test for test in raw if test is not None)
        made = Group(bounds, promising, self._key(bounds), exact if len(exact) == len(bounds) and exact else None)
        self._made.append(made)
        return made

    def _key(self, bounds: Iterable[Bound]) -> Key | None:
        """The cells that decide the rules, if they are few and known."""
        places = set[int]()
        for bound in bounds:
            own = places_of(bound, bound.condition, self._state)
            if own is None:
                return None
            places |= own
        return key_of(places) if 0 < len(places) <= 4 else None


class _Singles(dict[int, Group]):
    """The groups of single needles, made when they are first met."""

    def __init__(self, decider: Decider) -> None:
        super().__init__()
        self._decider = decider

    def __missing__(self, needle: int) -> Group:
        self[needle] = self._decider.group_of((needle,))
        return self[needle]


def _promising(bounds: Iterable[Bound], prongs: Iterable[Prong]) -> RawTest | None:
    """True if for some rule one of its alternatives has all its further needles."""
    wanted = frozenset(bounds)
    alternatives = list(dict.fromkeys(prong.checks for prong in prongs if prong.bound in wanted))
    if not alternatives or not all(alternatives):
        return None

    def promising(low: bytes) -> bool:
        for checks in alternatives:
            for needles in checks:
                for needle in needles:  # `any` of a generator would cost more than the search
                    if needle in low:
                        break
                else:
                    break
            else:
                return True
        return False

    return promising
