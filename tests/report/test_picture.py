from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.build import at, finding, minimal
from tests.report.sample import SHELL, attempted, clean, compromised, occupied
from waspglass.model.assessment import Assessment, Host, Implant, Lid, LidState, Limit
from waspglass.model.coverage import Coverage, Span
from waspglass.model.finding import Effect, Rung
from waspglass.packs.load import load_pack
from waspglass.report.phrases import Phrases
from waspglass.report.picture import draw, draw_detail
from waspglass.report.picture_labels import place_labels, text_width
from waspglass.report.picture_lanes import KIND_NAME
from waspglass.report.picture_scale import Scale, drawn_span
from waspglass.report.picture_shapes import LEFT, RIGHT, WIDTH, Picture, shortened

START, END = at("2021-01-01T00:00:00Z"), at("2021-03-12T00:00:00Z")


def drawn(assessment: Assessment) -> Picture:
    picture = draw(assessment, Phrases("en"))
    assert picture is not None
    return picture


def bars(picture: Picture, style: str) -> list[tuple[float, float]]:
    return [(box.x, box.x + box.width) for box in picture.boxes if box.style == style]


@given(st.lists(st.tuples(st.floats(LEFT, RIGHT), st.text(min_size=1, max_size=46)), max_size=25))
def test_labels_never_cover_one_another(events: list[tuple[float, str]]) -> None:
    placed = place_labels(events, range(len(events)), 8, LEFT, WIDTH)
    for number, label in enumerate(placed):
        assert LEFT <= label.start < label.end <= WIDTH
        assert label.end - label.start == pytest.approx(text_width(events[label.index][1]), abs=0.2)
        assert not any(label.clashes(other) for other in placed[:number])


def test_the_most_important_label_is_never_left_out() -> None:
    events = [(900.0 + 5 * n, "x" * 40) for n in range(20)]
    placed = place_labels(events, [7, *range(7), *range(8, 20)], 3, LEFT, WIDTH)
    assert 7 in {label.index for label in placed}
    assert len({label.row for label in placed}) == 3


def test_dense_events_at_the_edge_become_a_staircase() -> None:
    events = [(1000.0 + 20 * n, "y" * 40) for n in range(6)]
    placed = place_labels(events, range(6), 8, LEFT, WIDTH)
    assert [label.row for label in sorted(placed, key=lambda label: label.x)] == list(range(6))


def test_the_time_after_the_last_sign_of_a_presumed_implant_is_not_drawn_as_known() -> None:
    implant = Implant(subject=SHELL, written=at("2021-03-03"), last_used=at("2021-03-05"), present=True, presumed=True)
    window = Span(from_=at("2021-03-01"), to=at("2021-03-11"))
    picture = drawn(minimal(window=window, implants=(implant,), host=Host(evidence="x", collected_at=at("2021-03-10"))))
    (seen,), (open_,) = bars(picture, "implant-present"), bars(picture, "implant-open")
    assert seen[1] == pytest.approx(open_[0])
    assert (open_[1] - open_[0]) / (seen[1] - seen[0]) == pytest.approx(2.5, abs=0.05)


def test_the_time_in_which_an_entry_would_go_unseen_has_a_lane() -> None:
    hidden = Span(from_=at("2021-01-03"), to=at("2021-02-09"))
    other = Limit(id="x", text="Minor.", spans=(Span(from_=at("2021-02-20"), to=at("2021-02-21")),))
    decisive = Limit(id="missing-hours", text="Nobody knows.", spans=(hidden,), decisive=True)
    window = Span(from_=at("2021-01-03"), to=at("2021-03-05"))
    picture = drawn(minimal(window=window, limits=(decisive, other)))
    (box,) = [box for box in picture.boxes if box.style == "gap"]
    assert box.title == "an entry would go unseen: 2021-01-03 00:00 UTC to 2021-02-09 00:00 UTC (37 days)"
    assert not [box for box in drawn(minimal(window=window, limits=(other,))).boxes if box.style == "gap"]


@given(st.integers(0, 900_000), st.integers(1, 200_000))
def test_ticks_lie_on_the_axis_and_apart(hours_later: int, length: int) -> None:
    begin = at("1996-01-01T00:00:00Z") + timedelta(hours=hours_later)
    ticks = Scale(begin, begin + timedelta(hours=length)).ticks()
    assert ticks
    assert all(LEFT <= tick.x <= RIGHT for tick in ticks)
    assert all(later.x - tick.x > 60 for tick, later in pairwise(ticks))


@pytest.mark.parametrize(
    ("until", "labels"),
    [
        ("2021-06-12", ["2021-02-01", "2021-03-01", "2021-04-01", "2021-05-01", "2021-06-01"]),
        ("2026-11-12", [f"{year}-01-01" for year in range(2022, 2027)]),
    ],
)
def test_a_long_axis_is_marked_at_first_days_of_months_and_years(until: str, labels: list[str]) -> None:
    assert [tick.label for tick in Scale(at("2021-01-03"), at(until)).ticks()] == labels


