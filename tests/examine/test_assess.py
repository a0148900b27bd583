"""The verdict, from observations made by hand: which word, and what the sentence says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from waspglass.examine.assess import Settings, assess
from waspglass.examine.observations import Observations
from waspglass.model.assessment import Assessment, Implant, LidState, Verdict
from waspglass.model.coverage import Coverage, Span
from waspglass.model.facts import BuildSighting, Certainty, Facts
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import (
    AdviceText,
    ArtefactKind,
    BuildRow,
    ClockText,
    NoEntry,
    Pack,
    Translated,
    WebRoot,
    Window,
)

OLD, NEW, NEVER, SHUT = "1.0.0.1", "1.0.0.2", "0.9.0.0", "3.0.0.1"
FIRST, PATCH, COLLECTED = "2021-01-03", "2021-03-10", "2021-04-01"
PAGE = "/client/page.aspx"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def both(text: str) -> Translated:
    return Translated(en=text, de=text)


PACK = Pack(
    id="test",
    version="1",
    sha256="0" * 64,
    title=both("test campaign"),
    cves=("CVE-0000-0001",),
    products=("Product",),
    window=Window(first_exploitation=moment(FIRST), patch_available=moment("2021-03-02")),
    kinds=(
        ArtefactKind(kind="log", format="w3c", entry=True, shows=(Rung.PROBED, Rung.EXPLOITED), title=both("the log")),
        ArtefactKind(kind="pages", format="web_file", snapshot=True, shows=(Rung.IMPLANTED,), title=both("pages")),
    ),
    web_roots=(WebRoot(path="**/wwwroot", url=""), WebRoot(path="**/client", url="/client")),
    builds=(
        BuildRow(product="P", cumulative_update="CU1", build=OLD, fixes="no", released="2020-06-01"),
        BuildRow(product="P", cumulative_update="CU1", build=NEW, fixes="yes", released="2021-03-02"),
        BuildRow(product="Q", cumulative_update="CU1", build=NEVER, fixes="not affected"),
        BuildRow(product="R", cumulative_update="CU1", build=SHUT, fixes="no"),
    ),
    no_entry=(NoEntry(product="R", cves=("CVE-0000-0001",), text=both("Nobody comes in.")),),
    advice=(
        AdviceText(id="isolate", when=("verdict:occupied",), priority=1, title=both("a"), text=both("a")),
        AdviceText(id="patch", when=("lid:vulnerable", "lid:unknown"), priority=1, title=both("b"), text=both("b")),
        AdviceText(id="watch", when=("always",), priority=3, title=both("c"), text=both("c")),
        AdviceText(id="review", when=("review:some",), priority=3, title=both("d"), text=both("d")),
    ),
    clocks=(
        ClockText(
            id="gdpr",
            when=("verdict:occupied", "verdict:compromised"),
            hours=72,
            law="x",
            title=both("t"),
            text=both("t"),
        ),
    ),
)
FULL = Coverage(kind="log", from_=moment("2020-12-01"), to=moment(COLLECTED), files=9, entry=True, shows=("probed",))
PATCHED = Facts.model_validate(
    {"collected_at": COLLECTED, "builds": [{"build": OLD, "from": "2020-01-01"}, {"build": NEW, "from": PATCH}]}
)
OPEN = Facts.model_validate({"collected_at": COLLECTED, "builds": [{"build": OLD, "from": "2020-01-01"}]})


def finding(rung: Rung | None, when: str | None, effect: Effect = Effect.SHOWS, **more: str) -> Finding:
    time = moment(when) if when else None
    values = {"kind": "log", "rule": f"r-{rung}", "title": f"{rung} seen", "source": "C:\\log.log"} | more
    return Finding.model_validate(
        {"id": f"{rung}-{when}-{effect}-{more}", "rung": rung, "effect": effect, "time": time, **values}
    )


def run(
    *findings: Finding,
    facts: Facts = PATCHED,
    coverage: tuple[Coverage, ...] = (FULL,),
    language: str = "en",
    roots: tuple[str, ...] = (),
    blinded: tuple[Skipped, ...] = (),
    since: datetime | None = None,
    pack: Pack = PACK,
) -> Assessment:
    observed = Observations(
        evidence="x", findings=findings, coverage=coverage, collected_folders=roots, blinded=blinded, since=since
    )
    settings = Settings(language=language, created=moment("2021-04-02"), generator="test")
    return assess(observed, pack, facts, settings)


WRITTEN = finding(Rung.IMPLANTED, "2021-03-03", subject=PAGE)
USED = finding(Rung.USED, "2021-03-04", subject=PAGE)
GONE = finding(Rung.USED, "2021-03-20", Effect.ENDS, subject=PAGE)
PROBE = finding(Rung.PROBED, "2021-02-28")
ENTRY = finding(Rung.EXPLOITED, "2021-03-03")
PAGE_NOW = finding(Rung.IMPLANTED, "2021-03-03", kind="pages", subject=PAGE)


def test_what_no_other_log_settles_sends_the_reader_to_whoever_it_was() -> None:
    (limit,) = (one for one in run(finding(Rung.EXPLOITED, "2021-03-03", Effect.HINT)).limits if one.id == "unsettled")
    assert "ask who it was" in str(limit.remedy)


def test_nothing_found_and_the_whole_window_covered_is_clean() -> None:
    result = run()
    assert result.verdict is Verdict.CLEAN
    assert result.sentence.startswith("Clean: ")
    assert not [limit for limit in result.limits if limit.decisive]


@pytest.mark.parametrize(
    ("coverage", "hours"),
    [
        (FULL.model_copy(update={"from_": moment("2021-01-04")}), 24),
        (FULL.model_copy(update={"to": moment("2021-03-09")}), 24),
        (FULL.model_copy(update={"gaps": (Span(from_=moment("2021-02-01"), to=moment("2021-02-03")),)}), 48),
    ],
    ids=["starts late", "ends early", "gap inside"],
)
def test_one_missing_day_takes_the_clean_bill_away(coverage: Coverage, hours: int) -> None:
    result = run(coverage=(coverage,))
    assert result.verdict is Verdict.CANNOT_TELL
    assert f"{hours} hours" in result.sentence
    limit = next(limit for limit in result.limits if limit.id == "missing-hours")
    assert limit.decisive
    assert "the log" in (limit.remedy or "")


@pytest.mark.parametrize(
    ("begins", "said"), [("2021-03-19T14:00", "10 hours before"), ("2021-03-10", "10 days before")]
)
def test_how_long_logs_were_kept_is_said_in_hours_below_a_day(begins: str, said: str) -> None:
    kinds = (PACK.kinds[0].model_copy(update={"retention_days": 30}), *PACK.kinds[1:])
    short = FULL.model_copy(update={"from_": moment(begins)})
    facts = OPEN.model_copy(update={"collected_at": moment("2021-03-20")})
    result = run(facts=facts, coverage=(short,), pack=PACK.model_copy(update={"kinds": kinds}))
    (limit,) = (one for one in result.limits if one.id == "kept-short-log")
    assert said in limit.text


def test_hours_after_the_patch_are_not_needed_for_a_clean_bill() -> None:
    assert run(coverage=(FULL.model_copy(update={"to": moment(PATCH)}),)).verdict is Verdict.CLEAN


def test_without_a_patch_the_window_lasts_until_collection() -> None:
    short = FULL.model_copy(update={"to": moment("2021-03-30")})
    assert run(facts=OPEN, coverage=(short,)).verdict is Verdict.CANNOT_TELL
    assert run(facts=OPEN).verdict is Verdict.CLEAN


def test_without_patch_and_collection_time_nobody_knows_when_the_window_ends() -> None:
    facts = OPEN.model_copy(update={"collected_at": None})
    result = run(facts=facts, coverage=(FULL.model_copy(update={"to": moment("2021-03-25")}),))
    assert result.verdict is Verdict.CANNOT_TELL
    assert any(limit.id == "collection-time" and limit.decisive for limit in result.limits)


def test_a_server_whose_logs_end_today_is_examined_live() -> None:
    facts = OPEN.model_copy(update={"collected_at": None})
    live = FULL.model_copy(update={"to": moment("2021-04-02")})
    assert run(facts=facts, coverage=(live,)).verdict is Verdict.CLEAN


def test_a_kind_that_cannot_show_an_entry_does_not_make_clean() -> None:
    assert run(coverage=(FULL.model_copy(update={"entry": False}),)).verdict is Verdict.CANNOT_TELL


def test_two_kinds_fill_each_others_holes() -> None:
    early = FULL.model_copy(update={"to": moment("2021-02-01")})
    late = FULL.model_copy(update={"kind": "other", "from_": moment("2021-01-31")})
    assert run(coverage=(early, late)).verdict is Verdict.CLEAN


def test_what_the_user_excluded_counts_as_not_seen() -> None:
    assert run(since=moment("2021-02-01")).verdict is Verdict.CANNOT_TELL


def test_an_unreadable_log_takes_the_clean_bill_away() -> None:
    skip = Skipped(source="C:\\log2.log", reason=SkipReason.DAMAGED)
    assert run(blinded=(skip,)).verdict is Verdict.CANNOT_TELL


def test_records_later_than_the_collection_contradict_it() -> None:
    late = FULL.model_copy(update={"to": moment("2021-05-01")})
    result = run(coverage=(late,))
    assert result.verdict is Verdict.CANNOT_TELL
    assert result.limits[0].id == "contradiction-after-collection"


def test_no_evidence_at_all_cannot_tell() -> None:
    assert run(coverage=()).verdict is Verdict.CANNOT_TELL


def test_never_vulnerable_and_nothing_found_is_clean_without_logs() -> None:
    facts = Facts.model_validate({"builds": [{"build": "0.9.0.0"}]})
    result = run(facts=facts, coverage=(FULL.model_copy(update={"entry": False}),))
    assert (result.verdict, result.lid.state) == (Verdict.CLEAN, LidState.NEVER_VULNERABLE)


def test_a_probe_is_an_attempt_and_no_more() -> None:
    result = run(PROBE)
    assert (result.verdict, result.rungs) == (Verdict.ATTEMPTED, (Rung.PROBED,))
    assert "no success was seen" in result.sentence


def test_an_attempt_with_missing_hours_says_so() -> None:
    result = run(PROBE, coverage=(FULL.model_copy(update={"from_": moment("2021-02-01")}),))
    assert result.verdict is Verdict.ATTEMPTED
    assert "covers 696 hours (29 days) of the time in question" in result.sentence


def test_a_pack_that_knows_no_log_of_entries_says_so_and_sends_nobody_to_look_for_one() -> None:
    blind = tuple(kind.model_copy(update={"entry": False}) for kind in PACK.kinds)
    result = run(coverage=(), pack=PACK.model_copy(update={"kinds": blind}))
    (limit,) = (one for one in result.limits if one.id == "missing-hours")
    assert (result.verdict, limit.remedy) == (Verdict.CANNOT_TELL, None)
    assert "knows no kind of log that would" in limit.text


@pytest.mark.parametrize("effect", [Effect.HINT, Effect.CONTEXT])
def test_hints_and_context_prove_nothing(effect: Effect) -> None:
    result = run(finding(Rung.IMPLANTED, "2021-03-03", effect))
    assert (result.verdict, result.rungs) == (Verdict.CLEAN, ())
    assert len(result.review) + len(result.context) == 1


def test_a_session_is_a_break_in_even_without_a_file() -> None:
    result = run(PROBE, ENTRY)
    assert result.verdict is Verdict.COMPROMISED
    assert result.rungs == (Rung.PROBED, Rung.EXPLOITED)
    assert "without any file" in result.sentence


def test_a_failed_write_leaves_the_entry() -> None:
    result = run(finding(Rung.EXPLOITED, "2021-03-03", Effect.FAILED))
    assert result.verdict is Verdict.COMPROMISED
    assert "was tried and failed" in result.sentence


def test_patched_but_occupied_is_the_sentence_that_this_program_exists_to_say() -> None:
    result = run(ENTRY, PAGE_NOW, USED, roots=("/client",))
    assert result.verdict is Verdict.OCCUPIED
    assert result.sentence.startswith("Patched but occupied: ")
    assert PAGE in result.sentence
    assert [step.id for step in result.advice] == ["isolate", "watch"]
    assert [clock.id for clock in result.clocks] == ["gdpr"]


def test_nobody_is_sent_to_a_list_that_is_empty() -> None:
    hint = finding(Rung.PROBED, "2021-03-03", Effect.HINT)
    assert [step.id for step in run(hint).advice] == ["watch", "review"]
    assert [step.id for step in run().advice] == ["watch"]


def test_occupied_and_still_open() -> None:
    result = run(PAGE_NOW, facts=OPEN)
    assert result.sentence.startswith("Vulnerable and occupied: ")
    assert [step.id for step in result.advice] == ["isolate", "patch", "watch"]


def test_an_implant_that_nothing_shows_removed_is_taken_to_be_there() -> None:
    assert run(WRITTEN, USED).verdict is Verdict.OCCUPIED


def test_an_implant_that_answers_404_afterwards_is_gone() -> None:
    result = run(WRITTEN, USED, GONE)
    assert result.verdict is Verdict.COMPROMISED
    assert result.implants == (
        Implant(
            subject=PAGE,
            written=moment("2021-03-03"),
            first_used=moment("2021-03-04"),
            last_used=moment("2021-03-04"),
            gone=moment("2021-03-20"),
            present=False,
            findings=(WRITTEN.id, USED.id, GONE.id),
        ),
    )


def test_an_implant_that_answers_again_after_a_404_is_back() -> None:
    again = finding(Rung.USED, "2021-03-25", subject=PAGE)
    result = run(WRITTEN, USED, GONE, again)
    assert (result.verdict, result.implants[0].gone) == (Verdict.OCCUPIED, None)


def test_a_page_missing_from_a_collected_web_root_is_gone() -> None:
    assert run(WRITTEN, USED, roots=("/client",)).verdict is Verdict.COMPROMISED


def test_another_web_root_says_nothing_about_the_page() -> None:
    assert run(WRITTEN, USED, roots=("",)).verdict is Verdict.OCCUPIED


def test_a_page_in_the_collection_outranks_a_404_of_the_log() -> None:
    assert run(PAGE_NOW, GONE).verdict is Verdict.OCCUPIED


def test_a_write_without_a_name_leaves_open_whether_it_is_there() -> None:
    result = run(finding(Rung.IMPLANTED, "2021-03-03"))
    assert result.verdict is Verdict.COMPROMISED
    assert result.implants[0].present is None


def test_a_write_without_a_name_beside_a_named_page_is_that_page() -> None:
    result = run(finding(Rung.IMPLANTED, "2021-03-03"), PAGE_NOW)
    assert [implant.subject for implant in result.implants] == [PAGE]


def test_an_entry_after_the_patch_is_said_to_contradict_it() -> None:
    result = run(finding(Rung.EXPLOITED, "2021-03-20"))
    assert result.verdict is Verdict.COMPROMISED
    assert result.limits[0].id == "contradiction-entry-through-lid"


def test_impact_is_said_in_the_first_sentence() -> None:
    assert "Damage" in run(finding(Rung.IMPACT, "2021-03-05")).sentence


@pytest.mark.parametrize(
    ("findings", "words"), [((), "no rung was reached"), ((USED, GONE), "or not shown to be removed: 0.")]
)
def test_a_claim_that_nothing_is_there_holds(findings: tuple[Finding, ...], words: str) -> None:
    """With "does not hold" before it, it said the contrary."""
    (claim,) = [node for node in run(*findings).why.children if words in node.claim]
    assert claim.holds


def test_every_claim_of_the_tree_rests_on_findings_that_exist() -> None:
    result = run(PROBE, ENTRY, PAGE_NOW, USED)
    known = {f.id for f in result.findings}
    nodes = [result.why]
    named: set[str] = set()
    while nodes:
        node = nodes.pop()
        named.update(node.findings)
        nodes.extend(node.children)
    assert named == known


@pytest.mark.parametrize(
    ("at", "entrance", "open_for"),
    [("2021-03-20", "of 2021-03-20, lacks the fix", "at least 18 days"), (COLLECTED, "still open", "30 days")],
)
def test_how_long_a_server_stood_open_ends_with_the_last_build_that_is_known(
    at: str, entrance: str, open_for: str
) -> None:
    build = BuildSighting(build=OLD, at=moment(at), source="x", certainty=Certainty.HINT)
    observed = Observations(evidence="x", findings=(ENTRY, PAGE_NOW), coverage=(FULL,), sightings=(build,))
    settings = Settings(language="en", created=moment("2021-04-02"), generator="test")
    result = assess(observed, PACK, Facts.model_validate({"collected_at": COLLECTED}), settings)
    assert entrance in result.sentence
    (late,) = [node.claim for node in result.why.children if "a patch was available" in node.claim]
    assert f"stood open for {open_for} after" in late


@pytest.mark.parametrize(("builds", "shut"), [([SHUT], True), ([SHUT, OLD], False)])
def test_a_product_that_the_flaws_alone_do_not_open_did_not_stand_open(builds: list[str], shut: bool) -> None:
    """Exchange 2010 has one of the four flaws, and was said to have stood open for weeks."""
    stated = [{"build": build, "from": f"2020-12-0{day}T00:00:00Z"} for day, build in enumerate(builds, start=1)]
    facts = Facts.model_validate({"collected_at": COLLECTED, "builds": stated})
    settings = Settings(language="en", created=moment("2021-04-02"), generator="test")
    result = assess(Observations(evidence="x", coverage=(FULL,)), PACK, facts, settings)
    assert result.lid.state is LidState.VULNERABLE
    assert ("Nobody comes in." in result.lid.reason) == result.lid.no_entry == shut
    assert any("stood open" in node.claim for node in result.why.children) != shut


@pytest.mark.parametrize(("builds", "hint", "shut"), [((), SHUT, False), (({"build": SHUT},), OLD, True)])
def test_a_version_in_a_path_that_anybody_can_ask_for_makes_no_product_shut_or_open(
    builds: tuple[dict[str, str], ...], hint: str, shut: bool
) -> None:
    seen = BuildSighting(build=hint, at=moment("2021-01-05"), source="x", certainty=Certainty.HINT)
    facts = Facts.model_validate({"collected_at": COLLECTED, "builds": builds})
    settings = Settings(language="en", created=moment("2021-04-02"), generator="test")
    result = assess(Observations(evidence="x", coverage=(FULL,), sightings=(seen,)), PACK, facts, settings)
    assert result.lid.no_entry == shut


def test_the_order_of_findings_does_not_matter() -> None:
    findings = [PROBE, ENTRY, PAGE_NOW, USED, GONE]
    assert run(*findings) == run(*reversed(findings))


def test_german_says_the_same() -> None:
    result = run(ENTRY, PAGE_NOW, USED, language="de")
    assert result.sentence.startswith("Gepatcht, aber besetzt: ")
    assert result.language == "de"
