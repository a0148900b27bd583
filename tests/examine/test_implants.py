"""The lives of implants: which findings are one, when it lived, whether it is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.examine.test_assess import GONE, PACK, PAGE, PAGE_NOW, USED, WRITTEN, finding, moment
from waspglass.examine.implants import implant_lives, shown_subject
from waspglass.examine.observations import Observations
from waspglass.model.assessment import UNNAMED, Implant
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.language import load_catalogue

OTHER = "/client/other.aspx"
NAMELESS = finding(Rung.IMPLANTED, "2021-03-02")
FILE_TIMED = frozenset({"pages"})


def lives(
    *findings: Finding, folders: tuple[str, ...] = (), pages: frozenset[str] = frozenset()
) -> tuple[Implant, ...]:
    observed = Observations(
        evidence="x",
        findings=findings,
        collected_folders=folders,
        collected_pages=pages,
        file_timed=FILE_TIMED,
    )
    return implant_lives(observed, PACK)


def life(*findings: Finding, folders: tuple[str, ...] = (), pages: frozenset[str] = frozenset()) -> Implant:
    (only,) = lives(*findings, folders=folders, pages=pages)
    return only


@pytest.mark.parametrize(
    "other",
    [
        finding(Rung.USED, "2021-03-04"),  # commands were run, by what nobody knows
        finding(Rung.IMPLANTED, "2021-03-03", Effect.HINT, subject=PAGE),
        finding(Rung.USED, "2021-03-03", Effect.CONTEXT, subject=PAGE),
        finding(Rung.IMPLANTED, "2021-03-03", Effect.FAILED, subject=PAGE),
        finding(Rung.EXPLOITED, "2021-03-03", subject=PAGE),
        finding(Rung.IMPLANTED, "2021-03-03", Effect.ENDS),
        GONE,  # a sample that the virus scanner took from somebody's folder
    ],
)
def test_what_is_no_implant(other: Finding) -> None:
    assert lives(other) == ()


def test_a_writing_without_a_name_is_that_of_the_only_page_and_of_none_of_several() -> None:
    assert life(NAMELESS, WRITTEN).written == moment("2021-03-02")
    other = finding(Rung.USED, "2021-03-04", subject=OTHER)
    both = lives(NAMELESS, WRITTEN, other)
    assert [(one.subject, one.written) for one in both] == [(PAGE, moment("2021-03-03")), (OTHER, None)]
    assert life(NAMELESS).subject == UNNAMED


def test_lives_are_told_by_their_first_sign_and_those_without_a_time_come_last() -> None:
    names = {name: f"/client/{name}.aspx" for name in "abcd"}
    found = lives(
        finding(Rung.IMPLANTED, None, subject=names["a"]),
        finding(Rung.USED, "2021-03-05", subject=names["b"]),
        finding(Rung.IMPLANTED, "2021-03-06", subject=names["c"]),
        finding(Rung.USED, "2021-03-04", subject=names["c"]),
        finding(Rung.IMPLANTED, "2021-03-05", subject=names["d"]),
    )
    assert [one.subject for one in found] == [names[name] for name in "cbda"]


def test_a_life_has_its_first_writing_and_its_first_and_last_use() -> None:
    days = ("2021-03-05", "2021-03-04", "2021-03-06")
    uses = [finding(Rung.USED, day, subject=PAGE) for day in days]
    again = finding(Rung.IMPLANTED, "2021-03-07", subject=PAGE)
    one = life(*uses, again, WRITTEN)
    assert (one.written, one.first_used, one.last_used) == tuple(
        map(moment, ("2021-03-03", "2021-03-04", "2021-03-06"))
    )


def test_a_page_that_was_collected_is_there_whatever_the_log_said_last() -> None:
    for one in (life(USED, GONE, pages=frozenset({PAGE})), life(PAGE_NOW, GONE, folders=("/client",))):
        assert (one.present, one.presumed, one.gone) == (True, False, None)
    assert life(USED, GONE, pages=frozenset({OTHER})).present is False


@pytest.mark.parametrize(
    ("folders", "present", "presumed"), [((), True, True), (("/client",), False, False), (("",), True, True)]
)
def test_a_page_that_is_not_in_its_folder_is_gone_and_otherwise_taken_to_be_there(
    folders: tuple[str, ...], present: bool, presumed: bool
) -> None:
    one = life(WRITTEN, folders=folders)
    assert (one.present, one.presumed) == (present, presumed)


def test_something_that_no_web_root_holds_is_not_missed_in_one() -> None:
    service = finding(Rung.IMPLANTED, "2021-03-03", subject="a service")
    assert life(service, folders=("/client",)).present is True


@pytest.mark.parametrize(
    ("ended", "gone"),
    [
        ("2021-03-04", False),  # it answered at that very moment, in another line
        ("2021-03-05", True),
        ("2021-03-03", False),  # and it answered again
    ],
)
def test_it_is_gone_if_that_was_seen_after_its_last_sign_of_life(ended: str, gone: bool) -> None:
    end = finding(Rung.USED, ended, Effect.ENDS, subject=PAGE).model_copy(update={"line": 7})
    assert (life(WRITTEN, USED, end).gone is not None) is gone


@pytest.mark.parametrize(
    ("alive", "ended", "hours", "gone"),
    [
        ("log", "local", 13, False),
        ("log", "local", 15, True),
        ("local", "log", 13, False),  # a clock behind UTC: it lived later than was read
        ("local", "log", 15, True),
        ("local", "local", 1, True),  # one clock
    ],
)
def test_of_two_clocks_of_which_one_is_unknown_the_order_counts_beyond_any_zone(
    alive: str, ended: str, hours: int, gone: bool
) -> None:
    sign = finding(Rung.USED, "2021-03-04", kind=alive, subject=PAGE)
    at = moment("2021-03-04") + timedelta(hours=hours)
    end = finding(Rung.USED, at.isoformat(), Effect.ENDS, kind=ended, subject=PAGE)
    observed = Observations(evidence="x", findings=(sign, end), zoneless=frozenset({"local"}))
    (one,) = implant_lives(observed, PACK)
    assert (one.gone is not None) is gone


def test_what_was_used_was_written_before() -> None:
    copied = finding(Rung.IMPLANTED, "2021-03-30", kind="pages", subject=PAGE)
    assert life(USED, copied).written is None
    assert life(copied).written == moment("2021-03-30")


def test_the_first_time_that_it_was_missed_counts() -> None:
    later = finding(Rung.USED, "2021-03-25", Effect.ENDS, subject=PAGE)
    undated = finding(Rung.USED, None, Effect.ENDS, subject=PAGE)
    assert life(WRITTEN, later, undated, GONE).gone == moment("2021-03-20")


def test_one_record_that_says_that_it_was_and_is_no_more_ends_it() -> None:
    scanned = finding(Rung.IMPLANTED, "2021-03-20", subject=PAGE)
    assert life(scanned, GONE).gone == moment("2021-03-20")
    elsewhere = scanned.model_copy(update={"source": "C:\\other.log"})
    assert life(elsewhere, GONE).gone is None


def test_the_time_of_a_file_is_no_sign_of_life_after_the_end() -> None:
    copied = finding(Rung.IMPLANTED, "2021-03-30", kind="pages", subject=PAGE)
    quarantined = copied.model_copy(update={"rung": Rung.USED})
    assert life(USED, quarantined, GONE).gone == moment("2021-03-20")


def test_a_file_dated_before_the_campaign_was_not_written_then() -> None:
    old = finding(Rung.IMPLANTED, "2019-01-01", kind="pages", subject=PAGE)
    assert life(old).written is None
    assert life(finding(Rung.IMPLANTED, "2019-01-01", subject=PAGE)).written == moment("2019-01-01")


def test_backslashes_are_single_in_a_sentence_and_a_page_without_name_has_words() -> None:
    catalogue = load_catalogue("waspglass.examine", "examine", "en")
    assert shown_subject(r"c:\\windows\\x.dll", catalogue) == r"c:\windows\x.dll"
    assert shown_subject(UNNAMED, catalogue) == "a page whose name was not seen"


@pytest.mark.parametrize(
    ("alive", "gone", "still"),
    [
        (r"C:\logs\W3SVC1\a.log", r"C:\logs\W3SVC2\a.log", True),
        (r"C:\logs\W3SVC1\a.log", r"c:\Logs\w3svc1\b.log", False),
        (r"D:\archive\a.log", r"C:\logs\W3SVC1\a.log", False),
        (r"C:\logs\ecp\a.log", r"C:\logs\W3SVC1\a.log", False),
        (r"C:\logs\2021-03\a.log", r"C:\logs\2021-04\a.log", False),
    ],
)
def test_a_page_ends_where_it_lived(alive: str, gone: str, still: bool) -> None:
    use, end = USED.model_copy(update={"source": alive}), GONE.model_copy(update={"source": gone})
    assert life(use, end).present is still
