from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

import pytest
from hypothesis import given, settings

from tests.report.build import at, finding, minimal
from tests.report.hostile import STRINGS, everywhere, hidden_characters, texts
from tests.report.page import Page
from tests.report.sample import SHELL, attempted, clean, compromised, every_verdict, occupied
from waspglass.model.assessment import UNNAMED, Advice, Assessment, EvidenceNode, Implant, Limit, Verdict
from waspglass.model.coverage import Coverage
from waspglass.model.finding import Actor, Effect, Rung
from waspglass.report.html import render_html
from waspglass.report.text import render_text

ELEMENTS = {tag for tag, _ in Page(render_html(occupied())).elements}
OUTSIDE = ("src", "srcset", "action", "formaction", "poster", "data", "background", "style")


def page(assessment: Assessment) -> Page:
    return Page(render_html(assessment))


@pytest.mark.parametrize("assessment", every_verdict(), ids=lambda assessment: str(assessment.verdict))
def test_the_document_is_well_formed_and_opens_with_the_sentence(assessment: Assessment) -> None:
    shown = page(assessment)
    assert shown.unbalanced == []
    assert shown.open == []
    assert len(shown.ids()) == len(set(shown.ids()))
    assert assessment.sentence in shown.text[:600]


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
def test_the_verdict_is_said_in_words_and_not_in_colour_alone(assessment: Assessment, headline: str) -> None:
    assert f" {headline} {assessment.sentence}" in page(assessment).text


def test_the_first_screen_lists_the_steps_of_the_first_priority() -> None:
    steps = [Advice(id=f"a{n}", title=f"Step {n}.", text="It.", priority=n) for n in (3, 2, 2)]
    assert "What to do : today Step 2. Step 2. Timeline" in page(minimal(advice=tuple(steps))).text


@pytest.mark.parametrize(("findings", "unfolded"), [(10, True), (11, False)])
def test_a_tree_with_many_findings_shows_its_claims_first(findings: int, unfolded: bool) -> None:
    found = tuple(finding(n) for n in range(findings))
    claim = EvidenceNode(claim="It answered.", holds=True, findings=tuple(one.id for one in found))
    tree = EvidenceNode(claim="Entered.", holds=True, children=(claim,))
    root, leaf = page(minimal(why=tree, findings=found)).all("details")[:2]
    assert "open" in root
    assert ("open" in leaf) is unfolded


def test_a_web_address_with_a_remark_is_linked_without_the_remark() -> None:
    shown = page(minimal(advice=(Advice(id="a", title="Do", text="It.", sources=("https://e.example/x (Art. 33)",)),)))
    assert "https://e.example/x" in [link["href"] for link in shown.all("a")]
    assert "https://e.example/x (Art. 33)" in shown.text


@pytest.mark.parametrize("assessment", every_verdict(), ids=lambda assessment: str(assessment.verdict))
def test_every_table_has_a_head(assessment: Assessment) -> None:
    shown = page(assessment)
    assert len(shown.all("thead")) == len(shown.all("table"))


@pytest.mark.parametrize("present", [True, False, None])
def test_the_key_of_the_picture_explains_the_bars_that_are_drawn_and_no_others(*, present: bool | None) -> None:
    implant = Implant(subject=SHELL, written=at("2021-03-03"), present=present)
    document = render_html(minimal(findings=(finding(1, time=at("2021-03-04")),), implants=(implant,)))
    keys = re.findall(r'<rect class="(implant-[a-z]+)" width="22"', document)
    assert keys == [{True: "implant-present", False: "implant-gone", None: "implant-open"}[present]]
    assert f'class="{keys[0]}"' in document[: document.index('width="22"')]


def test_the_first_screen_names_the_shortest_clock_and_links_to_all() -> None:
    first = render_html(occupied()).split("<nav")[0]
    assert '<a href="#clocks">' in first
    assert "h from becoming aware" in first
    assert 'href="#clocks"' not in render_html(clean())


def test_the_contents_lead_to_what_a_person_should_review() -> None:
    hint = finding(1, effect=Effect.HINT)
    assert 'href="#review"' in render_html(minimal(review=(hint,)))
    assert 'href="#review"' not in render_html(minimal())


def test_the_ladder_counts_what_the_tables_of_findings_count() -> None:
    effects = (Effect.SHOWS, Effect.FAILED, Effect.ENDS)
    when = at("2021-03-03T00:00:00Z")
    found = tuple(finding(n, effect=effect, time=when) for n, effect in enumerate(effects))
    text = page(minimal(Verdict.ATTEMPTED, rungs=(Rung.PROBED,), findings=found)).text
    assert "probed yes 2 2 findings" in text
    assert text.count("probed · 2") == 2  # the lane of the picture and the jump to the table
    assert "somebody tried the door 2 findings · 1 × ends it" in text


