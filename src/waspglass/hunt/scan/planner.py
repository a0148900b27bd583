"""Keeps the plan of each kind of log and header; makes a better one when the evidence shows what is common in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from waspglass.hunt.cache import Cache
from waspglass.hunt.matching.binding import Bindings
from waspglass.hunt.matching.choice_store import ChoiceStore
from waspglass.hunt.matching.plan import Plan, choose, derived_names, make_plan
from waspglass.hunt.matching.sample import Sample
from waspglass.hunt.scan.blocks import Block
from waspglass.hunt.scan.decide import Decider
from waspglass.hunt.scan.lines import LogState

__all__ = ["ENOUGH", "Planner"]

ENOUGH = 6 << 20
"""Bytes of one kind of log after which a sample pays; smaller evidence is scanned with needles chosen by length."""
_PIECE = 128 << 10
_PIECES = 8
_APART = 4 << 20
"""Bytes between two pieces of the sample, once there is one: a copy of each block's head would be felt."""
_MOST_PLANS = 4
_MOST_DECIDERS = 4
"""Those used last are kept, with what they remember."""
_FLOOD = 0.02
"""Share of lines that are candidates, beyond what was expected, at which needles are chosen anew."""
_KEPT = 0.15
"""Share of candidates up to which a choice is kept for other evidence: most lines of its sample were ordinary."""
_LINE = 300
"""Bytes of a line, roughly; only to compare shares."""


_Key = tuple[str, tuple[str, ...], frozenset[str]]


def _key(state: LogState) -> _Key:
    """Kind, columns, and the rules that are given up in this file."""
    assert state.columns is not None
    return (state.kind.kind, state.columns.names, frozenset(state.collector.given_up))


@dataclass(slots=True)
class _Entry:
    plan: Plan
    scanned: int = 0
    recent: int = 0
    candidates: int = 0
    plans: int = 1
    pieces: list[bytes] = field(default_factory=list)
    apart: int = 0
    due: bool = False

    def taste(self, block: Block, start: int) -> None:
        """Keeps a piece of the block for the next sample."""
        if len(self.pieces) < _PIECES or self.apart >= _APART:
            self.pieces.append(bytes(block.view[start : min(block.end, start + _PIECE)]))
            del self.pieces[:-_PIECES]
            self.apart = 0


class Planner:
    """Plans by kind and columns, shared by all files of a pass."""

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache
        self._entries: dict[_Key, _Entry] = {}
        self._deciders: dict[int, Decider] = {}

    def plan(self, state: LogState, block: Block, start: int) -> Plan:
        """The plan for what follows in this block."""
        key = _key(state)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = self._lessened(state, key) or _Entry(self._first(state))
        entry.taste(block, start)
        if entry.due:
            entry.due = False
            entry.plans += 1
            entry.recent = entry.candidates = 0
            entry.plan = self._made(state, _sample(entry.pieces))
        return entry.plan

    def _first(self, state: LogState) -> Plan:
        """A plan that was good for other evidence, or one for what is known of this."""
        bindings, known = self._bindings(state), self._store(state).get()
        return self._made(state, None) if known is None else make_plan(known, bindings, state.format, self._cache)

    def _lessened(self, state: LogState, key: _Key) -> _Entry | None:
        """A plan of before without the rules that are given up: in a flood, to choose anew each time would be felt."""
        before = [one for one in self._entries if one[:2] == key[:2] and one[2] < key[2]]
        if not before:
            return None
        usual = self._entries[max(before, key=lambda one: len(one[2]))]
        if usual.plan.choice.expected is None and usual.pieces:
            return _Entry(self._made(state, _sample(usual.pieces)), pieces=list(usual.pieces))
        bindings, choice = self._bindings(state), usual.plan.choice
        left = frozenset(bindings.bound)
        prongs = tuple(prong for prong in choice.prongs if prong.bound in left)
        everywhere = tuple(bound for bound in choice.everywhere if bound in left)
        plan = make_plan(replace(choice, prongs=prongs, everywhere=everywhere), bindings, state.format, None)
        return _Entry(plan, pieces=list(usual.pieces))

    def _made(self, state: LogState, sample: Sample | None) -> Plan:
        assert state.columns is not None
        bindings, cache = self._bindings(state), self._cache_for(state)
        choice = choose(bindings, state.format, state.columns, derived_names(state.kind), sample, cache)
        if choice.expected is not None and choice.expected <= _KEPT:
            self._store(state).put(choice)
        return make_plan(choice, bindings, state.format, cache)

    def _bindings(self, state: LogState) -> Bindings:
        assert state.bindings is not None
        given_up = state.collector.given_up
        if not given_up:
            return state.bindings
        left = tuple(bound for bound in state.bindings.bound if bound.rule.id not in given_up)
        return replace(state.bindings, bound=left)

    def _cache_for(self, state: LogState) -> Cache | None:
        """None where rules are given up: no other evidence has just the rules that are left."""
        return None if state.collector.given_up else self._cache

    def _store(self, state: LogState) -> ChoiceStore:
        assert state.columns is not None
        bindings, derived = self._bindings(state), derived_names(state.kind)
        return ChoiceStore(self._cache_for(state), bindings, state.format, state.columns, derived)

    def decider(self, state: LogState, plan: Plan) -> Decider:
        """The decider for the plan; what it has decided in other files, or below other headers, it remembers."""
        made = self._deciders.pop(id(plan), None) or Decider(plan)
        if len(self._deciders) >= _MOST_DECIDERS:
            self._deciders.pop(next(iter(self._deciders)))
        self._deciders[id(plan)] = made.on(state)
        return made

    def told(self, state: LogState, size: int, candidates: int) -> None:
        """Hears how many lines of a stretch were candidates, and decides whether a new plan is due."""
        if state.columns is None:
            return
        entry = self._entries.get(_key(state))
        if entry is None:
            return
        entry.scanned += size
        entry.recent += size
        entry.apart += size
        entry.candidates += candidates
        expected = entry.plan.choice.expected
        if expected is None:
            entry.due = entry.scanned >= ENOUGH
        elif entry.recent >= ENOUGH:
            share = entry.candidates * _LINE / entry.recent
            entry.due = entry.plans < _MOST_PLANS and share > max(_FLOOD, 3 * expected)
            entry.recent = entry.candidates = 0


def _sample(pieces: list[bytes]) -> Sample:
    whole = b"".join(piece[: piece.rfind(b"\n") + 1] for piece in pieces)
    return Sample(b"\n" + whole)
