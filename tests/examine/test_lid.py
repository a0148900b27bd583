"""The lid: builds over time -> vulnerable, patched since, never vulnerable, unknown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from waspglass.examine.lid import disagreeing, judge_lid, stated_sightings
from waspglass.model.assessment import Lid, LidState
from waspglass.model.facts import BuildSighting, Certainty, Facts
from waspglass.model.language import load_catalogue
from waspglass.packs.builds import BuildTable
from waspglass.packs.pack import BuildRow

OLD, NEW, OTHER, SHORT = "15.1.2106.2", "15.1.2106.13", "8.3.83.6", "15.1.2106"
NEWER = "15.1.2176.9"
COLLECTED = "2021-04-01"


TABLE = BuildTable(
    (
        BuildRow(product="P", cumulative_update="CU1", build=OLD, fixes="no"),
        BuildRow(product="P", cumulative_update="CU1", build=NEW, fixes="yes"),
        BuildRow(product="P", cumulative_update="CU2", build=NEWER, fixes="yes"),
        BuildRow(product="Q", cumulative_update="SP3", build=OTHER, fixes="not affected"),
    )
)


def day(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def seen(build: str, when: str | None, certainty: Certainty, *, installed: bool = False) -> BuildSighting:
    moment = day(when)
    return BuildSighting(
        build=build, at=moment, installed=moment if installed else None, source="x", certainty=certainty
    )


def lid(*sightings: BuildSighting, logged: str | None = None) -> Lid:
    return judge_lid(
        sightings,
        TABLE,
        disagreeing(sightings, TABLE),
        day(COLLECTED),
        load_catalogue("waspglass.examine", "examine", "en"),
        day(logged),
    )


def facts(*entries: tuple[str, str | None]) -> tuple[BuildSighting, ...]:
    return stated_sightings(
        Facts.model_validate({"builds": [{"build": build, "from": when} for build, when in entries]})
    )


def test_no_build_is_unknown() -> None:
    assert lid().state is LidState.UNKNOWN


def test_a_stated_build_ran_until_the_next_one() -> None:
    result = lid(*facts((OLD, "2020-10-01"), (NEW, "2021-03-10")))
    assert (result.state, result.since, result.not_before) == (LidState.PATCHED, day("2021-03-10"), day("2021-03-10"))


def test_between_two_sightings_of_the_evidence_the_patch_may_lie_anywhere() -> None:
    result = lid(seen(OLD, "2021-02-01", Certainty.PROVEN), seen(NEW, "2021-03-10", Certainty.PROVEN))
    assert (result.state, result.since, result.not_before) == (LidState.PATCHED, day("2021-03-10"), day("2021-02-01"))


def test_facts_may_come_in_any_order() -> None:
    assert lid(*facts((NEW, "2021-03-10"), (OLD, "2020-10-01"))) == lid(
        *facts((OLD, "2020-10-01"), (NEW, "2021-03-10"))
    )


def test_an_undated_statement_comes_first_not_last() -> None:
    result = lid(*facts((OLD, None), (NEW, "2021-03-10")))
    assert (result.state, result.since) == (LidState.PATCHED, day("2021-03-10"))


def test_a_host_that_was_set_back_is_patched_only_from_its_return() -> None:
    result = lid(*facts((OLD, "2020-10-01"), (NEW, "2021-03-03"), (OLD, "2021-03-05"), (NEW, "2021-03-20")))
    assert (result.state, result.since) == (LidState.PATCHED, day("2021-03-20"))


def test_a_host_that_was_set_back_for_good_is_vulnerable() -> None:
    assert lid(*facts((NEW, "2021-03-03"), (OLD, "2021-03-05"))).state is LidState.VULNERABLE


def test_the_binary_of_the_collection_outranks_an_older_statement() -> None:
    result = lid(*facts((OLD, "2020-10-01")), seen(NEW, None, Certainty.PROVEN))
    assert (result.state, result.since) == (LidState.PATCHED, None)


def test_a_first_installation_that_holds_the_fix_was_never_vulnerable() -> None:
    assert lid(seen(NEW, "2021-04-01", Certainty.PROVEN, installed=True)).state is LidState.NEVER_VULNERABLE


def test_what_counts_is_the_first_build_with_the_fix_not_the_updates_after_it() -> None:
    updates = facts((NEW, "2021-03-10"), (NEWER, "2021-06-01"))
    installed = seen(NEW, "2021-02-01", Certainty.PROVEN, installed=True)
    assert lid(installed, *updates).state is LidState.NEVER_VULNERABLE
    assert lid(installed, seen(NEWER, "2021-07-01", Certainty.PROVEN)).state is LidState.NEVER_VULNERABLE
    late = seen(NEWER, "2021-07-01", Certainty.PROVEN, installed=True)
    result = lid(*updates, late)
    assert (result.state, result.since) == (LidState.PATCHED, day("2021-03-10"))
    assert NEW in result.reason


@pytest.mark.parametrize(
    ("stated", "state"),
    [
        ("2021-03-31", LidState.NEVER_VULNERABLE),  # the day before, somewhere on Earth
        ("2021-04-01", LidState.NEVER_VULNERABLE),
        ("2021-04-05", LidState.NEVER_VULNERABLE),
        ("2021-03-29", LidState.PATCHED),  # of a server that was there before it was installed anew
        (None, LidState.PATCHED),
    ],
)
def test_a_first_installation_with_the_fix_counts_where_its_build_is_stated_too(
    stated: str | None, state: LidState
) -> None:
    assert lid(*facts((NEW, stated)), seen(NEW, "2021-04-01", Certainty.PROVEN, installed=True)).state is state


@pytest.mark.parametrize(
    ("logged", "state"), [("2021-03-31", LidState.NEVER_VULNERABLE), ("2021-03-29", LidState.PATCHED)]
)
def test_a_product_that_ran_before_its_first_installation_was_installed_anew(logged: str, state: LidState) -> None:
    told = lid(seen(NEW, "2021-04-01", Certainty.PROVEN, installed=True), logged=logged)
    assert told.state is state
    assert told.since == (None if state is LidState.NEVER_VULNERABLE else day("2021-04-01"))


def test_a_statement_alone_does_not_make_a_host_never_vulnerable() -> None:
    assert lid(*facts((NEW, "2021-03-10"))).state is LidState.PATCHED


def test_a_product_that_was_never_affected() -> None:
    assert lid(*facts((OTHER, None))).state is LidState.NEVER_VULNERABLE


@pytest.mark.parametrize(("build", "state"), [(NEW, LidState.PATCHED), (OLD, LidState.VULNERABLE)])
def test_hints_decide_only_alone_and_never_date_a_patch(build: str, state: LidState) -> None:
    result = lid(seen(build, "2021-03-20", Certainty.HINT))
    assert (result.state, result.since) == (state, None)
    assert ("would contain the fix" in result.reason) == (state is LidState.PATCHED)


def test_a_hint_does_not_outrank_a_statement() -> None:
    assert lid(*facts((OLD, "2020-10-01")), seen(NEW, "2021-03-20", Certainty.HINT)).state is LidState.VULNERABLE


def test_three_parts_whose_fourth_decides_stay_unknown() -> None:
    result = lid(*facts((SHORT, "2021-03-10")))
    assert result.state is LidState.UNKNOWN
    assert [one.build for one in result.builds] == [SHORT]
    assert SHORT in result.reason


def test_a_firm_but_undecidable_build_is_not_overruled_by_a_hint() -> None:
    assert lid(*facts((SHORT, "2021-03-10")), seen(NEW, None, Certainty.HINT)).state is LidState.UNKNOWN


BIN, FRONT_END = r"C:\V15\Bin\ExSetup.exe", r"c:\v15\FrontEnd\bin\Proxy.dll"


@pytest.mark.parametrize(
    ("new", "old", "when", "state"),
    [
        (BIN, FRONT_END, "2021-03-20", LidState.UNKNOWN),
        (FRONT_END, BIN, None, LidState.UNKNOWN),
        (BIN, r"D:\restored\V15\FrontEnd\bin\Proxy.dll", "2021-03-20", LidState.PATCHED),
        (r"C:\Bin\ExSetup.exe", r"C:\restored\bin\Proxy.dll", "2021-03-20", LidState.PATCHED),
    ],
)
def test_files_of_one_installation_that_disagree_decide_nothing(
    new: str, old: str, when: str | None, state: LidState
) -> None:
    files = [
        seen(build, when, Certainty.PROVEN).model_copy(update={"source": source})
        for build, source in ((OLD, old), (NEW, new))
    ]
    assert lid(*files).state is state


@pytest.mark.parametrize(
    ("new", "old", "together"),
    [
        (r"C:\V15\Bin\Setup.exe", r"C:\V15\FrontEnd\bin\x.dll", True),
        (r"C:\V15\FrontEnd\bin\x.dll", r"C:\V15\bin\setup.exe", True),
        (r"C:\V15\Bin\Setup.exe", r"D:\V15\Bin\setup.exe", False),
        (r"C:\V15\Bin\Setup.exe", r"D:\V15\Bin\x.dll", None),
    ],
)
def test_program_files_of_one_installation_agree_and_those_of_one_name(
    new: str, old: str, together: bool | None
) -> None:
    files = [
        seen(build, None, Certainty.PROVEN).model_copy(update={"source": source})
        for build, source in ((OLD, old), (NEW, new))
    ]
    found = disagreeing(files, TABLE)
    assert (None if found is None else found.together) is together
    assert lid(*files).state is (LidState.PATCHED if found is None else LidState.UNKNOWN)
    hints = [one.model_copy(update={"certainty": Certainty.HINT}) for one in files]
    assert disagreeing(hints, TABLE) is None


@pytest.mark.parametrize(
    ("sightings", "last_seen"),
    [
        ((seen(OLD, "2021-03-03", Certainty.HINT),), "2021-03-03"),
        ((seen(OLD, "2021-01-03", Certainty.PROVEN), seen(OLD, "2021-03-03", Certainty.HINT)), "2021-01-03"),
        ((seen(OLD, "2021-01-03", Certainty.PROVEN), seen(OLD, None, Certainty.PROVEN)), None),
        ((seen(OLD, "2021-01-03", Certainty.PROVEN), seen(OLD, COLLECTED, Certainty.PROVEN)), None),
        (facts((OLD, "2020-10-01")), None),
    ],
)
def test_a_vulnerable_host_was_seen_so_by_a_log_then_by_files_and_the_user_to_the_end(
    sightings: tuple[BuildSighting, ...], last_seen: str | None
) -> None:
    result = lid(*sightings)
    assert (result.state, result.not_before) == (LidState.VULNERABLE, day(last_seen))
