from __future__ import annotations

import re

import pytest
from hypothesis import given

from tests.report.build import at, finding, minimal
from tests.report.hostile import everywhere, hidden_characters, texts
from tests.report.sample import attempted, clean, compromised, every_verdict, occupied
from waspglass.model.assessment import Assessment, EvidenceNode, Implant, Verdict
from waspglass.model.coverage import Coverage
from waspglass.model.finding import Actor, Effect, Rung
from waspglass.model.skip import Skipped, SkipReason
from waspglass.report.indicators import indicator_lines
from waspglass.report.text import render_text
from waspglass.report.visible import place

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def shown(assessment: Assessment, *, width: int = 100) -> str:
    return render_text(assessment, colour=False, width=width)


def test_the_verdict_sentence_comes_first() -> None:
    for assessment in every_verdict():
        assert shown(assessment, width=200).startswith(assessment.sentence + "\n")


def test_sections_follow_in_the_order_a_reader_needs() -> None:
    text = shown(occupied())
    titles = ["Verdict", "Lid", "Wasp", "WHY", "WHAT TO DO", "WHAT COULD NOT BE SEEN", "WHAT WAS SKIPPED"]
    titles += ["ADDRESSES IN THE FINDINGS", "FOR A PERSON TO REVIEW"]
    places = [text.index(f"\n{title}") for title in titles]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("assessment", "headline"),
    [
        (clean(), "Patched and clean of this campaign"),
        (attempted(), "Never vulnerable; attacked without success"),
        (compromised(), "Vulnerable and broken into"),
        (occupied(), "Patched, but occupied"),
        (minimal(), "Cannot tell"),
    ],
)
def test_lid_and_verdict_are_named_together(assessment: Assessment, headline: str) -> None:
    assert re.search(rf"\nVerdict +{headline}\n", shown(assessment))


def test_an_implant_that_was_not_seen_is_not_called_present() -> None:
    implant = Implant(subject="/a.aspx", written=at("2021-03-03"), present=True, presumed=True)
    text = shown(minimal(rungs=(Rung.IMPLANTED,), implants=(implant,)), width=200)
    assert "1 implant taken to be there" in text
    assert "present" not in text


def test_a_claim_names_file_and_line_of_what_it_rests_on() -> None:
    text = shown(occupied())
    assert "D/Exchange/Logging/ECP/Server/ECPServer20210303-1.LOG:882" in text
    assert "Security.evtx#918231" in text
    assert "errorFE.aspx@0x1a4" in text


def test_a_leaf_does_not_repeat_its_claim() -> None:
    found = finding(1, title="A page answered", time=at("2021-03-03T04:12:31Z"), source="a.log", line=7)
    why = EvidenceNode(claim="A page answered", holds=True, findings=(found.id,))
    assert "\n└── 2021-03-03 04:12:31 UTC  a.log:7\n" in shown(minimal(findings=(found,), why=why))


def test_a_raw_record_is_shown_once() -> None:
    found = finding(1, title="A page answered", excerpt="the raw record")
    leaf = EvidenceNode(claim="It was used", holds=True, findings=(found.id,))
    why = EvidenceNode(claim="Somebody is inside", holds=True, children=(leaf, leaf))
    assert shown(minimal(findings=(found,), why=why)).count("the raw record") == 1


def test_many_claims_are_counted_instead_of_listed() -> None:
    children = tuple(EvidenceNode(claim=f"Implant {n}", holds=True) for n in range(500))
    text = shown(minimal(why=EvidenceNode(claim="Implants", holds=True, children=children)))
    assert "Implant 14\n" in text
    assert "Implant 15\n" not in text
    assert "… 485 more in assessment.json" in text


def test_many_leaves_are_counted_instead_of_listed() -> None:
    assert "… 12 more in assessment.json" in shown(occupied())


