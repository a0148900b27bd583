from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trace.programs import ORIGINAL, renamed, source
from waspglass.model.escape import printable
from waspglass.model.language import LANGUAGES, load_catalogue
from waspglass.report.trace_html import trace_html
from waspglass.report.trace_sentences import Sentences
from waspglass.report.trace_text import trace_text
from waspglass.trace import lineage
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.lineage import Lineage, _fits, _Places, _places, agreement
from waspglass.trace.lineage_measured import LineageMeasured, load_lineage_measured
from waspglass.trace.program import program_of
from waspglass.trace.reader import Reader
from waspglass.trace.regions import matching_tiles
from waspglass.trace.result import Contrast, Direction, TraceResult
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict
from waspglass.trace.views import Tokens

ADDED = '''
def dry_days(readings, longest=7):
    """Stations that were silent for more than `longest` days."""
    silent = {}
    for station, litres, day in readings:
        if litres == 0 and station not in silent:
            silent[station] = day
        elif litres > 0:
            silent.pop(station, None)
    return {name: day for name, day in silent.items() if len(day) > longest}
'''
OTHER = """
def weekly(readings, first="mon"):
    weeks = [[] for _ in range(54)]
    for number, (station, litres, day) in enumerate(sorted(readings)):
        weeks[number // 7].append((station, round(litres, 2), day.lower()))
    return [sum(cell[1] for cell in week) for week in weeks if week and week[0][2] != first]
"""
VERSION_1 = ORIGINAL
VERSION_2 = ORIGINAL.replace("def report(", ADDED + "\n\ndef report(").replace("1.0375", "1.0412")
VERSION_3 = ORIGINAL.replace("def report(", OTHER + "\n\ndef report(")


def contrast(sample: str, this: str, other: str) -> Contrast:
    (found,) = Lineage(Reader()).contrasts(
        source("s.py", sample), source("this.py", this), [source("other.py", other)]
    )  # fmt: skip
    return found


def traced(samples: dict[str, str], shared: dict[str, str]) -> TraceResult:
    return trace(
        [source(name, text) for name, text in samples.items()],
        [source(name, text) for name, text in shared.items()],
        calibration=load_calibration(),
        commons=load_commons(),
    )


def direction(result: TraceResult, sample: str, shared: str) -> Direction:
    (found,) = (one.direction for one in result.comparisons if (one.sample, one.shared) == (sample, shared))
    assert found is not None
    return found


@pytest.mark.parametrize("change", [str, renamed])
def test_a_sample_fits_the_version_whose_own_places_it_has(change: object) -> None:
    assert callable(change)
    found = contrast(change(VERSION_2), VERSION_2, VERSION_1)
    assert (found.fits, found.there, found.there_tokens) == ("this", 0, 0)
    line = change(VERSION_2).splitlines().index(change("def dry_days(readings, longest=7):")) + 1
    assert any(span.first <= line <= span.last for span in found.spans)
    turned = contrast(change(VERSION_2), VERSION_1, VERSION_2)
    assert (turned.fits, turned.spans) == ("other", found.spans)


def places(count: int, tokens: int) -> _Places:
    """So many places of so many tokens each."""
    return _Places(tuple((100 * n, 100 * n + tokens) for n in range(count)), count * tokens)


@pytest.mark.parametrize(
    ("here", "there", "dropped", "fits"),
    [
        (places(3, 1), places(0, 0), (0, 0), "this"),
        (places(2, 23), places(0, 0), (0, 0), "not separable"),
        (places(1, 24), places(0, 0), (0, 0), "this"),
        (places(20, 2), places(2, 2), (0, 0), "this"),
        (places(20, 2), places(3, 1), (0, 0), "both"),
        (places(20, 2), places(1, 5), (0, 0), "not separable"),
        (places(20, 2), places(0, 0), (20, 0), "this"),
        (places(20, 2), places(0, 0), (21, 0), "not separable"),
        (places(20, 2), places(0, 0), (0, 90), "this"),
    ],
)
def test_a_copy_is_named_from_three_places_on_that_hardly_anything_speaks_against(
    here: _Places, there: _Places, dropped: tuple[int, int], fits: str
) -> None:
    assert _fits(here, there, *dropped) == fits
    turned = {"this": "other", "other": "this"}.get(fits, fits)
    assert _fits(there, here, *dropped[::-1]) == turned