def test_moments_outside_fall_on_the_edge() -> None:
    scale = Scale(START, END)
    assert scale.x(START - timedelta(days=400)) == LEFT
    assert scale.x(END + timedelta(days=400)) == RIGHT


def test_the_span_is_the_window_up_to_the_collection() -> None:
    span = drawn_span(occupied())
    assert span is not None
    assert at("2020-12-25T00:00:00Z") < span.from_ < at("2021-01-03T00:00:00Z")
    assert at("2021-03-11T18:00:00Z") < span.to < at("2021-03-20T00:00:00Z")


@pytest.mark.parametrize("absurd", ["0001-01-01T00:00:00Z", "1980-01-01T00:00:00Z", "2016-05-01T00:00:00Z",
                                    "2090-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])  # fmt: skip
def test_an_absurd_time_does_not_squeeze_the_picture_and_is_counted(absurd: str) -> None:
    changed = occupied().model_copy(update={"findings": (*occupied().findings, finding(1, time=at(absurd)))})
    span, usual = drawn_span(changed), drawn_span(occupied())
    assert span == usual
    assert drawn(changed).outside == drawn(occupied()).outside + 1


def test_only_absurd_times_draw_nothing() -> None:
    assert draw(minimal(findings=(finding(1, time=at("0001-01-01T00:00:00Z")),)), Phrases("en")) is None
    assert draw(minimal(), Phrases("en")) is None


def test_a_patched_lid_changes_between_its_two_sightings() -> None:
    picture = drawn(occupied())
    (vulnerable,), (unknown,), (patched,) = (
        bars(picture, f"lid-{state}") for state in ("vulnerable", "unknown", "patched")
    )
    assert vulnerable[0] == LEFT
    assert vulnerable[1] == pytest.approx(unknown[0], abs=0.2)
    assert unknown[1] == pytest.approx(patched[0], abs=0.2)
    assert patched[1] == pytest.approx(RIGHT, abs=0.2)


def test_before_the_first_sighting_the_lid_is_unknown() -> None:
    lid = Lid(state=LidState.VULNERABLE, since=at("2021-02-01T00:00:00Z"), reason="r")
    picture = drawn(minimal(lid=lid, window=Span(from_=START, to=END)))
    assert bars(picture, "lid-unknown")[0][0] == LEFT
    assert bars(picture, "lid-vulnerable")[0][0] > LEFT + 100
    assert not bars(picture, "lid-patched")


@pytest.mark.parametrize("since", [None, "2021-02-01T00:00:00Z"])
def test_after_the_last_sighting_without_the_fix_the_lid_is_unknown(since: str | None) -> None:
    seen = Lid(
        state=LidState.VULNERABLE, since=at(since) if since else None, not_before=at("2021-03-03T00:00:00Z"), reason="r"
    )
    picture = drawn(minimal(lid=seen, window=Span(from_=START, to=END)))
    (vulnerable,) = bars(picture, "lid-vulnerable")
    assert vulnerable[1] < RIGHT - 50
    assert bars(picture, "lid-unknown")[-1][1] == pytest.approx(RIGHT, abs=0.2)
    assert (vulnerable[0] == LEFT) is (since is None)


def test_one_sighting_without_the_fix_is_drawn() -> None:
    once = at("2021-03-03T00:00:00Z")
    seen = Lid(state=LidState.VULNERABLE, since=once, not_before=once, reason="r")
    picture = drawn(minimal(lid=seen, window=Span(from_=START, to=END)))
    assert len(bars(picture, "lid-vulnerable")) == 1
    assert len(bars(picture, "lid-unknown")) == 2


@pytest.mark.parametrize(("assessment", "style"), [(attempted(), "lid-never-vulnerable"), (clean(), "lid-patched")])
def test_other_lids(assessment: Assessment, style: str) -> None:
    assert len(bars(drawn(assessment), style)) == 1


def test_a_gap_lies_on_its_bar() -> None:
    gap = Span(from_=at("2021-02-01T00:00:00Z"), to=at("2021-02-10T00:00:00Z"))
    row = Coverage(kind="iis", from_=START, to=END, gaps=(gap,), files=1)
    picture = drawn(minimal(window=Span(from_=START, to=END), coverage=(row,)))
    (covered,), (hole,) = bars(picture, "covered"), bars(picture, "gap")
    assert covered[0] < hole[0] < hole[1] < covered[1]
    assert (hole[1] - hole[0]) / (covered[1] - covered[0]) == pytest.approx(9 / 70, abs=0.01)


def test_near_findings_become_one_dot_and_are_counted() -> None:
    picture = drawn(occupied(probes=5000))
    dots = [dot for dot in picture.dots if "fill-probed" in dot.style]
    assert len(dots) < 500
    assert any("… and" in dot.title for dot in dots)
    assert "probed · 5,001" in {label.text for label in picture.labels}


def test_failed_and_ended_are_drawn_apart_and_hints_not_at_all() -> None:
    when = at("2021-02-01T00:00:00Z")
    made = tuple(finding(n, effect=effect, time=when) for n, effect in enumerate(Effect))
    styles = [dot.style for dot in drawn(minimal(findings=made, window=Span(from_=START, to=END))).dots]
    assert sorted(styles) == ["ends fill-probed", "failed fill-probed", "shows fill-probed"]


def test_failed_attempts_lie_behind_what_succeeded_and_the_end_of_an_implant_in_front() -> None:
    moments = [at(f"2021-03-0{day}T00:00:00Z") for day in (1, 2, 3)]
    found = [finding(n, time=moments[n % 3], effect=effect) for n, effect in enumerate([*Effect] * 6)]
    order = [dot.style.split()[0] for dot in drawn(minimal(findings=tuple(found))).dots]
    assert order == ["failed"] * 3 + ["shows"] * 3 + ["ends"] * 3


def test_the_climb_rises_and_never_falls() -> None:
    times = ["2021-02-01", "2021-02-02", "2021-02-03"]
    rungs = [Rung.EXPLOITED, Rung.PROBED, Rung.IMPACT]
    made = tuple(finding(n, rung=rung, time=at(time)) for n, (time, rung) in enumerate(zip(times, rungs, strict=True)))
    climb = drawn(minimal(findings=made, window=Span(from_=START, to=END))).climb
    assert climb.count("H") == 1
    assert climb.count("V") == 1


def test_the_climb_reaches_the_rung_that_a_failed_attempt_proves() -> None:
    probe = finding(1, rung=Rung.PROBED, time=at("2021-02-01"))
    failed = finding(2, rung=Rung.EXPLOITED, effect=Effect.FAILED, time=at("2021-02-02"))
    assert drawn(minimal(findings=(probe, failed), window=Span(from_=START, to=END))).climb.count("V") == 1


def test_an_implant_that_is_there_lives_until_the_collection() -> None:
    picture = drawn(occupied())
    (gone,), (present,) = bars(picture, "implant-gone"), bars(picture, "implant-present")
    (collected,) = [line.x1 for line in picture.lines if line.style == "collected"]
    assert gone[1] < present[1]
    assert present[1] == pytest.approx(collected, abs=0.2)
    assert SHELL in {label.text for label in picture.labels}


def test_rows_without_room_are_counted() -> None:
    implants = tuple(Implant(subject=f"/{n}.aspx", written=START) for n in range(12))
    kinds = tuple(Coverage(kind=f"k{n}", files=1) for n in range(20))
    assert drawn(minimal(implants=implants, coverage=kinds, window=Span(from_=START, to=END))).hidden == 4 + 4


def test_missing_kinds_share_a_row_unless_they_would_show_an_entry() -> None:
    kinds = (*(Coverage(kind=f"k{n}") for n in range(20)), Coverage(kind="decisive", entry=True))
    texts = {label.text for label in drawn(minimal(coverage=kinds, window=Span(from_=START, to=END))).labels}
    assert {"decisive *", "20 further kinds"} <= texts
    assert "k1" not in texts


def test_logs_that_end_before_the_drawn_span_say_their_dates() -> None:
    old = Coverage(kind="iis", from_=at("2019-01-01"), to=at("2019-02-01"), files=3)
    texts = {label.text for label in drawn(minimal(coverage=(old,), window=Span(from_=START, to=END))).labels}
    assert "2019-01-01 00:00 UTC to 2019-02-01 00:00 UTC" in texts


def test_a_short_intrusion_in_a_long_window_gets_its_own_picture() -> None:
    assert draw_detail(occupied(), Phrases("en")) is not None
    assert draw_detail(clean(), Phrases("en")) is None
    assert draw_detail(compromised(), Phrases("en")) is None


def test_everything_is_drawn_inside_the_frame() -> None:
    picture = drawn(occupied())
    assert all(
        box.x >= 0 and box.x + box.width <= WIDTH and box.y + box.height <= picture.height for box in picture.boxes
    )
    assert all(LEFT <= dot.x <= RIGHT and 0 < dot.y < picture.height for dot in picture.dots)
    assert all(0 < label.y <= picture.height for label in picture.labels)


@pytest.mark.parametrize("name", ["proxylogon", "toolshell"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_names_of_kinds_that_would_show_an_entry_fit_and_differ(name: str, language: str) -> None:
    """Two lanes of the same shortened name tell nothing."""
    titles = [kind.title for kind in load_pack(name).kinds if kind.entry]
    names = [shortened(title.text(language), KIND_NAME) for title in titles]
    assert len(set(names)) == len(names)
    assert all(text_width(f"{one} *") * 12 / 11 <= LEFT - 14 for one in names)