def test_what_could_not_be_seen_names_the_hours_and_the_source() -> None:
    text = shown(occupied(), width=120)
    assert "2021-01-03 00:00 UTC to 2021-02-09 06:00 UTC (37 days)" in text
    assert "What helps: Exchange HttpProxy logs of these weeks, from a backup." in text


def test_a_kind_without_files_is_said_to_be_missing() -> None:
    assert "Nothing of these kinds: Exchange OAB generator logs" in shown(occupied())
    missing = minimal(coverage=(Coverage(kind="httpproxy", entry=True),))
    assert re.search(r"httpproxy \* +nothing of this kind", shown(missing))


def test_the_marks_of_claims_are_explained() -> None:
    assert "✔ holds, ✘ does not hold, ? cannot be told." in shown(occupied())


def test_the_addresses_that_the_steps_speak_of_are_named() -> None:
    found = [
        finding(n, rung=rung, time=at(f"2021-03-0{n}"), actor=Actor(address="203.0.113.5"))
        for n, rung in enumerate((Rung.PROBED, Rung.USED), start=1)
    ]
    text = shown(minimal(findings=tuple(found)))
    assert re.search(r"\n203\.0\.113\.5 +used +2 +2021-03-01 00:00 UTC +2021-03-02 00:00 UTC\n", text)
    assert "ADDRESSES" not in shown(minimal())


def test_what_was_taken_is_told_as_far_as_it_can_be() -> None:
    damage = finding(1, rung=Rung.IMPACT, title="A mailbox was exported")
    keys = finding(2, rung=Rung.USED, title="The page answered that reads the keys", techniques=("T1552.004",))
    failed = finding(3, rung=Rung.USED, effect=Effect.FAILED, techniques=("T1003",))
    hints = tuple(finding(n, rung=Rung.IMPACT, effect=Effect.HINT, title=f"hint {n}") for n in range(7))
    told = {
        "Signs of it: A mailbox was exported. Logs seldom": minimal(Verdict.COMPROMISED, findings=(damage, damage)),
        "Signs of it: The page answered that reads the keys. Logs": minimal(Verdict.COMPROMISED, findings=(keys,)),
        "To be reviewed by a person: hint 0; hint 1; hint 2; hint 3; hint 4; … and 2 more. Logs": minimal(
            Verdict.OCCUPIED, review=hints
        ),
        "No sign of it is in what was collected; that proves nothing. Logs": minimal(
            Verdict.OCCUPIED, findings=(failed, finding(4))
        ),
    }
    for words, assessment in told.items():
        assert f"Data taken?      {words}" in shown(assessment, width=400)
    assert "Data taken?" not in shown(attempted()) + shown(clean()) + shown(minimal())


def test_what_to_hand_on_is_listed_after_the_addresses() -> None:
    text = shown(occupied())
    assert "\n\nINDICATORS TO HAND ON\ntype,value,rung,records,first,last\nip-src," in text
    assert "INDICATORS" not in shown(minimal())


def test_an_address_to_search_for_stays_whole_and_no_table_cuts_a_word() -> None:
    address = "2001:db8:1234:5678:9abc:def0:1234:5678"
    assessment = minimal(findings=(finding(1, time=at("2021-03-03T04:00:00Z"), actor=Actor(address=address)),))
    assert address in shown(assessment, width=80)
    assert address in "".join(shown(assessment, width=40).split())
    report = shown(occupied(), width=40)
    assert "…" not in report[report.index("WHAT THE EVIDENCE COVERS") : report.index("WHAT WAS SKIPPED")]


def test_what_a_person_should_review_is_listed_by_rule_with_its_places() -> None:
    hints = [
        finding(n, rule="odd-page", title="An odd page", effect=Effect.HINT, source="a.log", line=n)
        for n in range(1, 6)
    ]
    text = shown(minimal(review=tuple(hints)))
    assert "5 findings without weight for the verdict" in text
    assert re.search(r"\n5  An odd page +time unknown\n   a\.log:1\n   a\.log:2\n   a\.log:3\n   … and 2 more\n", text)
    assert "REVIEW" not in shown(minimal())


