"""The fast scan of a text log: needles are searched in blocks of raw bytes; only lines that contain one are parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from waspglass.hunt.matching.plan import Plan
from waspglass.hunt.scan.blocks import Block
from waspglass.hunt.scan.decide import Decider
from waspglass.hunt.scan.line_numbers import Counter
from waspglass.hunt.scan.lines import LOOKED_AT, LogState, is_header
from waspglass.hunt.scan.planner import Planner
from waspglass.model.skip import SkipReason

__all__ = ["fast_scan"]

_ALL = (-1,)
"""Stands for "every line", for rules without needles."""
_LOOK_AGAIN = 8 << 20
"""Bytes below one header after which its records are looked at once more: to read some in each block would be felt."""
_SHORT = 4096
"""Bytes that are scanned first behind a header that changed columns."""
_HEADER_LINES = 64
"""So many lines at most are looked at for the first record of a block."""
_TRIES = 4
"""And so many of them that are no headers: to read each row of a log that nobody can read would be felt."""


@dataclass(slots=True)
class _Hits:
    """Where needles end, as the databases report it; the callback does nothing but append."""

    found: list[tuple[int, int]] = field(default_factory=list)

    def of(self, plan: Plan, view: memoryview, start: int, end: int) -> list[tuple[int, int]]:
        """Places (in the buffer) and numbers of all needles between start and end, in the order of the places."""
        self.found.clear()
        found = self.found
        first, base = max(0, start - 1), 0
        for order, database in enumerate(plan.databases):
            shift, back = base, first - order  # positional expressions end behind the line feed

            def on_hit(number: int, _start: int, place: int, _flags: int, _context: object) -> None:
                found.append((place + back, number + shift))  # noqa: B023 - called before the loop goes on

            database.scan(view[first:end], on_hit)
            base += database.size
        if len(plan.databases) > 1:
            found.sort()
        return found


def fast_scan(
    state: LogState,
    blocks: Iterable[Block],
    planner: Planner,
    tell: Callable[[int], None],
    counter: Counter,
) -> int:
    """Scans a log; gives the same hits as `naive_scan`. Returns the bytes read.

    Args:
        state: The log.
        blocks: Its bytes.
        planner: Makes the plans.
        tell: Told of each block's size.
        counter: Numbers the lines of hits.
    """
    hits = _Hits()
    read = known = 0
    last = b""
    for block in blocks:
        if block.too_long:
            state.collector.skip(SkipReason.LINE_TOO_LONG, count=block.too_long)
        state.unended = block.unended
        if block.end > block.start:
            _scan_block(state, block, planner, hits)
            last = _line_at(block, block.end - 1)[0]
        counter.add(block, state.collector.since(known, block.offset))
        known = len(state.collector.hits)
        tell(block.end - block.start)
        read = block.offset + block.end - block.start
    state.mark(last)
    return read


def _mark_first(state: LogState, block: Block, place: int) -> None:
    """Notes the first record from a place on: a log begins with its header, and coverage with what stands below it."""
    known, tries = len(state.moments), _TRIES
    for _ in range(_HEADER_LINES):
        line, _start, end = _line_at(block, place)
        if is_header(state.format, line):
            if state.changes(line):
                return
        elif line.strip():
            tries -= 1
        state.mark(line)
        if len(state.moments) > known or not tries or end < 0 or end + 1 >= block.end:
            return
        place = end + 1


def _record_before(block: Block, place: int, state: LogState) -> bytes:
    """The last line in front of a header that is none itself; empty if the block has none near."""
    for _ in range(_HEADER_LINES):
        if place <= block.start:
            break
        line, place, _end = _line_at(block, place - 1)
        if line.strip() and not is_header(state.format, line):
            return line
    return b""


def _header(state: LogState, block: Block, line: bytes, place: int) -> bool:
    return state.header(line, partial(_record_before, block, place, state))


def _line_at(block: Block, place: int) -> tuple[bytes, int, int]:
    start = block.data.rfind(b"\n", 0, place) + 1
    end = block.data.find(b"\n", place, block.end)
    return block.view[start:end].tobytes(), start, end


def _scan_block(state: LogState, block: Block, planner: Planner, hits: _Hits) -> None:
    """Scans a block; behind a header that changed columns a short stretch first.

    What lies behind the next such header is scanned again: thousands of them would cost the square of the block.
    """
    start, stretch = block.start, block.end - block.start
    marked: bool | None = None
    while start < block.end:
        if state.bindings is None:
            start = _without_header(state, block, start)
            continue
        end = block.data.find(b"\n", min(start + stretch, block.end) - 1, block.end) + 1
        plan = planner.plan(state, block, start)
        decider = planner.decider(state, plan)
        found = hits.of(plan, block.view, start, end)
        place = block.offset + start - block.start
        if state.looked is None or place - state.looked >= _LOOK_AGAIN:
            state.looked = place
            state.look(_some_lines(block, start, _next_change(state, plan, block, found, end)))
        if marked is not state.ability.able:
            marked = state.ability.able
            _mark_first(state, block, start)
        stop, candidates = _decide(state, plan, decider, block, found, start, end)
        planner.told(state, stop - start, candidates)
        stretch = _SHORT if stop < end else stretch * 4
        start = stop


def _next_change(state: LogState, plan: Plan, block: Block, found: list[tuple[int, int]], end: int) -> int:
    """Where the first header among the hits begins that changes columns; else the end."""
    for place in (place for place, number in found if number < plan.directives):
        line, start, _end = _line_at(block, place)
        if is_header(state.format, line) and state.changes(line):
            return start
    return end


def _some_lines(block: Block, start: int, end: int) -> Iterable[bytes]:
    """The first lines of a stretch, and as many spread over the rest of it, each once."""
    half, at = LOOKED_AT // 2, start
    found: dict[int, bytes] = {}
    while at < end and len(found) < half:
        line, begin, stop = _line_at(block, at)
        found[begin], at = line, stop + 1
    for part in range(half if at < end else 0):
        line, begin, _stop = _line_at(block, at + (end - at) * part // half)
        found[begin] = line
    return found.values()


def _decide(
    state: LogState, plan: Plan, decider: Decider, block: Block, found: list[tuple[int, int]], start: int, end: int
) -> tuple[int, int]:
    """Decides the candidate lines up to the next header that changes columns. Returns its end, and their number."""
    if plan.choice.everywhere:
        return _decide_all(state, plan, decider, block, found, start, end)
    data, view, base = block.data, block.view, block.offset - block.start
    directives, singles = plan.directives, decider.singles
    count, at, last = 0, 0, len(found)
    while at < last:
        place, number = found[at]
        at += 1
        line_start = data.rfind(b"\n", 0, place) + 1
        line_end = data.find(b"\n", place, block.end)
        needles = None
        while at < last and found[at][0] <= line_end:
            needles = {number} if needles is None else needles
            needles.add(found[at][1])
            at += 1
        if number < directives or (needles is not None and min(needles) < directives):
            line = view[line_start:line_end].tobytes()
            if is_header(state.format, line):
                if _header(state, block, line, line_start):
                    return line_end + 1, count
                continue
        count += 1
        line = view[line_start:line_end].tobytes()
        if needles is None:
            decider.decide(singles[number], line, base + line_start)
        else:
            decider.decide_together(needles, line, base + line_start)
    return end, count


def _decide_all(
    state: LogState, plan: Plan, decider: Decider, block: Block, found: list[tuple[int, int]], start: int, stop: int
) -> tuple[int, int]:
    """As `_decide`, where some rules have to be tested on each line."""
    data, view, base = block.data, block.view, block.offset - block.start
    at, count, directives = 0, 0, plan.directives
    while start < stop:
        end = data.find(b"\n", start, stop)
        needles = set(_ALL)
        header = False
        while at < len(found) and found[at][0] <= end:
            if found[at][0] >= start:
                header = header or found[at][1] < directives
                needles.add(found[at][1])
            at += 1
        line = view[start:end].tobytes()
        line_start, start = start, end + 1
        if header and is_header(state.format, line):
            if _header(state, block, line, line_start):
                return start, count
        elif line.strip() and not is_header(state.format, line):
            count += 1
            decider.decide_together(needles, line, base + line_start)
    return stop, count


def _without_header(state: LogState, block: Block, start: int) -> int:
    """Counts the lines before any header; returns where the lines under a header begin."""
    starts = state.format.directives
    header = re.compile(b"(?:" + b"|".join(map(re.escape, starts)) + b")", re.IGNORECASE) if starts else None
    while start < block.end:
        end = block.data.find(b"\n", start, block.end)
        line = block.view[start:end].tobytes()
        start = end + 1
        if header is not None and header.match(line) and is_header(state.format, line):
            if state.header(line) and state.bindings is not None:
                break
        elif not is_header(state.format, line):
            state.row(line)
    return start
