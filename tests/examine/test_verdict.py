"""Which of its sentences an answer opens with: each says no more than the findings bear."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import (
    ENTRY,
    FULL,
    GONE,
    OPEN,
    PAGE,
    PAGE_NOW,
    PATCHED,
    PROBE,
    USED,
    WRITTEN,
    finding,
    moment,
    run,
)
from waspglass.model.assessment import Verdict
from waspglass.model.facts import Facts
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import Skipped, SkipReason

UNKNOWN = Facts.model_validate({"collected_at": "2021-04-01"})
NEVER = Facts.model_validate({"collected_at": "2021-04-01", "builds": [{"build": "0.9.0.0"}]})
NAMELESS = finding(Rung.IMPLANTED, "2021-03-03")
COMMANDS = finding(Rung.USED, "2021-03-04")
DAMAGE = finding(Rung.IMPACT, "2021-03-05")
FAILED = finding(Rung.EXPLOITED, "2021-03-03", Effect.FAILED)
HINT = finding(Rung.EXPLOITED, "2021-03-03", Effect.HINT)
RAN_ONCE = finding(Rung.USED, "2021-03-03", Effect.HINT, subject=PAGE)
UNREAD = (Skipped(source="C:\\log2.log", reason=SkipReason.DAMAGED),)


@pytest.mark.parametrize(
    ("findings", "facts", "opening"),
    [
        ([PAGE_NOW, ENTRY], PATCHED, "Patched but occupied: "),
        ([PAGE_NOW, ENTRY], OPEN, "Vulnerable and occupied: "),
        ([PAGE_NOW, ENTRY], UNKNOWN, "Occupied: "),
        # Answers alone accuse with a reservation.
        ([USED], PATCHED, "Patched but occupied, unless these are pages of your own"),
        ([USED], OPEN, "Vulnerable and occupied, unless these are pages of your own"),
        ([USED], UNKNOWN, "Occupied, unless these are pages of your own"),
        ([PROBE, USED], PATCHED, "Patched but occupied, unless"),
        ([USED, ENTRY], PATCHED, "Patched but occupied: "),
        ([USED, COMMANDS], PATCHED, "Patched but occupied: "),
        ([USED, WRITTEN], PATCHED, "Patched but occupied: "),
        ([USED, DAMAGE], PATCHED, "Patched but occupied: "),
        ([PAGE_NOW, finding(Rung.EXPLOITED, "2021-03-20")], PATCHED, "Occupied: an intruder's access is inside"),
    ],
)
def test_occupied(findings: list[Finding], facts: Facts, opening: str) -> None:
    result = run(*findings, facts=facts)
    assert result.verdict is Verdict.OCCUPIED
    assert result.sentence.startswith(opening)


@pytest.mark.parametrize(
    ("findings", "says"),
    [
        ([PAGE_NOW], "another way led in"),
        ([PAGE_NOW, FAILED], "another way led in"),
        ([PAGE_NOW, ENTRY], "do not rely on the builds"),
        ([ENTRY], "do not rely on the builds"),
        ([USED], "never vulnerable to this campaign. Taken"),
    ],
)
def test_who_is_in_a_server_that_was_never_vulnerable_came_by_another_way_or_the_builds_are_wrong(
    findings: list[Finding], says: str
) -> None:
    assert says in run(*findings, facts=NEVER).sentence


def test_an_entry_after_the_patch_takes_the_lid_away() -> None:
    late = finding(Rung.EXPLOITED, "2021-03-20")
    assert "take the entrance for open" in run(PAGE_NOW, late).sentence
    assert "take the entrance for open" not in run(PAGE_NOW, ENTRY).sentence


@pytest.mark.parametrize(
    ("findings", "says"),
    [
        ([ENTRY, WRITTEN, GONE], "is no longer in place"),
        ([USED, GONE], "unless these were pages of your own"),
        ([NAMELESS], "something was written; whether it is still there cannot be told"),
        ([ENTRY], "an attacker got past the logon"),
        ([FAILED], "was tried and failed"),
        ([ENTRY, FAILED], "was tried and failed"),
        ([ENTRY, COMMANDS], "commands were run on it"),
        ([COMMANDS, DAMAGE], "commands were run on it"),
        ([DAMAGE], "nothing that would keep the intruder inside was seen"),
        ([ENTRY, DAMAGE], "nothing that would keep the intruder inside was seen"),
    ],
)
def test_compromised(findings: list[Finding], says: str) -> None:
    result = run(*findings)
    assert result.verdict is Verdict.COMPROMISED
    assert says in result.sentence
    assert ("Damage was seen" in result.sentence) is (DAMAGE in findings)


def test_one_page_that_is_gone_beside_one_that_nobody_can_tell_is_not_all_gone() -> None:
    unnamed = run(NAMELESS, finding(Rung.USED, "2021-03-20", Effect.ENDS, subject=PAGE))
    assert "whether it is still there cannot be told" in unnamed.sentence


@pytest.mark.parametrize(
    ("facts", "blinded", "says"),
    [
        (PATCHED, (), "cover all of the time"),
        (NEVER, (), "it was never vulnerable to this campaign"),
        (NEVER, UNREAD, "it was never vulnerable to this campaign"),
        (PATCHED, UNREAD, "not everything that would have shown one could be looked at"),
    ],
)
def test_attempted(facts: Facts, blinded: tuple[Skipped, ...], says: str) -> None:
    result = run(PROBE, facts=facts, blinded=blinded)
    assert result.verdict is Verdict.ATTEMPTED
    assert says in result.sentence


def test_attempted_and_more_is_open() -> None:
    undated = FULL.model_copy(update={"from_": None, "to": None})
    nobody_knows_when = run(finding(Rung.PROBED, None), facts=Facts(), coverage=(undated,))
    assert "not everything that would have shown one could be looked at" in nobody_knows_when.sentence
    assert "whether one of the attempts succeeded cannot be told" in run(PROBE, HINT).sentence
    assert "answered or ran and is no longer there" in run(PROBE, RAN_ONCE, roots=("/client",)).sentence
    unknown_end = OPEN.model_copy(update={"collected_at": None})
    short = FULL.model_copy(update={"to": moment("2021-03-25")})
    assert "when the evidence was collected is not known" in run(PROBE, facts=unknown_end, coverage=(short,)).sentence


@pytest.mark.parametrize("facts", [PATCHED, NEVER])
def test_no_attempt_is_said_to_have_failed_by_evidence_that_contradicts_itself(facts: Facts) -> None:
    """Records later than the collection: of another server, or the window is too short."""
    late = FULL.model_copy(update={"to": moment("2021-05-01")})
    result = run(PROBE, facts=facts, coverage=(late,))
    assert result.verdict is Verdict.ATTEMPTED
    assert "but the evidence contradicts itself" in result.sentence
    assert "later (2021-05-01 00:00) than its collection" in result.sentence
    assert "cover all of the time" not in result.sentence


def test_cannot_tell_says_why() -> None:
    empty = FULL.model_copy(update={"files": 0})
    no_entry = FULL.model_copy(update={"entry": False})
    early = Facts.model_validate({"collected_at": "2020-12-01"})
    undated = FULL.model_copy(update={"from_": None, "to": None})
    for result, says in (
        (run(coverage=(empty,)), "nothing that this program can read"),
        (run(HINT), "whether there was one cannot be told"),
        (run(RAN_ONCE, roots=("/client",)), "whose it was cannot be told"),
        (run(facts=early, coverage=(FULL.model_copy(update={"to": moment("2020-12-01")}),)), "Check the pack"),
        (run(facts=Facts(), coverage=(undated,)), "it is not known until when"),
        (run(coverage=(no_entry,)), "no source that would have shown an entry speaks for"),
        (run(blinded=UNREAD), "could not be read"),
    ):
        assert result.verdict is Verdict.CANNOT_TELL
        assert says in result.sentence


def test_a_server_that_never_was_vulnerable_is_clean_whatever_hints_say() -> None:
    assert run(HINT, facts=NEVER).verdict is Verdict.CLEAN
    assert run(facts=NEVER, coverage=()).verdict is Verdict.CANNOT_TELL  # nothing was read at all