@pytest.mark.parametrize(("between", "bounds"), [(4, ((0, 7),)), (5, ((0, 1), (6, 8)))])
def test_places_with_four_tokens_between_them_are_one(between: int, bounds: tuple[tuple[int, int], ...]) -> None:
    levels = np.array([1, *[0] * between, 2, 1, 0], dtype=np.int8)
    assert _places(levels, np.zeros(len(levels), dtype=np.int8)) == _Places(bounds, 3)


def test_of_many_places_the_longest_are_shown() -> None:
    bounds = ((0, 1), *((6 * n, 6 * n + 2 + n % 2) for n in range(1, 6)))
    spans = Lineage(Reader())._spans(source("a.py", "value = 1\n" * 30), _Places(bounds, 14))
    assert [(span.first, span.last) for span in spans] == [(line, line) for line in (3, 5, 7, 9, 11)]


@pytest.mark.parametrize(("tokens", "last"), [(3, 1), (4, 2), (6, 2), (7, 3)])
def test_a_place_is_shown_to_the_line_of_its_last_token(tokens: int, last: int) -> None:
    (span,) = Lineage(Reader())._spans(source("a.py", "value = 1\n" * 30), _Places(((0, tokens),), tokens))
    assert (span.first, span.last) == (1, last)


@pytest.mark.parametrize("change", [str, renamed])
def test_a_copy_most_of_whose_own_the_sample_lacks_is_not_named(change: Callable[[str], str]) -> None:
    """What the copy got later and the sample lacks is more than what the two have alone."""
    later = VERSION_2.replace("def report(", OTHER + OTHER.replace("weekly", "yearly") + "\n\ndef report(")
    assert contrast(change(VERSION_2), later, VERSION_1).fits == "not separable"
    assert contrast(change(VERSION_2), VERSION_2, VERSION_1).fits == "this"


def test_what_is_missing_speaks_for_nobody() -> None:
    """A sample without the added function may be made from either version."""
    shorter = ORIGINAL.replace("1.0375", "1.1")
    for this, other in ((VERSION_1, VERSION_2), (VERSION_2, VERSION_1)):
        assert contrast(shorter, this, other).fits == "not separable"
    assert contrast(VERSION_1, VERSION_1, VERSION_1).fits == "not separable"


def test_places_of_both_are_said_to_be_of_both() -> None:
    mixed = VERSION_2.replace("def report(", OTHER + "\n\ndef report(")
    found = contrast(mixed, VERSION_2, VERSION_3)
    assert found.fits == "both"
    assert min(found.here_tokens, found.there_tokens) >= 24


def test_a_copy_that_has_of_another_what_the_sample_lacks_was_not_made_from_the_sample() -> None:
    shorter = VERSION_2.replace(ORIGINAL.split("\n\n\n")[3], "")
    found = contrast(shorter, VERSION_2, VERSION_1)
    assert (found.fits, found.this_beyond_sample, found.other_beyond_sample) == ("this", True, True)
    whole = contrast(VERSION_2, VERSION_2, VERSION_1)
    assert (whole.this_beyond_sample, whole.other_beyond_sample) == (False, False)


def test_of_two_copies_one_may_have_more_places_of_the_other_that_the_sample_lacks() -> None:
    """What the copies alone have in common is two places in the one and four in the other, where lines part them."""

    def written(name: str, between: str = "") -> str:
        return f"""def rate(first, second, third):
    total = first * second + third - min(first, second, third) + {name}_one
{between}    {name}_two = max(first, second, total) * third + total - second
    share = sum([first, second, third]) / len([first, second, third, total])
    kept = abs(share) + round(third, 2) * {name}_three
{between}    {name}_four = divmod(kept, share)[0] + pow(first, second) - total
    return kept, share, total
"""

    sample, close, parted = (
        written("old"),
        written("new"),
        written("new", "    print(str(first).upper().strip(), end='')\n"),
    )
    found = contrast(sample, close, parted)
    assert (found.this_beyond_sample, found.other_beyond_sample) == (False, True)
    turned = contrast(sample, parted, close)
    assert (turned.this_beyond_sample, turned.other_beyond_sample) == (True, False)


