"""Arithmetic on spans of time: what is covered, and what that leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from waspglass.model.coverage import Coverage, Span, disjoint

__all__ = ["common_spans", "covered_spans", "missing_spans"]


def missing_spans(window: Span, covered: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of the window that no span covers, in order."""
    open_from: datetime = window.from_
    missing: list[Span] = []
    for span in disjoint(covered):
        if span.from_ >= window.to:
            break
        if span.from_ > open_from:
            missing.append(Span(from_=open_from, to=span.from_))
        open_from = max(open_from, span.to)
    if open_from < window.to:
        missing.append(Span(from_=open_from, to=window.to))
    return tuple(missing)


def common_spans(one: Iterable[Span], other: Iterable[Span]) -> tuple[Span, ...]:
    """The moments that both cover, as disjoint spans in order."""
    both = ((max(a.from_, b.from_), min(a.to, b.to)) for a in disjoint(one) for b in disjoint(other))
    return disjoint(Span(from_=start, to=end) for start, end in both if start < end)


def covered_spans(coverage: Coverage, limit: Span | None = None) -> tuple[Span, ...]:
    """What a kind covers: its whole span less its gaps, cut to `limit`."""
    if coverage.from_ is None or coverage.to is None:
        return ()
    whole = Span(from_=coverage.from_, to=coverage.to)
    pieces = missing_spans(whole, coverage.gaps) if coverage.gaps else (whole,)
    if limit is None:
        return pieces
    cut = ((max(p.from_, limit.from_), min(p.to, limit.to)) for p in pieces)
    return tuple(Span(from_=start, to=end) for start, end in cut if start < end)
