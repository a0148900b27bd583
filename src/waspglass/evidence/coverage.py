"""What each kind of artefact can speak for, from the spans of its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from waspglass.evidence.kind import CoveredKind
from waspglass.evidence.log_span import LogSpan
from waspglass.model.coverage import Coverage, Span, disjoint

__all__ = ["coverage"]

_STEADY_SILENCE = 0.25
"""A part of a kind (a site, a protocol) whose silences make up more of its span than this is not expected to speak."""

BETWEEN_FILES = "no file covers it"
INSIDE_A_FILE = "a file is silent"
MUTE = "a header lacks columns"


def coverage(spans: Mapping[str, Sequence[LogSpan]], kinds: Iterable[CoveredKind]) -> tuple[Coverage, ...]:
    """Merges the spans of many files into one coverage a kind.

    A gap is a silence longer than the kind's `gap_hours`, of all its files together or of one part that otherwise
    speaks steadily: if the front end's logs of three days are missing, those of the back end do not stand in for them.
    A part that is silent most of the time (a protocol that nobody uses) makes no gaps. Where a file has records but
    cannot show an entry, there is a gap, however short, unless another file of its part speaks. A kind may keep less
    than its `retention_days`, because logs are also deleted by the quota of their folder; so coverage begins where the
    records begin, whatever the retention says.

    Args:
        spans: Kind -> spans of its files, in any order.
        kinds: The kinds of the pack.

    Returns:
        One coverage for each kind, in the order of `kinds`, also where nothing was found.
    """
    return tuple(_of_kind(kind, spans.get(kind.kind, ())) for kind in kinds)


def _of_kind(kind: CoveredKind, spans: Sequence[LogSpan]) -> Coverage:
    dated = [span for span in spans if span.first is not None and span.last is not None]
    starts = [span.first for span in dated if span.first is not None]
    ends = [span.last for span in dated if span.last is not None]
    counts = [span.records for span in spans if span.records is not None]
    return Coverage(
        kind=kind.kind,
        from_=min(starts, default=None),
        to=max(ends, default=None),
        gaps=disjoint((*_gaps(dated, kind.gap_hours), *_mute(spans))),
        files=len(spans),
        bytes=sum(span.bytes for span in spans),
        records=sum(counts) if counts else None,
        shows=tuple(rung.value for rung in kind.shows),
        entry=kind.entry,
    )


def _gaps(spans: Sequence[LogSpan], gap_hours: float | None) -> list[Span]:
    """The silences of all together and of each steady part."""
    if gap_hours is None:
        return []
    longest = timedelta(hours=gap_hours)
    found = _silences(spans, longest)
    parts = _by_part(spans)
    if len(parts) > 1:
        for files in parts.values():
            silences = _silences(files, longest)
            if _steady(files, silences):
                found.extend(silences)
    return found


def _by_part(spans: Sequence[LogSpan]) -> dict[str, list[LogSpan]]:
    parts: dict[str, list[LogSpan]] = {}
    for span in spans:
        parts.setdefault(span.part, []).append(span)
    return parts


def _mute(spans: Sequence[LogSpan]) -> Iterable[Span]:
    """Stretches in which a file could not show an entry, less what other files of its part speak for."""
    for files in _by_part(spans).values():
        stretches = [stretch for one in files for stretch in one.mute]
        if not stretches:
            continue
        heard = disjoint(Span(from_=start, to=end) for start, end, _ in _pieces(files))
        for stretch in disjoint(stretches):
            start = stretch.from_
            for piece in heard:
                if piece.to <= start or piece.from_ >= stretch.to:
                    continue
                if piece.from_ > start:
                    yield Span(from_=start, to=piece.from_, reason=MUTE)
                start = piece.to
            if start < stretch.to:
                yield Span(from_=start, to=stretch.to, reason=MUTE)


def _steady(spans: Sequence[LogSpan], silences: Sequence[Span]) -> bool:
    starts = [span.first for span in spans if span.first is not None]
    ends = [span.last for span in spans if span.last is not None]
    whole = (max(ends) - min(starts)).total_seconds()
    return sum(silence.hours for silence in silences) * 3600 <= _STEADY_SILENCE * whole


def _silences(spans: Sequence[LogSpan], longest: timedelta) -> list[Span]:
    """What no file speaks for between the first and the last record, if it is longer than a gap."""
    silences: list[Span] = []
    heard: datetime | None = None
    for start, end, after_gap in sorted(_pieces(spans)):
        if heard is not None and start - heard > longest:
            silences.append(Span(from_=heard, to=start, reason=INSIDE_A_FILE if after_gap else BETWEEN_FILES))
        if heard is None or end > heard:
            heard = end
    return silences


def _pieces(spans: Sequence[LogSpan]) -> Iterable[tuple[datetime, datetime, bool]]:
    """Stretches in which a file speaks: its span less its gaps; whether a gap of the file lies before it."""
    for span in spans:
        if span.first is None or span.last is None:
            continue
        start, after_gap = span.first, False
        for gap in sorted(span.gaps, key=lambda one: one.from_):
            if start <= gap.from_ and gap.to <= span.last:
                yield start, gap.from_, after_gap
                start, after_gap = gap.to, True
        yield start, span.last, after_gap