def test_clocks_count_from_becoming_aware() -> None:
    text = shown(occupied(), width=160)
    assert "If you became aware when this report was made (2021-03-12 09:00 UTC):" in text
    assert "due by 2021-03-15 09:00 UTC (GDPR Art. 33)" in text


def test_german_has_umlauts_and_german_numbers() -> None:
    text = shown(occupied(language="de"), width=160)
    assert "Gepatcht, aber besetzt" in text
    assert "WARUM" in text
    assert "1 Hintertür vorhanden" in text
    assert "4.120 Dateien, 96,0 MB" in text


@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal_but_for_a_place(width: int) -> None:
    lines = [line.lstrip("│├└─ ") for line in shown(occupied(), width=width).split("\n")]
    places = {place(found) for found in (*occupied().findings, *occupied().review)}
    places |= {skip.source for skip in occupied().skipped} | set(indicator_lines(occupied())[0])
    assert all(len(line) <= max(width, 40) or line in places for line in lines)


def test_a_place_is_never_broken() -> None:
    source = "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Logging\\" + "a b\\" * 40 + "x.LOG"
    found = finding(1, title="A page answered", time=at("2021-03-03T04:12:31Z"), source=source, line=12)
    why = EvidenceNode(claim="A page answered", holds=True, findings=(found.id,))
    assert f"\n    {source}:12\n" in shown(minimal(findings=(found,), why=why), width=80)


def test_skips_name_their_sources_whole_and_count_the_others() -> None:
    sources = [f"C:\\Program Files\\Exchange Server\\{'x' * 90}\\{number}.LOG" for number in range(5)]
    skips = tuple(Skipped(source=source, reason=SkipReason.DAMAGED, count=900) for source in sources)
    text = shown(minimal(skipped=skips), width=60)
    assert f"\n4,500  damaged\n       {sources[0]}\n       {sources[1]}\n       … and 3 more\n" in text


def test_a_rule_that_could_not_be_used_says_why() -> None:
    broken = Skipped(source="mine/bad.yml", reason=SkipReason.INVALID_RULE, detail="Broken: Unknown modifier 'foo'")
    assert "   mine/bad.yml\n   Broken: Unknown modifier 'foo'\n" in shown(minimal(skipped=(broken,)))


def test_the_verdict_is_the_first_line_and_near_the_last_and_the_zone_is_said() -> None:
    text = shown(occupied())
    assert text[text.rindex("\n\n") + 2 :].startswith("Patched, but occupied · waspglass ")
    assert "\nAll times are UTC.\n" in text
    assert "\nCampaign pack    ProxyLogon: Microsoft Exchange Server, early 2021\n" in text


def test_colour_comes_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in shown(occupied())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" in render_text(occupied(), colour=True, width=100)


def test_colour_changes_nothing_but_colour() -> None:
    coloured = ESCAPE.sub("", render_text(occupied(), colour=True, width=90))
    assert [line.rstrip() for line in coloured.split("\n")] == shown(occupied(), width=90).split("\n")


def test_no_blanks_push_a_line_with_a_place_below_itself() -> None:
    for colour in (False, True):
        lines = ESCAPE.sub("", render_text(occupied(), colour=colour, width=80)).split("\n")
        assert [line for line in lines if line != line.rstrip()] == []


@given(texts())
def test_no_hostile_string_reaches_the_terminal(text: str) -> None:
    assert not hidden_characters(shown(everywhere(text)))
    assert not hidden_characters(ESCAPE.sub("", render_text(everywhere(text), colour=True, width=100)))


def test_markup_of_the_terminal_library_is_text() -> None:
    assert "[bold red]markup[/] :smile:" in shown(everywhere("[bold red]markup[/] :smile:"))