@pytest.mark.parametrize("longest", range(3))
def test_programs_that_are_too_long_are_not_contrasted(monkeypatch: pytest.MonkeyPatch, longest: int) -> None:
    sample, this, other = (source(f"{n}.py", VERSION_2 * (2 if n == longest else 1)) for n in range(3))
    tokens = program_of((sample, this, other)[longest]).tokens
    for limit, contrasted in ((tokens, 1), (tokens - 1, 0)):
        monkeypatch.setattr(lineage, "TOKEN_LIMIT", limit)
        assert len(Lineage(Reader()).contrasts(sample, this, [other])) == contrasted


def test_the_copy_in_between_is_named_and_said_to_be_so_only_where_the_sample_cannot_be() -> None:
    shorter = renamed(VERSION_2.replace(ORIGINAL.split("\n\n\n")[3], ""))
    result = traced({"found.py": shorter}, {"one.py": VERSION_1, "two.py": VERSION_2})
    first, second = (direction(result, "found.py", name) for name in ("one.py", "two.py"))
    assert (first.through, first.through_place) == ("two.py", "between")
    assert (second.through, second.through_place) == (None, None)
    assert second.contrasts[0].this_beyond_sample
    unordered = traced({"found.py": VERSION_2 + "print('end')\n"}, {"one.py": VERSION_1, "two.py": VERSION_2})
    assert direction(unordered, "found.py", "one.py").through_place == "open"


def test_another_sample_can_stand_in_between() -> None:
    step = VERSION_2
    last = VERSION_2.replace(ORIGINAL.split("\n\n\n")[3], "")
    result = traced({"a.py": step, "b.py": last}, {"shared.py": VERSION_1})
    assert direction(result, "b.py", "shared.py").through == "a.py"
    assert direction(result, "b.py", "shared.py").through_place == "between"
    assert direction(result, "a.py", "shared.py").through is None
    text = trace_text(result, "en", 100_000)
    assert "Of this copy and another sample (a.py), the sample fits a.py." in text
    assert "this copy is in another sample (a.py) too, and more" in text
    assert "another shared copy" not in text


def test_names_that_the_sample_lost_show_who_lies_between_too() -> None:
    """The second version has the names of the first, which it cannot have from a sample where all are changed."""
    result = traced({"found.py": renamed(VERSION_2)}, {"one.py": VERSION_1, "two.py": VERSION_2})
    assert direction(result, "found.py", "one.py").through_place == "between"


def test_a_fork_and_a_chain_are_told_in_the_same_words() -> None:
    """From one root in the middle come the same places as from a chain: no order may be claimed."""
    cut = ORIGINAL.split("\n\n\n")[3]
    last, middle, first = renamed(VERSION_2.replace(cut, "")), VERSION_2, VERSION_1
    chain = traced({"s.py": last}, {"first.py": first, "middle.py": middle})
    backwards = traced({"s.py": first}, {"first.py": last, "middle.py": middle})
    for result in (chain, backwards):
        found = direction(result, "s.py", "first.py")
        assert (found.through, found.through_place) == ("middle.py", "between")
        for language in LANGUAGES:
            words = load_catalogue("waspglass.report", "trace", language)
            said = words.text("label.through_between", kind=words.text("label.other_copy"), name="middle.py")
            assert said in trace_text(result, language, 100_000)


