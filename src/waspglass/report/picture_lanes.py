"""The lanes of the picture: lid, wasp ladder, implants and coverage. Each draws at `y` and returns where it ends."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from waspglass.model.assessment import Assessment, LidState
from waspglass.model.coverage import Coverage, disjoint
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.report.phrases import Phrases
from waspglass.report.picture_scale import Scale
from waspglass.report.picture_shapes import LEFT, RIGHT, Box, Dot, Label, Line, Picture, shortened
from waspglass.report.summary import is_listed, presence
from waspglass.report.visible import prose, visible

__all__ = ["KIND_NAME", "draw_blind", "draw_coverage", "draw_implants", "draw_ladder", "draw_lid"]

_LANE = 24.0
_MOST_IMPLANTS = 8
_MOST_KINDS = 16
KIND_NAME = 36
"""Characters of the name of a kind; with the star of an entry it fits left of the plot."""
_BIN = 4.0


def draw_lid(picture: Picture, assessment: Assessment, scale: Scale, phrases: Phrases, y: float) -> float:
    """The patch state over time, and the builds that were seen."""
    lid, height = assessment.lid, 18.0
    picture.labels.append(Label(LEFT - 12, y + 13, phrases.text("axis.lid"), "lane", "end"))
    for start, end, state in _lid_states(assessment, scale):
        left, right = scale.x(start), scale.x(end)
        word = phrases.word("lid", state)
        title = f"{word}: {phrases.span(start, end)}"
        picture.boxes.append(Box(left, y, max(right - left, 1.5), height, f"lid-{_dashed(state)}", title))
        if right - left > 7 * len(word) + 12:
            picture.labels.append(Label(left + 8, y + 13, word, f"on-bar on-{_dashed(state)}"))
    for sighting in lid.builds:
        if sighting.at and scale.holds(sighting.at):
            title = f"{visible(sighting.build)} ({phrases.word('certainty', sighting.certainty)})"
            picture.dots.append(Dot(scale.x(sighting.at), y + height, 2.6, "build", title))
    return y + height


def _lid_states(assessment: Assessment, scale: Scale) -> list[tuple[datetime, datetime, LidState]]:
    lid, start, end = assessment.lid, scale.start, scale.end
    since = min(max(lid.since, start), end) if lid.since else None
    if lid.state is LidState.VULNERABLE and lid.not_before:
        first, last = since or start, min(max(lid.not_before, start), end)
        spans = ((start, first, LidState.UNKNOWN), (last, end, LidState.UNKNOWN), (first, last, lid.state))
        return [span for span in spans if span[0] < span[1] or span[2] is lid.state]
    if lid.state in (LidState.NEVER_VULNERABLE, LidState.UNKNOWN) or since is None:
        return [(start, end, lid.state)]
    if lid.state is LidState.PATCHED and lid.not_before:
        seen = min(max(lid.not_before, start), since)
        return [(start, seen, LidState.VULNERABLE), (seen, since, LidState.UNKNOWN), (since, end, lid.state)]
    return [(start, since, LidState.UNKNOWN), (since, end, lid.state)]


def draw_ladder(picture: Picture, findings: tuple[Finding, ...], scale: Scale, phrases: Phrases, y: float) -> float:
    """One lane a rung, the highest on top; near findings are one larger dot; a step line climbs as the intruder did."""
    lanes = {rung: y + _LANE * number for number, rung in enumerate(reversed(Rung))}
    for rung, lane in lanes.items():
        count = sum(1 for found in findings if found.rung is rung and found.proves)
        word = phrases.word("rung", rung)
        text = f"{word} · {phrases.number(count)}" if count else word
        picture.labels.append(Label(LEFT - 12, lane + 16, text, "lane" if count else "lane none", "end"))
        picture.lines.append(Line(LEFT, lane + _LANE / 2, RIGHT, lane + _LANE / 2, f"rung-{rung}"))
    bins: dict[tuple[Rung, float, str], list[Finding]] = defaultdict(list)
    for found in findings:
        if found.rung and found.time and scale.holds(found.time) and found.effect not in (Effect.CONTEXT, Effect.HINT):
            bins[found.rung, round(scale.x(found.time) / _BIN) * _BIN, found.effect.value].append(found)
    for (rung, x, effect), members in sorted(bins.items(), key=lambda item: _depth(*item[0])):
        radius = round(min(3.4 + len(members).bit_length(), 9.5), 1)
        first = min(members, key=lambda found: str(found.time))
        what = shortened(prose(first.title), 80)
        title = f"{phrases.moment(first.time)}: {what} ({phrases.word('effect', first.effect)})"
        if len(members) > 1:
            title = f"{title} {phrases.count('more', len(members) - 1)}"
        picture.dots.append(Dot(x, lanes[rung] + _LANE / 2, radius, f"{effect} fill-{rung}", title))
    picture.climb = _climb(findings, scale, lanes)
    return y + _LANE * len(lanes)


def _depth(rung: Rung, x: float, effect: str) -> tuple[bool, bool, float, int]:
    """Failed attempts lie behind what succeeded, and a cross in front of both: a flood of any hides no other."""
    return effect != Effect.FAILED, effect == Effect.ENDS, x, rung.height


def _climb(findings: tuple[Finding, ...], scale: Scale, lanes: dict[Rung, float]) -> str:
    reached: list[tuple[float, float]] = []
    height = -1
    proven = [(f.time, f.rung) for f in findings if f.time and f.rung and f.proves]
    for time, rung in sorted(proven, key=lambda pair: (pair[0], pair[1].height)):
        if scale.holds(time) and rung.height > height:
            height = rung.height
            reached.append((scale.x(time), lanes[rung] + _LANE / 2))
    if not reached:
        return ""
    path = f"M{reached[0][0]:g} {reached[0][1]:g}"
    return path + "".join(f"H{x:g}V{y:g}" for x, y in reached[1:])


def draw_implants(picture: Picture, assessment: Assessment, scale: Scale, phrases: Phrases, y: float) -> float:
    """The life of each implant, from when it was written to when it was gone, or to the collection.

    Of one that is only taken to be there, the time after its last sign of life is drawn as not known.
    """
    known = [implant for implant in assessment.implants if implant.written or implant.first_used]
    picture.hidden += max(0, len(known) - _MOST_IMPLANTS)
    for implant in known[:_MOST_IMPLANTS]:
        start = implant.written or implant.first_used or scale.start
        last = implant.gone or (implant.last_used if implant.present is None else None)
        end = last or assessment.host.collected_at or scale.end
        left, right = scale.x(start), scale.x(max(start, end))
        state = presence(implant)
        subject = visible(phrases.subject(implant))
        title = f"{shortened(subject, 200)}: {phrases.text(f'implant.{state}')}, {phrases.span(start, end)}"
        if state == "presumed":
            sign = scale.x(max(start, implant.last_used or start))
            picture.boxes.append(Box(left, y + 3, max(sign - left, 3), 11, "implant-present", title))
            picture.boxes.append(Box(sign, y + 3, max(right - sign, 3), 11, "implant-open", title))
        else:
            picture.boxes.append(Box(left, y + 3, max(right - left, 3), 11, f"implant-{state}", title))
        picture.labels.append(Label(LEFT - 12, y + 12, shortened(subject, 28, keep_end=True), "lane code", "end"))
        y += 18
    return y


def draw_blind(picture: Picture, assessment: Assessment, scale: Scale, phrases: Phrases, y: float) -> float:
    """The time in question in which nothing would have shown an entry; no lane if there is none."""
    spans = disjoint(span for limit in assessment.limits if limit.decisive for span in limit.spans)
    drawn = [span for span in spans if span.to >= scale.start and span.from_ <= scale.end]
    if not drawn:
        return y
    picture.lines.append(Line(12, y - 6, RIGHT, y - 6, "rule"))
    _name(picture, phrases.text("picture.blind"), y, missing=False)
    for span in drawn:
        left, right = scale.x(span.from_), scale.x(span.to)
        title = f"{phrases.text('picture.blind')}: {phrases.stretch(span)}"
        picture.boxes.append(Box(left, y + 1, max(right - left, 2), 14, "gap", title))
    return y + 24


def draw_coverage(picture: Picture, coverage: tuple[Coverage, ...], scale: Scale, phrases: Phrases, y: float) -> float:
    """What each kind of evidence covers; kinds that would show an entry come first, missing other kinds are one row."""
    rows = sorted(filter(is_listed, coverage), key=lambda row: (not row.entry, not row.files))
    missing = len(coverage) - len(rows)
    picture.hidden += max(0, len(rows) - _MOST_KINDS)
    if coverage:
        picture.lines.append(Line(12, y - 6, RIGHT, y - 6, "rule"))
    for row in rows[:_MOST_KINDS]:
        name = shortened(visible(row.title or row.kind), KIND_NAME)
        _name(picture, f"{name} *" if row.entry else name, y, missing=not row.files)
        if row.from_ and row.to and row.to >= scale.start and row.from_ <= scale.end:
            _covered(picture, row, scale, phrases, y)
        else:
            _nothing(picture, _without_bar(row, phrases), y)
        y += 18
    if missing:
        _name(picture, phrases.count("kind", missing), y, missing=True)
        _nothing(picture, phrases.text("coverage.none"), y)
        y += 18
    return y


def _without_bar(row: Coverage, phrases: Phrases) -> str:
    if row.from_ and row.to:
        return phrases.span(row.from_, row.to)
    return phrases.text("coverage.undated" if row.files else "coverage.none")


def _name(picture: Picture, text: str, y: float, *, missing: bool) -> None:
    picture.labels.append(Label(LEFT - 12, y + 12, text, "lane none" if missing else "lane", "end"))


def _nothing(picture: Picture, words: str, y: float) -> None:
    picture.lines.append(Line(LEFT, y + 8, RIGHT, y + 8, "nothing"))
    picture.labels.append(Label(LEFT + 8, y + 12, words, "minor halo"))


def _covered(picture: Picture, row: Coverage, scale: Scale, phrases: Phrases, y: float) -> None:
    """The bar of one kind, with its gaps hatched over it."""
    if row.from_ is None or row.to is None:
        return
    left, right = scale.x(row.from_), scale.x(row.to)
    title = f"{visible(row.title or row.kind)}: {phrases.span(row.from_, row.to)}"
    picture.boxes.append(
        Box(left, y + 2, max(right - left, 1.5), 12, "covered entry" if row.entry else "covered", title)
    )
    for gap in row.gaps:
        if gap.to < scale.start or gap.from_ > scale.end:
            continue
        start, end = scale.x(gap.from_), scale.x(gap.to)
        reason = f" ({shortened(prose(gap.reason), 120)})" if gap.reason else ""
        words = phrases.span(gap.from_, gap.to)
        picture.boxes.append(Box(start, y + 1, max(end - start, 2), 14, "gap", f"{words}{reason}"))


def _dashed(word: str) -> str:
    return word.replace(" ", "-")