def test_the_first_screen_tells_whether_data_was_taken() -> None:
    assert (
        "Data taken? No sign of it is in what was collected; that proves nothing."
        in page(minimal(Verdict.OCCUPIED)).text
    )
    assert "Data taken?" not in page(attempted()).text


def test_the_indicators_are_lines_to_copy_and_in_the_contents() -> None:
    html = render_html(occupied())
    assert '<pre class="copy scroll">type,value,rung,records,first,last\nip-src,' in html
    assert '<a href="#indicators">' in html
    assert "#indicators" not in render_html(minimal())


def test_an_implant_is_named_as_a_person_would() -> None:
    unnamed, path = Implant(subject=UNNAMED), Implant(subject="C:\\\\Temp\\\\a.dll")
    text = page(minimal(implants=(unnamed, path))).text
    assert "a page whose name was not seen" in text
    assert "C:\\Temp\\a.dll" in text


def test_a_date_is_not_torn_apart() -> None:
    document = render_html(minimal(sentence="Entered on 2021-03-03 04:12 UTC <b>, 12021-03-034."))
    assert '<span class="time">2021-03-03 04:12 UTC</span> &lt;b&gt;, 12021-03-034.' in document


def test_every_link_inside_the_report_has_its_target() -> None:
    shown = page(occupied())
    targets = {link["href"][1:] for link in shown.all("a") if link["href"].startswith("#")}
    assert len(targets) > 20
    assert targets <= set(shown.ids())