def test_a_copy_whose_own_places_the_sample_lacks_is_not_named() -> None:
    """A third program went into both: one copy only got more, the other was edited; the sample is as the third."""
    more = ORIGINAL.replace("def report(", ADDED + OTHER + "\n\ndef report(")
    edited = ORIGINAL.replace("def report(readings", "def shown(rows, wide=3").replace("1.0375", "2.5 * wide - 1")
    edited = edited.replace(ORIGINAL.split("\n\n\n")[3], OTHER.strip())
    found = contrast(ORIGINAL, more, edited)
    assert found.here_tokens > 24
    assert found.fits == "not separable"


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_a_copy_is_named_the_measured_error_is_beside_it(language: str) -> None:
    measured = LineageMeasured(
        named=1210, named_right=1203, neither=170, neither_named=23, larger=87, larger_later=79
    )  # fmt: skip
    bare = traced({"found.py": VERSION_2 + "print('end')\n"}, {"one.py": VERSION_1, "two.py": VERSION_2})
    result = bare.model_copy(update={"measured_lineage": measured})
    for page in (trace_text(result, language, 100_000), trace_html(result, language)):
        assert "1,203" in page or "1.203" in page
        assert "170" in page
    silent = traced({"found.py": ORIGINAL}, {"one.py": VERSION_1}).model_copy(update={"measured_lineage": measured})
    assert "1,203" not in trace_text(silent, "en")


def test_where_one_holds_more_it_is_said_how_often_that_one_was_the_later() -> None:
    measured = load_lineage_measured()
    assert measured.named_right >= 0.95 * measured.named
    result = traced({"found.py": ORIGINAL + (ADDED + OTHER) * 2}, {"one.py": ORIGINAL})
    said = result.model_copy(update={"measured_lineage": measured})
    assert direction(result, "found.py", "one.py").hint == "sample holds more"
    assert f"in {measured.larger_later:,}." in trace_text(said, "en", 100_000)


def test_independent_programs_are_not_contrasted() -> None:
    result = traced({"found.py": OTHER}, {"one.py": VERSION_1, "two.py": VERSION_2})
    for one in result.comparisons:
        assert one.direction is None or one.verdict.value != "independent" or one.direction.contrasts == ()


