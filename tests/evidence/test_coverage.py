"""From the spans of many files to what a kind covers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from waspglass.evidence.coverage import coverage
from waspglass.evidence.log_span import LogSpan
from waspglass.model.coverage import Coverage, Span
from waspglass.model.finding import Rung
from waspglass.packs.pack import ArtefactKind, Translated

START = datetime(2021, 1, 1, tzinfo=UTC)
GAP = 3.0


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def span(first: float, last: float, part: str = "", gaps: Sequence[tuple[float, float]] = ()) -> LogSpan:
    inner = tuple(Span(from_=hour(a), to=hour(b)) for a, b in gaps)
    return LogSpan(hour(first), hour(last), inner, bytes=10, records=5, part=part)


def kind(gap_hours: float | None = GAP) -> ArtefactKind:
    return ArtefactKind(
        kind="iis",
        format="w3c",
        shows=(Rung.PROBED,),
        entry=True,
        gap_hours=gap_hours,
        title=Translated(en="x", de="x"),
    )


def of(*spans: LogSpan, gap_hours: float | None = GAP) -> Coverage:
    (merged,) = coverage({"iis": spans}, [kind(gap_hours)])
    return merged


def gaps(merged: Coverage) -> list[tuple[float, float]]:
    return [
        ((gap.from_ - START).total_seconds() / 3600, (gap.to - START).total_seconds() / 3600) for gap in merged.gaps
    ]


def test_nothing_of_a_kind_is_a_coverage_too() -> None:
    assert of() == Coverage(kind="iis", shows=("probed",), entry=True)


def test_hourly_files_without_a_gap() -> None:
    merged = of(*(span(number, number + 0.99) for number in range(48)))
    assert (merged.from_, merged.to, merged.gaps) == (hour(0), hour(47.99), ())
    assert (merged.files, merged.bytes, merged.records) == (48, 480, 240)


def test_a_missing_day_is_a_gap_between_files() -> None:
    merged = of(span(0, 24), span(48, 72), span(72, 96))
    assert gaps(merged) == [(24, 48)]
    assert merged.gaps[0].reason == "no file covers it"


def test_a_silence_inside_a_file_is_a_gap_unless_another_file_speaks() -> None:
    inside = span(0, 72, gaps=[(24, 48)])
    assert gaps(of(inside)) == [(24, 48)]
    assert of(inside).gaps[0].reason == "a file is silent"
    assert gaps(of(inside, span(20, 50))) == []
    assert gaps(of(inside, span(30, 31))) == [(24, 30), (31, 48)]


def test_kinds_whose_silence_means_nothing_have_no_gaps() -> None:
    assert of(span(0, 1), span(100, 101), gap_hours=None).gaps == ()


def test_one_site_does_not_stand_in_for_another() -> None:
    front = [span(day * 24, day * 24 + 24, "w3svc1") for day in range(30) if day not in {10, 11, 12}]
    back = [span(day * 24, day * 24 + 24, "w3svc2") for day in range(30)]
    assert gaps(of(*front, *back)) == [(240, 312)]


def test_a_part_that_nobody_uses_makes_no_gaps() -> None:
    busy = [span(day * 24, day * 24 + 24, "ecp") for day in range(30)]
    idle = [span(number, number + 1, "owacalendar") for number in (0, 300, 700)]
    assert gaps(of(*busy, *idle)) == []


def test_files_without_times_count_and_do_not_cover() -> None:
    merged = of(LogSpan(bytes=7), span(0, 1))
    assert (merged.files, merged.bytes, merged.from_) == (2, 17, hour(0))


SPANS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 30), st.sampled_from(["a", "b"])).map(
        lambda parts: span(parts[0], parts[0] + parts[1], parts[2])
    ),
    max_size=12,
)


@given(SPANS)
def test_gaps_are_in_order_disjoint_long_and_inside(spans: list[LogSpan]) -> None:
    merged = of(*spans)
    moment = merged.from_
    for gap in merged.gaps:
        assert gap.hours > GAP
        assert moment is not None
        assert moment <= gap.from_
        moment = gap.to
    if merged.gaps:
        assert merged.to is not None
        assert merged.gaps[-1].to <= merged.to


@given(SPANS)
def test_every_hour_of_one_part_is_covered_or_in_a_gap_or_a_short_silence(spans: list[LogSpan]) -> None:
    alone = [one for one in spans if one.part == "a"]
    merged = of(*alone)
    for number in range(240):
        moment = hour(number + 0.5)
        heard = [one for one in alone if one.first and one.last and one.first <= moment <= one.last]
        inside = [gap for gap in merged.gaps if gap.from_ < moment < gap.to]
        assert not (heard and inside)
        if not heard and not inside and merged.from_ and merged.to and merged.from_ < moment < merged.to:
            before = max(one.last for one in alone if one.last and one.last < moment)
            after = min(one.first for one in alone if one.first and one.first > moment)
            assert (after - before).total_seconds() <= GAP * 3600


@given(SPANS, st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(spans: list[LogSpan], random: object) -> None:
    shuffled = list(spans)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # random.Random in disguise
    assert of(*spans) == of(*shuffled)


def mute(first: float | None, last: float | None, stretches: Sequence[tuple[float, float]], part: str = "") -> LogSpan:
    spans = tuple(Span(from_=hour(a), to=hour(b)) for a, b in stretches)
    if first is None or last is None:
        return LogSpan(bytes=10, part=part, mute=spans)
    inner = tuple(one for one in spans if hour(first) <= one.from_ and one.to <= hour(last))
    return LogSpan(hour(first), hour(last), inner, bytes=10, part=part, mute=spans)


def test_what_a_file_could_not_show_is_a_gap_however_short() -> None:
    assert gaps(of(mute(0, 10, [(4, 5)]))) == [(4, 5)]
    assert gaps(of(mute(0, 10, [(4, 5)]), gap_hours=None)) == [(4, 5)]
    assert gaps(of(mute(2, 10, [(0, 2)]))) == [(0, 2)]


def test_another_file_of_the_same_part_speaks_for_it_one_of_another_part_does_not() -> None:
    assert gaps(of(mute(0, 10, [(4, 6)]), span(5, 8))) == [(4, 5)]
    assert gaps(of(mute(0, 10, [(4, 6)], "site1"), span(0, 10, "site2"))) == [(4, 6)]
    assert gaps(of(mute(None, None, [(1, 9)], "site1"), span(0, 10, "site2"))) == [(1, 9)]


def test_a_file_that_speaks_again_later_makes_the_gap_no_longer() -> None:
    assert gaps(of(mute(None, None, [(2, 4)]), span(6, 8), gap_hours=None)) == [(2, 4)]
    assert gaps(of(mute(None, None, [(2, 4)]), span(0, 3), span(6, 8), gap_hours=None)) == [(3, 4)]
    assert gaps(of(mute(None, None, [(2, 9)]), span(3, 4), span(6, 8), gap_hours=None)) == [(2, 3), (4, 6), (8, 9)]