def test_nothing_is_loaded_and_the_policy_allows_only_our_own_style_and_script() -> None:
    shown = page(occupied())
    (policy,) = [meta["content"] for meta in shown.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    for kind in ("style", "script"):
        (content,) = ["".join(shown.raw[kind])]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not {tag for tag, _ in shown.elements} & {"link", "img", "iframe", "object", "embed", "base", "form"}
    for _, attributes in shown.elements:
        assert not any(name.startswith("on") or name in OUTSIDE for name in attributes)


def test_the_style_asks_for_nothing_outside() -> None:
    style = "".join(page(occupied()).raw["style"])
    assert "@import" not in style
    assert re.findall(r"url\((.*?)\)", style) == ["#stripes", "#hatch"]


def test_the_tree_shows_place_record_and_link_of_its_leaves() -> None:
    document = render_html(occupied())
    assert "D/Exchange/Logging/ECP/Server/ECPServer20210303-1.LOG:882" in document
    assert "&lt;script language=JScript runat=server&gt;[shortened on purpose]" in document
    assert "… and 10 more · all findings" in Page(document).text


def test_the_implants_table_gives_their_life() -> None:
    assert f"{SHELL} gone 2021-03-03 04:12:31 2021-03-03 05:02:11 2021-03-09 13:03:00" in page(occupied()).text


def test_what_could_not_be_seen_is_there_with_counts() -> None:
    text = page(occupied()).text
    assert "2021-01-03 00:00 UTC to 2021-02-09 06:00 UTC (37 days)" in text
    assert "17 line does not fit its header 1 source" in text
    assert "Not in the evidence: 1 further kind Exchange OAB generator logs" in text


@pytest.mark.parametrize(
    ("verdict", "decisive", "said"),
    [
        (Verdict.CANNOT_TELL, True, True),
        (Verdict.ATTEMPTED, True, True),
        (Verdict.ATTEMPTED, False, False),
        (Verdict.OCCUPIED, True, False),
        (Verdict.CLEAN, False, False),
    ],
)
def test_that_no_clock_is_listed_is_no_answer_where_an_entry_stays_open(
    verdict: Verdict, decisive: bool, said: bool
) -> None:
    assessment = minimal(verdict, limits=(Limit(id="missing-hours", text="Hours are missing.", decisive=decisive),))
    for page in (render_html(assessment), render_text(assessment, colour=False, width=200)):
        assert ("No legal clock is listed" in page) is said


def test_clocks_are_explained_from_the_moment_of_awareness() -> None:
    text = page(occupied()).text
    assert "If aware at 2021-03-12 09:00 UTC, due by" in text
    assert "72 h Notify the data protection authority" in text
    assert "not legal advice" in text


def test_the_picture_has_a_text_alternative() -> None:
    shown = page(occupied())
    pictures = [svg for svg in shown.all("svg") if svg.get("role") == "img"]
    assert len(pictures) == 2
    for svg in pictures:
        assert set(svg["aria-labelledby"].split()) <= set(shown.ids())
    assert "Timeline of lid and wasp for ex01.example.test" in shown.text


def test_the_ladder_says_no_only_where_something_could_have_said_yes() -> None:
    rows = (Coverage(kind="iis", files=1, shows=("probed",)), Coverage(kind="events", shows=("impact",)))
    ladder = page(minimal(coverage=rows)).text.split("Host", maxsplit=1)[0]
    assert "probed no exploited ? cannot be told" in ladder
    assert "impact ? cannot be told" in ladder


def test_a_long_path_keeps_its_line() -> None:
    found = finding(1, source="C/" + "x" * 5000 + "/u_ex210303.log", line=4711)
    assert "xx/u_ex210303.log:4711" in page(minimal(findings=(found,))).text


def test_language_of_the_document() -> None:
    shown = page(occupied(language="de"))
    assert shown.all("html") == [{"lang": "de"}]
    assert "Gepatcht, aber besetzt" in shown.text


def test_a_flood_is_bounded_and_counted() -> None:
    document = render_html(occupied(probes=5000))
    assert len(document) < 5_000_000
    assert "200 of 5,001 are shown here; assessment.json holds all of them." in Page(document).text


@pytest.mark.parametrize("character", ["<", "&", "\U000e0041"])
def test_a_flood_of_characters_that_grow_when_escaped_is_bounded_too(character: str) -> None:
    long = character * 2000
    actor = Actor(address=long, user_agent=long, account=long)
    flood = tuple(
        finding(
            n,
            rung=list(Rung)[n % 5],
            rule=f"r{n % 300}{long}",
            title=long,
            source=long,
            excerpt=long,
            subject=long,
            actor=actor,
            time=at("2021-03-01") + timedelta(minutes=n),
        )
        for n in range(2000)
    )
    leaves = EvidenceNode(claim="Many", holds=True, findings=tuple(found.id for found in flood))
    why = EvidenceNode(claim="Why", holds=True, children=(leaves,) * 20)
    assert len(render_html(minimal(findings=flood, rungs=tuple(Rung), why=why)).encode()) < 5_000_000


def test_a_flood_of_one_rule_hides_neither_rare_rules_nor_what_a_claim_cites() -> None:
    flood = tuple(finding(n, time=at("2021-03-01T00:00:00Z")) for n in range(2000))
    rare = finding(9001, rule="rare", title="A rare thing", time=at("2021-03-09T00:00:00Z"))
    cited = finding(9002, title="A cited thing", time=at("2021-03-10T00:00:00Z"))
    why = minimal().why.model_copy(update={"findings": (cited.id,)})
    document = render_html(minimal(findings=(*flood, rare, cited), rungs=(Rung.PROBED,), why=why))
    rows = re.findall(r'<span class="what">(.*?)</span>', document)
    assert len(rows) == 200
    assert {"A rare thing", "A cited thing"} <= set(rows)


def test_many_claims_are_bounded_and_counted() -> None:
    children = tuple(EvidenceNode(claim=f"Implant {n}.", holds=True) for n in range(5000))
    text = page(minimal(why=EvidenceNode(claim="Implants", holds=True, children=children))).text
    assert "Implant 59." in text
    assert "Implant 60." not in text
    assert "… and 4,940 more" in text


@pytest.mark.parametrize(
    ("source", "linked"),
    [
        ("https://www.cisa.gov/news?a=1&b=2", True),
        ("http://example.org/", False),
        ("javascript:alert(1)", False),
        ('https://evil.example/"><script>', False),
        ("https://user@evil.example/", False),
        ("MSRC", False),
    ],
)
def test_only_plain_web_addresses_become_links(source: str, linked: bool) -> None:
    shown = page(minimal(advice=(Advice(id="a", title="Do", text="It.", sources=(source,)),)))
    assert (source in [link["href"] for link in shown.all("a")]) is linked
    assert source in shown.text


@pytest.mark.parametrize("text", STRINGS)
def test_known_hostile_strings_are_text(text: str) -> None:
    check_hostile(text)


@given(texts())
@settings(max_examples=60)
def test_no_string_becomes_markup(text: str) -> None:
    check_hostile(text)


def test_the_key_names_only_findings_that_are_drawn() -> None:
    failed, gone = "tried and failed", "seen to be gone"
    assert failed not in page(clean()).text
    assert failed in page(attempted()).text
    assert gone not in page(attempted()).text
    assert gone in page(occupied()).text


def check_hostile(text: str) -> None:
    document = render_html(everywhere(text))
    shown = Page(document)
    assert not hidden_characters(document)
    assert shown.unbalanced == []
    assert {tag for tag, _ in shown.elements} <= ELEMENTS | {"abbr"}
    assert len(shown.all("script")) == 1
    for _, attributes in shown.elements:
        assert not any(name.startswith("on") or name in OUTSIDE for name in attributes)
        assert not attributes.get("href", "#").lower().startswith(("javascript", "data"))