def test_other_files_of_a_shared_folder_are_no_copies() -> None:
    """What is as unlike the sample as any other program is neither contrasted with, nor does it contrast anything."""
    page = "<html><%@ Page %><body><h1>Hours</h1><table><tr><td>Monday</td><td>9 to 5</td></tr></table></body>" * 9
    result = traced({"s.py": renamed(ORIGINAL)}, {"a.py": ORIGINAL, "page.aspx": page, "make.txt": "all: build\n" * 40})
    for one in result.comparisons:
        assert one.direction is not None
        assert one.direction.contrasts == ()
    assert [one.shared for one in result.comparisons if one.llr > 0] == ["a.py"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reports_say_it_and_escape_it(language: str) -> None:
    name = "two<b>\x1b.py"
    shorter = renamed(VERSION_2.replace(ORIGINAL.split("\n\n\n")[3], ""))
    result = traced({"found.py": shorter}, {"one.py": VERSION_1, name: VERSION_2})
    text, html = trace_text(result, language, 100_000), trace_html(result, language)
    kept = direction(result, "found.py", "one.py").contrasts[0]
    for page in (text, html):
        assert "\x1b" not in page
        assert str(kept.there_tokens) in page
    assert "two&lt;b&gt;" in html
    words = load_catalogue("waspglass.report", "trace", language)
    doubt, kind = words.text("label.if_derived"), words.text("label.other_copy")
    undecided = result.model_copy(
        update={
            "comparisons": tuple(one.model_copy(update={"verdict": Verdict.CANNOT_TELL}) for one in result.comparisons)
        }
    )
    assert doubt in trace_text(undecided, language, 100_000)
    assert trace_text(undecided, language, 100_000).index(doubt) < trace_text(undecided, language, 100_000).index(
        words.text("label.through_between", kind=kind, name=printable(name))
    )
    certain = result.model_copy(
        update={"comparisons": tuple(one.model_copy(update={"verdict": Verdict.DERIVED}) for one in result.comparisons)}
    )
    assert doubt not in trace_text(certain, language, 100_000)
    assert text.count("two<b>") > 2


values = st.lists(st.integers(0, 4), max_size=60)


def made(shape: list[int], text: list[int]) -> Tokens:
    places = np.arange(len(shape), dtype=np.int32)
    return Tokens(
        np.array(text, dtype=np.uint64), np.array(shape, dtype=np.uint64), np.ones(len(shape), dtype=np.uint8),
        places, places + 1,
    )  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(values, values)
def test_agreement_is_that_of_the_tiles_token_by_token(a: list[int], b: list[int]) -> None:
    left, right = made([v // 2 for v in a], a), made([v // 2 for v in b], b)
    expected = [0] * len(a)
    for start_a, start_b, length in matching_tiles(left, right):
        for offset in range(length):
            assert a[start_a + offset] // 2 == b[start_b + offset] // 2
            expected[start_a + offset] = 2 if a[start_a + offset] == b[start_b + offset] else 1
    assert agreement(left, right).tolist() == expected


@settings(max_examples=30, deadline=None)
@given(st.permutations([*ORIGINAL.splitlines(), *ADDED.splitlines()]), st.integers(0, 60), st.integers(0, 60))
def test_the_contrast_the_other_way_round_says_the_same(lines: list[str], cut: int, kept: int) -> None:
    sample, this, other = "\n".join(lines[cut:]), "\n".join(lines[:kept]), ORIGINAL
    one, turned = contrast(sample, this, other), contrast(sample, other, this)
    assert (one.here, one.here_tokens, one.there, one.there_tokens) == (
        turned.there, turned.there_tokens, turned.here, turned.here_tokens,
    )  # fmt: skip
    assert {one.fits, turned.fits} in ({"this", "other"}, {"both"}, {"not separable"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_one_copy_that_is_the_same_byte_for_byte_is_named_alone(language: str) -> None:
    """Copies for several recipients that differ in a mark or two: equal ones are not told apart, others are."""
    marked = {f"to{number}.py": ORIGINAL.replace("1.0375", f"1.0{number}75") for number in range(3, 6)}
    alone = trace_text(traced({"found.py": marked["to4.py"]}, marked), language).splitlines()[0]
    assert "to4.py" in alone
    assert "found.py" in alone
    open_answer = load_catalogue("waspglass.report", "trace", language).text(
        "answer.derived_open", sample="found.py", shared="to4.py", count="2"
    )
    assert open_answer not in alone
    twice = traced({"found.py": marked["to4.py"]}, {**marked, "to4again.py": marked["to4.py"]})
    assert "1" in trace_text(twice, language, 100_000).splitlines()[0].rpartition("to4.py")[2]


@pytest.mark.parametrize("mine", range(3))
def test_so_is_one_of_copies_that_differ_in_a_comment_only(mine: int) -> None:
    """What is compared is the same in all of them, so that only their bytes tell the right one."""
    marked = {f"to{number}.py": f"# copy {number}\n{ORIGINAL}" for number in range(3)}
    result = traced({"found.py": marked[f"to{mine}.py"]}, marked)
    answer = load_catalogue("waspglass.report", "trace", "en").text(
        "answer.derived", sample="found.py", shared=f"to{mine}.py"
    )
    assert answer in trace_text(result, "en").splitlines()[0]


def test_copies_on_both_sides_of_the_bound_are_not_told_apart_by_it() -> None:
    marked = {f"to{number}.py": ORIGINAL.replace("1.0375", f"1.0{number}75") for number in range(4, 7)}
    text = load_catalogue("waspglass.report", "trace", "en").text
    result = traced({"found.py": ORIGINAL}, marked)
    best, *others = result.comparisons
    below = result.model_copy(update={"comparisons": (best, *(one.withheld("between") for one in others))})
    answer = text("answer.derived_open", sample="found.py", shared=best.shared, count="2")
    assert answer == Sentences(below, "en").answer()
    both = traced({"found.py": ORIGINAL + OTHER + ADDED}, {**marked, "else.py": OTHER + ADDED})
    assert all(contrast.fits == "both" for contrast in direction(both, "found.py", "else.py").contrasts)
    answer = text("answer.part", sample="found.py", shared="else.py")
    assert answer == Sentences(both, "en").answer()
