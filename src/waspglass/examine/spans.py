"""Arithmetic on spans of time: union and what a union leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from waspglass.model.coverage import Coverage, Span

__all__ = ["covered_spans", "missing_spans", "union"]


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Disjoint spans in order that cover the same moments; spans that touch become one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.from_, s.to)):
        if merged and span.from_ <= merged[-1].to:
            if span.to > merged[-1].to:
                merged[-1] = Span(from_=merged[-1].from_, to=span.to)
        else:
            merged.append(Span(from_=span.from_, to=span.to))
    return tuple(merged)


def missing_spans(window: Span, covered: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of the window that no span covers, in order."""
    open_from: datetime = window.from_
    missing: list[Span] = []
    for span in union(covered):
        if span.to < open_from:
            continue
        if span.from_ >= window.to:
            break
        if span.from_ > open_from:
            missing.append(Span(from_=open_from, to=span.from_))
        open_from = max(open_from, span.to)
    if open_from < window.to:
        missing.append(Span(from_=open_from, to=window.to))
    return tuple(missing)


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
