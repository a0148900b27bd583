"""Answers that may have been a success: what settles them, and which pages that are gone take the clean bill away."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import FULL, PACK, PAGE, finding, moment
from waspglass.examine.observations import Observations
from waspglass.examine.unsettled import unsettled_hints, vanished_pages
from waspglass.model.assessment import Lid, LidState
from waspglass.model.coverage import Coverage, Span
from waspglass.model.finding import Effect, Finding, Rung

ANSWERED = finding(Rung.EXPLOITED, "2021-03-03", Effect.HINT)
OPEN = Lid(state=LidState.VULNERABLE, reason="x")
LOG, *OTHERS = PACK.kinds
PROXY = LOG.model_copy(update={"kind": "proxy"})
TELLS_MORE = PACK.model_copy(update={"kinds": (LOG.model_copy(update={"settled_by": ("proxy",)}), PROXY, *OTHERS)})


def proxy(start: str, end: str, *gaps: tuple[str, str]) -> Coverage:
    holes = tuple(Span(from_=moment(a), to=moment(b)) for a, b in gaps)
    return FULL.model_copy(update={"kind": "proxy", "from_": moment(start), "to": moment(end), "gaps": holes})


def unsettled(*findings: Finding, coverage: tuple[Coverage, ...] = (FULL,), lid: Lid = OPEN) -> tuple[Finding, ...]:
    return unsettled_hints(Observations(evidence="x", findings=findings, coverage=coverage), TELLS_MORE, lid)


@pytest.mark.parametrize(("path", "is_open"), [("/Ecp/y.js", False), ("/owa/auth/x.js", True), ("/ecpx/y.js", True)])
def test_the_front_end_that_serves_the_path_settles_it_alone(path: str, is_open: bool) -> None:
    ecp = PROXY.model_copy(update={"together": ("owa",), "serves": ("/ecp/",)})
    owa = PROXY.model_copy(update={"kind": "owa", "together": ("proxy",), "serves": ("/owa/",)})
    log = LOG.model_copy(update={"settled_by": ("proxy", "owa")})
    hint = ANSWERED.model_copy(update={"fields": {"url_path": path}})
    seen = Observations(evidence="x", findings=(hint,), coverage=(FULL, proxy("2021-03-01", "2021-03-05")))
    pack = PACK.model_copy(update={"kinds": (log, ecp, owa, *OTHERS)})
    assert bool(unsettled_hints(seen, pack, OPEN)) is is_open


def test_an_answer_that_nothing_settles_stays_open() -> None:
    assert unsettled(ANSWERED) == (ANSWERED,)


@pytest.mark.parametrize(
    "other",
    [
        finding(Rung.EXPLOITED, "2021-03-03"),  # said by its own rule
        finding(Rung.EXPLOITED, "2021-03-03", Effect.CONTEXT),
        finding(Rung.PROBED, "2021-03-03", Effect.HINT),
        finding(Rung.USED, "2021-03-03", Effect.HINT, subject=PAGE),
    ],
)
def test_nothing_but_a_hint_at_an_entry_is_open(other: Finding) -> None:
    assert unsettled(other) == ()


def test_probes_do_not_answer_the_question_and_a_proven_entry_does() -> None:
    assert unsettled(ANSWERED, finding(Rung.PROBED, "2021-02-28")) == (ANSWERED,)
    for rung in (Rung.EXPLOITED, Rung.IMPLANTED, Rung.USED, Rung.IMPACT):
        assert unsettled(ANSWERED, finding(rung, "2021-03-05")) == ()


@pytest.mark.parametrize(
    ("coverage", "settled"),
    [
        (proxy("2021-03-01", "2021-03-05"), True),
        (proxy("2021-03-03", "2021-03-05"), True),
        (proxy("2021-03-01", "2021-03-03"), True),
        (proxy("2021-03-04", "2021-03-05"), False),
        (proxy("2021-03-01", "2021-03-02"), False),
        (proxy("2021-03-01", "2021-03-05", ("2021-03-02", "2021-03-04")), False),
        (proxy("2021-03-01", "2021-03-05").model_copy(update={"kind": "another"}), False),
    ],
)
def test_a_source_that_tells_more_settles_what_happened_while_it_speaks(coverage: Coverage, settled: bool) -> None:
    assert (unsettled(ANSWERED, coverage=(FULL, coverage)) == ()) is settled


@pytest.mark.parametrize(
    ("second", "settled"), [(("2021-03-01", "2021-03-05"), True), (("2021-03-04", "2021-03-05"), False), (None, False)]
)
def test_kinds_that_show_the_ways_in_together_settle_it_together(second: tuple[str, str] | None, settled: bool) -> None:
    halves = [PROXY.model_copy(update={"kind": one, "together": (other,)}) for one, other in ("ab", "ba")]
    log = LOG.model_copy(update={"settled_by": ("a", "b")})
    pack = PACK.model_copy(update={"kinds": (log, *halves, *OTHERS)})
    spans = {"a": ("2021-03-01", "2021-03-05"), "b": second}
    coverage = tuple(proxy(*span).model_copy(update={"kind": kind}) for kind, span in spans.items() if span)
    observed = Observations(evidence="x", findings=(ANSWERED,), coverage=(FULL, *coverage))
    assert (unsettled_hints(observed, pack, OPEN) == ()) is settled


def test_an_answer_without_a_time_is_settled_by_nothing() -> None:
    undated = finding(Rung.EXPLOITED, None, Effect.HINT)
    assert unsettled(undated, coverage=(FULL, proxy("2020-01-01", "2022-01-01"))) == (undated,)
    patched = Lid(state=LidState.PATCHED, since=moment("2021-03-01"), reason="x")
    assert unsettled(undated, lid=patched) == (undated,)


@pytest.mark.parametrize(
    ("lid", "is_open"),
    [
        (Lid(state=LidState.PATCHED, since=moment("2021-03-04"), reason="x"), True),
        (Lid(state=LidState.PATCHED, since=moment("2021-03-03"), reason="x"), False),
        (Lid(state=LidState.PATCHED, reason="x"), True),
        (Lid(state=LidState.VULNERABLE, since=moment("2021-03-01"), reason="x"), True),
    ],
)
def test_what_a_patched_server_answers_says_nothing(lid: Lid, is_open: bool) -> None:
    assert bool(unsettled(ANSWERED, lid=lid)) is is_open


RAN = finding(Rung.USED, "2021-03-03", Effect.HINT, subject=PAGE)


def vanished(
    *findings: Finding,
    pages: frozenset[str] = frozenset(),
    folders: tuple[str, ...] = ("/client",),
    innocent: tuple[str, ...] = (),
) -> tuple[str, ...]:
    observed = Observations(evidence="x", findings=findings, collected_pages=pages, collected_folders=folders)
    return vanished_pages(observed, PACK, innocent)


def test_a_page_that_answered_and_is_not_in_its_folder_has_vanished() -> None:
    other = finding(Rung.USED, "2021-03-04", Effect.HINT, subject="/client/another.aspx")
    assert vanished(RAN, other, RAN) == ("/client/another.aspx", PAGE)


def test_probes_change_nothing_about_it_and_a_proven_implant_leaves_it_to_the_hints() -> None:
    assert vanished(RAN, finding(Rung.PROBED, "2021-02-28")) == (PAGE,)
    assert vanished(RAN, finding(Rung.EXPLOITED, "2021-03-03")) == ()


def test_a_page_that_is_there_or_whose_folder_was_not_collected_has_not() -> None:
    assert vanished(RAN, pages=frozenset({PAGE})) == ()
    assert vanished(RAN, folders=("", "/other")) == ()


def test_a_page_of_the_owner_has_not_vanished_whether_or_not_others_were_collected() -> None:
    assert vanished(RAN, innocent=(PAGE,)) == ()
    assert vanished(RAN, pages=frozenset({"/client/x.aspx"}), innocent=("/client/y.aspx",)) == (PAGE,)


@pytest.mark.parametrize(
    "other",
    [
        finding(Rung.USED, "2021-03-03", Effect.CONTEXT, subject=PAGE),
        finding(Rung.IMPLANTED, "2021-03-03", Effect.HINT, subject=PAGE),
        finding(Rung.USED, "2021-03-03", Effect.HINT),
        finding(Rung.USED, "2021-03-03", Effect.HINT, subject="a service"),
        finding(Rung.USED, "2021-01-02", Effect.HINT, subject=PAGE),
    ],
)
def test_only_an_answer_since_the_campaign_began_tells_of_one(other: Finding) -> None:
    assert vanished(other) == ()


@pytest.mark.parametrize("time", ["2021-01-03", None])
def test_an_answer_at_the_very_beginning_of_the_campaign_counts_and_one_of_which_no_time_is_left(
    time: str | None,
) -> None:
    assert vanished(finding(Rung.USED, time, Effect.HINT, subject=PAGE)) == (PAGE,)
