from __future__ import annotations

import json
import math
import os
from html.parser import HTMLParser
from itertools import permutations
from pathlib import Path

import pytest

from tests.report.hostile import hidden_characters
from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, source
from waspglass.model.errors import OutputError
from waspglass.model.language import LANGUAGES, load_catalogue
from waspglass.model.skip import Skipped, SkipReason, skip_words
from waspglass.report.page import policy_digest
from waspglass.report.trace_html import trace_html
from waspglass.report.trace_regions import beside
from waspglass.report.trace_samples import each_sample
from waspglass.report.trace_sentences import Sentences
from waspglass.report.trace_text import trace_text
from waspglass.report.trace_write import rendered, write_trace
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.program import Source
from waspglass.trace.result import PartMatch, Span, TraceResult
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict

HOSTILE_NAME = "a\x1b[2J<script>alert(1)</script>\u202e.py"
HOSTILE_LINE = '# </div><script>alert("x")</script> \x1b]0;t\x07 \u202e\n'


@pytest.fixture(scope="module")
def result() -> TraceResult:
    return trace(
        [Source(HOSTILE_NAME, (HOSTILE_LINE + renamed(ORIGINAL)).encode())],
        [source("shared.py", ORIGINAL)],
        background(),
        calibration=load_calibration(),
        commons=load_commons(),
        skipped=[Skipped(source="<b>x</b>", reason=SkipReason.ENCRYPTED)],
    )


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in {"href", "src"} and value:
                self.links.append(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_nothing_else_and_runs_nothing(result: TraceResult, language: str) -> None:
    html = trace_html(result, language)
    page = Page()
    page.feed(html)
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert "style=" not in html
    style = html.split("<style>")[1].split("</style>")[0]
    assert f"default-src 'none'; style-src 'sha256-{policy_digest(style)}'" in html
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert "\x1b" not in html
    assert "\u202e" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_begins_with_the_answer_and_hides_nothing(result: TraceResult, language: str) -> None:
    text = trace_text(result, language)
    verdict = load_catalogue("waspglass.report", "trace", language).text(f"verdict.{result.verdict.value}")
    assert text.startswith(verdict.upper())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert f"<b>x</b>: {skip_words(SkipReason.ENCRYPTED, language)}" in text


def test_both_languages_say_the_same_things() -> None:
    english, german = (load_catalogue("waspglass.report", "trace", language) for language in LANGUAGES)
    assert english.keys() == german.keys()
    keys = english.keys()
    assert all(english.fields(key) == german.fields(key) for key in keys)


@pytest.mark.usefixtures("links")
def test_reports_are_for_their_owner_and_follow_no_link(result: TraceResult, tmp_path: Path) -> None:
    paths = write_trace(result, tmp_path / "out", "en")
    assert [path.name for path in paths] == ["trace.html", "trace.txt", "trace.json"]
    assert os.name != "posix" or {path.stat().st_mode & 0o077 for path in paths} == {0}
    write_trace(result, tmp_path / "out", "de")
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("mine")
    paths[1].unlink()
    paths[1].symlink_to(elsewhere)
    with pytest.raises(OutputError, match="link"):
        write_trace(result, tmp_path / "out", "en")
    assert elsewhere.read_text() == "mine"


@pytest.mark.parametrize("name", ["trace.html", "trace.txt", "trace.json"])
def test_a_foreign_file_is_not_overwritten(result: TraceResult, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("notes of somebody else")
    with pytest.raises(OutputError, match="not written by waspglass"):
        write_trace(result, tmp_path, "en")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_text_shows_regions_side_by_side_with_their_rarity(result: TraceResult) -> None:
    lines = trace_text(result, "en").splitlines()
    row = next(line for line in lines if " | " in line and "def " in line)
    left, right = row.split(" | ")
    assert left.split()[1] == right.split()[1] == "def"
    assert any("rarity" in line for line in lines)


def test_numbers_are_written_as_the_language_does(result: TraceResult) -> None:
    say = Sentences(result, "de")
    assert (say.number(3742), say.number(0.684, 3), say.decimal(8.01)) == ("3.742", "0,684", "+3,5")
    assert Sentences(result, "en").number(3742.5, 1) == "3,742.5"


@pytest.mark.parametrize(("line", "other"), [(10, 100), (15, 105), (20, 110)])
def test_lines_of_a_region_go_with_lines_of_the_other_file_in_proportion(line: int, other: int) -> None:
    assert beside(line, Span(first=10, last=20), Span(first=100, last=110)) == other


@pytest.mark.parametrize("last", [3, 40])
def test_one_line_goes_with_the_first_of_many(last: int) -> None:
    assert beside(3, Span(first=3, last=3), Span(first=3, last=last)) == 3


def test_files_of_one_line_give_a_page_without_dead_links() -> None:
    flat = " ".join(
        f"function f{i}(a) {{ return a.map(x => x * {i} + {i * 37}).filter(y => y > {i}); }}" for i in range(40)
    )
    turned = " ".join(flat.split(" function")[::-1])
    one_line = trace(
        [source("a.js", turned)], [source("b.js", flat)], calibration=load_calibration(), commons=load_commons()
    )
    page = Page()
    page.feed(trace_html(one_line, "en"))
    assert len(one_line.comparisons[0].regions) > 1
    assert all(link[1:] in page.ids for link in page.links)


def test_of_many_pairs_it_is_said_how_many_may_look_alike_by_chance() -> None:
    shared = [source("shared.py", ORIGINAL), *(source(f"n{one.name}", one.raw.decode()) for one in background(24))]
    many = trace([source("a.py", ORIGINAL)], shared, calibration=load_calibration(), commons=load_commons())
    best = many.comparisons[0]
    said = "\n".join(Sentences(many, "en").hypotheses(best))
    assert "25 pairs were compared here; of so many independent ones, at most 0.01 may" in said
    few = trace([source("a.py", ORIGINAL)], shared[:3], calibration=load_calibration(), commons=load_commons())
    assert not any("pairs were compared" in line for line in Sentences(few, "en").hypotheses(few.comparisons[0]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_part_that_cannot_be_told_is_not_said_to_come_from_anywhere(result: TraceResult, language: str) -> None:
    span = Span(first=1, last=9)
    part = PartMatch(sample=span, shared=span, tokens=70, score=0.9, llr=1.0, verdict=Verdict.CANNOT_TELL)
    said = Sentences(result, language).part(part)
    assert not any(word in said for word in ("come from", "stammen"))


def test_a_page_of_long_files_has_no_dead_links() -> None:
    """Regions lie beyond the lines that are shown, on one side or on both."""
    blank = "\n" * 7000
    texts = [f"{ORIGINAL}{blank}{INDEPENDENT[1]}", f"{INDEPENDENT[1]}{blank}{ORIGINAL}", f"{blank}{ORIGINAL}"]
    for one, other in permutations(texts, 2):
        long = trace(
            [source("a.py", one)], [source("b.py", other)], calibration=load_calibration(), commons=load_commons()
        )
        assert any(max(r.sample.last, r.shared.last) > 7000 for r in long.comparisons[0].regions)
        page = Page()
        page.feed(trace_html(long, "en"))
        assert all(link[1:] in page.ids for link in page.links)


def test_the_name_of_a_file_is_shown_as_the_system_writes_it(result: TraceResult) -> None:
    name = "C:\\found\\packed.ps1"
    first = result.comparisons[0].model_copy(update={"sample": name})
    named = result.model_copy(update={"comparisons": (first,)})
    assert name in trace_text(named, "en", 200)
    assert name in trace_html(named, "en")


def test_lines_are_shown_as_they_are_written() -> None:
    text = f"path = 'C:\\inetpub\\wwwroot'  # \x1b[2J\n{ORIGINAL}"
    shown = trace(
        [source("a.py", text)], [source("b.py", text)], calibration=load_calibration(), commons=load_commons()
    )
    assert shown.texts["a.py"].lines[0] == "path = 'C:\\inetpub\\wwwroot'  # \\x1b[2J"
    assert "C:\\inetpub\\wwwroot" in trace_html(shown, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_copies_that_are_not_told_apart_none_is_singled_out(language: str) -> None:
    """The same text went to two; a third got one that the sample does not fit."""
    changes = {
        "least=0.5": "least=0.75", '"worst"': '"peak of the day"', "1.0375": "1.5",
        "return totals": "totals = {name: round(sum(t), 3) for name, t in totals.items()}\n    return totals",
        "totals": "sums",
    }  # fmt: skip
    third = ORIGINAL
    for old, new in changes.items():
        third = third.replace(old, new)
    shared = [source("a.py", ORIGINAL), source("b.py", ORIGINAL), source("c.py", third)]

    def answer(*copies: Source) -> str:
        found = trace(
            [source("found.py", f"# copy\n{ORIGINAL}")], copies, calibration=load_calibration(), commons=load_commons()
        )
        return Sentences(found, language).answer()

    assert "1" in answer(*shared[:2])
    assert answer(*shared[:2]) != answer(*shared[:1])
    assert answer(shared[0], shared[2]) == answer(shared[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_part_shows_is_not_said_of_the_whole(language: str) -> None:
    function = ORIGINAL.split("\n\n\n")[2]
    sample = "\n\n\n".join([*(text.replace("main()", "") for text in INDEPENDENT), function])
    found = trace(
        [source("a.py", sample)], [source("b.py", ORIGINAL)], calibration=load_calibration(), commons=load_commons()
    )
    best = found.comparisons[0]
    part = max(part.llr for part in best.parts)
    assert part > best.llr
    say = Sentences(found, language)
    said = say.hypotheses(best)
    assert said[0].startswith(say.text("label.llr_whole"))
    assert said[1].startswith(say.text("label.common_whole"))
    assert found.measured_parts is not None
    assert say.number(found.measured_parts.independent) in say.calibration()[2]
    assert say.text("label.one_in_part", count=say.number(int(math.exp(part)))) in said


def test_regions_that_everybody_has_are_grey() -> None:
    others = [source(f"student{i}.py", f"{ORIGINAL}\nprint({i})\n") for i in range(12)]
    pages = [
        trace_html(
            trace([source("a.py", ORIGINAL)], [source("b.py", ORIGINAL)], background, calibration=load_calibration(),
                  commons=load_commons()), "en",
        )
        for background in ((), others)
    ]  # fmt: skip
    assert ['class="known" id=' in page for page in pages] == [False, True]


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_one_in_one_looks_so_is_not_said(result: TraceResult, language: str) -> None:
    one = result.comparisons[0]
    weak = one.hypotheses.model_copy(update={"one_in": 1})
    say = Sentences(result, language)
    begin = say.text("label.one_in", count="1")
    assert len(say.calibration()) == 2
    assert begin not in say.hypotheses(one.model_copy(update={"llr": 0.3, "hypotheses": weak, "parts": ()}))


def test_an_answer_says_what_its_ratio_means_and_that_it_names_nobody(result: TraceResult) -> None:
    best = result.comparisons[0].model_copy(update={"verdict": Verdict.DERIVED, "llr": math.log(20_000), "parts": ()})
    derived = Sentences(result.model_copy(update={"comparisons": (best,)}), "de")
    assert "20.000-mal so wahrscheinlich, wenn ein Text aus dem anderen entstand" in derived.strength()[0]
    unlike = best.model_copy(update={"verdict": Verdict.INDEPENDENT, "llr": -math.log(256)})
    apart = Sentences(result.model_copy(update={"comparisons": (unlike,)}), "en")
    assert "260 times as probable if both texts were made independently" in apart.strength()[0]
    assert "does not exclude that one was written anew" in apart.strength()[0]
    assert "does not say who" in apart.strength()[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_beside_independent_stands_what_hides_derivation_and_how_often_such_an_answer_was_wrong(
    result: TraceResult, language: str
) -> None:
    apart = Sentences(result.model_copy(update={"verdict": Verdict.INDEPENDENT}), language)
    assert apart.rivals() == [apart.text("rival.rewritten")]
    assert apart.text("rival.rewritten") not in Sentences(result, language).rivals()
    assert result.measured is not None
    wrong = apart.number(1000 * result.measured.false_independent, 1)
    assert f"{wrong} in 1,000 wrongly called independent" in apart.calibration()[1] or (
        f"{wrong} von 1.000 zu Unrecht unabhängig" in apart.calibration()[1]
    )
    rivals = apart.text("label.rivals")
    assert apart.text("rival.rewritten") in trace_html(apart.result, language).split(rivals)[1].split("</ul>")[0]


def test_where_nothing_is_answered_no_ratio_is_put_into_words(result: TraceResult) -> None:
    open_one = result.comparisons[0].model_copy(update={"verdict": Verdict.CANNOT_TELL})
    for comparisons in ((), (open_one,)):
        assert Sentences(result.model_copy(update={"comparisons": comparisons}), "en").strength() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_compared_is_named_with_its_hash(result: TraceResult, language: str) -> None:
    one = result.comparisons[0]
    layered = one.model_copy(update={"sample": f"{one.sample} > base64"})
    inside = result.samples[0].model_copy(update={"name": layered.sample, "sha256": "f" * 64})
    shown = result.model_copy(update={"comparisons": (layered,), "samples": (*result.samples, inside)})
    for report in (trace_text(shown, language), trace_html(shown, language)):
        assert all(each.sha256 in report for each in (*result.samples, inside, *result.shared))


def test_on_paper_no_line_of_a_program_is_cut_off(result: TraceResult) -> None:
    printed = trace_html(result, "en").split("@media print", 1)[1].split("</style>", 1)[0]
    assert "max-height: none" in printed
    assert "white-space: pre-wrap" in printed


def test_of_several_samples_each_is_answered_once_and_the_rest_is_counted(result: TraceResult) -> None:
    first = result.comparisons[0]
    names = ["a.py > base64", "b.py", "a.py", *(f"c{n}.py" for n in range(120)), "b.py"]
    many = result.model_copy(
        update={"comparisons": tuple(first.model_copy(update={"sample": name}) for name in names), "detailed": 1}
    )
    places = [(place, one.sample) for place, one in each_sample(many)]
    assert places[:3] == [(0, "a.py > base64"), (1, "b.py"), (3, "c0.py")]
    assert len(places) == 122
    assert each_sample(result) == ()
    text = trace_text(many, "en")
    assert "\n  and 22 more, in trace.json (--out)\n" in text
    assert "\n    and 101 more, in trace.json (--out)\n" in text
    # The sample of the result has no comparison any more, and parts were looked for in the first one only.
    assert "\n  Samples that are not listed, all less alike: 1.\n" in text
    assert "\n  Comparisons in which parts were looked for, the strongest first: 1." in text
    assert "parts were looked for" not in trace_text(many.model_copy(update={"detailed": len(names)}), "en")
    page = Page()
    page.feed(trace_html(many, "de"))
    assert "Nicht aufgeführte Proben, alle weniger ähnlich: 1" in trace_html(many, "de")
    assert "#c1" in page.links
    assert "#c2" not in page.links


def test_the_answers_of_several_samples_are_counted(result: TraceResult) -> None:
    answers = {"a.py": Verdict.DERIVED, "b.py": Verdict.CANNOT_TELL, "c.py": Verdict.CANNOT_TELL}
    first = result.comparisons[0]
    several = result.model_copy(
        update={
            "comparisons": tuple(
                first.model_copy(update={"sample": name, "verdict": answer}) for name, answer in answers.items()
            )
        }
    )
    assert "\n  derived: 1 · cannot tell: 2\n" in trace_text(several, "en")
    assert "<p>abgeleitet: 1 · nicht zu sagen: 2</p>" in trace_html(several, "de")


def test_the_page_says_beside_an_open_answer_why_it_is_open(result: TraceResult) -> None:
    first = result.comparisons[0].model_copy(update={"verdict": Verdict.CANNOT_TELL, "reasons": ("small",)})
    page = trace_html(result.model_copy(update={"comparisons": (first,)}), "en")
    assert "programs so small can be alike by chance" in page[: page.index("<h2")]


def test_json_hides_nothing_from_a_terminal_and_readers_get_it_back(result: TraceResult) -> None:
    name = "na\u202eme\x9b31m.py"
    first = result.comparisons[0].model_copy(update={"sample": name})
    answer = rendered(result.model_copy(update={"comparisons": (first,)}), "json", "en", 110)
    assert not hidden_characters(answer)
    assert json.loads(answer)["comparisons"][0]["sample"] == name


def test_each_table_of_the_page_says_what_its_columns_are(result: TraceResult) -> None:
    page = trace_html(result.model_copy(update={"detailed": 1, "comparisons": result.comparisons * 2}), "de")
    assert page.startswith("<!doctype html>")
    assert page.count("<table>") == page.count('<th scope="col">Antwort</th>') > 0


@pytest.mark.parametrize("width", [40, 80, 110])
def test_regions_fit_the_terminal(result: TraceResult, width: int) -> None:
    regions = trace_text(result, "en", width).split("Matched regions:")[1].split("Direction:")[0]
    assert " | " in regions
    assert max(map(len, regions.splitlines())) <= width


@pytest.mark.parametrize("width", [40, 110])
def test_sentences_fit_the_terminal_and_files_stay_whole(result: TraceResult, width: int) -> None:
    sentences = trace_text(result, "en", width).split("What else could explain it:")[1].split("What was compared:")[0]
    assert len(sentences.splitlines()) > 10
    assert max(map(len, sentences.splitlines())) <= width
    assert sentences.split() == trace_text(result, "en", 100_000).split("explain it:")[1].split("What was")[0].split()
