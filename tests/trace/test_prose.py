"""Markdown and HTML: what their grammars leave whole is read word for word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trace.programs import source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.languages import language_named
from waspglass.trace.result import Comparison
from waspglass.trace.syntax import INNER, PLAIN, WORD, Syntax, read_syntax
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict
from waspglass.trace.views import tokens_of, tree_of

PROSE = """# Rain gauges

How the gauges of the valley are read, and what is done with the figures when a gauge was silent for some days.

## Reading

Each morning at seven somebody walks to the gauge, reads the scale to the half litre, and empties it. The figure goes
into the book, and from the book into the table; whoever forgets a day leaves it empty. At the end of the month the
sheet is sent to the office, where two people type it in, each on their own, so that errors show.

## Correction

Gauges under trees lose some of the water. Their figures are multiplied by 1.0375, which was measured in 1987 beside a
gauge in the open field. Figures below half a litre are left out, for dew gives as much.

- the station with the greatest sum comes first, and of each station the wettest day is named
- a mean over three stations smooths the rest, but not where one of the three was silent

```python
totals = {name: sum(litres) * 1.0375 for name, litres in readings.items() if name}
```

| station | litres |
|---|---|
| north of the mill | 12.5 |
"""
OTHER = """# Lending tools

Our workshop lends tools to whoever lives in the street, as long as they bring them back clean and before Sunday.

## How to borrow

Come by on Tuesday or Thursday evening. Write your name in the list on the door, take what you need from the shelf, and
show it to whoever is there. Ladders need two people to carry. We take no money, but cake is welcome at any time!

## What broke

Things break; tell us, and nobody will be angry. A saw with a bent blade that nobody told us of has cost Peter a thumb
nail in spring, so please do. Repairs are done on the first Saturday in a month, with soup afterwards.

1. the drill must be charged, and its box must be closed with both clips
2. paint brushes that are dry as stone go into the bin and not back on the shelf
"""
SCRIPT = """
function total(readings) {
  const sums = new Map();
  for (const [station, litres] of readings) {
    if (litres < 0.5) continue;
    sums.set(station, (sums.get(station) || 0) + litres * 1.0375);
  }
  return [...sums].sort((a, b) => b[1] - a[1]);
}
function show(rows) {
  const body = document.querySelector("#gauges tbody");
  for (const [station, sum] of rows) {
    const row = body.insertRow();
    row.insertCell().textContent = station;
    row.insertCell().textContent = sum.toFixed(2);
  }
}
"""


def compared(a: str, b: str, suffix: str) -> Comparison:
    result = trace(
        [source(f"a{suffix}", a)], [source(f"b{suffix}", b)], calibration=load_calibration(), commons=load_commons()
    )
    return result.comparisons[0]


def leaves(syntax: Syntax, raw: bytes) -> list[bytes]:
    at = np.flatnonzero((syntax.role != INNER) & (syntax.end > syntax.start))
    return [raw[start:end] for start, end in zip(syntax.start[at].tolist(), syntax.end[at].tolist(), strict=True)]


def read(text: str, language: str) -> Syntax:
    found = language_named(language)
    assert found is not None
    return read_syntax(text.encode(), found)


def test_each_word_of_a_text_is_a_token_wherever_it_stands() -> None:
    words = leaves(read(PROSE, "markdown"), PROSE.encode())
    assert {b"gauges", b"seven", b"1987", b"greatest", b"totals", b"mill", b","} <= set(words)
    page = f"<html><body><p>Opening hours of the mill</p><script>{SCRIPT}</script></body></html>"
    assert {b"Opening", b"mill", b"toFixed", b"1.0375"} <= set(leaves(read(page, "html"), page.encode()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("他们读雨量。", ["他", "们", "读", "雨", "量", "。"]),
        ("«Дождь» — это", ["«", "Дождь", "»", "—", "это"]),
        ("비가 “Öfter” fällt…", ["비가", "“", "Öfter", "”", "fällt", "…"]),
    ],
)
def test_words_of_other_scripts_and_their_marks_are_told_apart(text: str, words: list[str]) -> None:
    for language in ("markdown", "html"):
        assert [word.decode() for word in leaves(read(text, language), text.encode())] == words


def test_words_are_the_same_in_capitals_and_short_ones_count_as_themselves() -> None:
    small, large = (tokens_of(read(text, "markdown")) for text in ("über мир дождь", "ÜBER МИР ДОЖДЬ"))
    assert small.text.tolist() == large.text.tolist()
    assert small.role.tolist() == [WORD, PLAIN, WORD]


def test_a_text_with_other_words_is_another_text() -> None:
    same = compared(PROSE, PROSE.replace("valley", "region").replace("seven", "eight"), ".md")
    assert (same.verdict, same.score < 1.0) == (Verdict.DERIVED, True)
    assert compared(PROSE, OTHER, ".md").verdict is not Verdict.DERIVED
    assert compared(PROSE, OTHER, ".md").score < 0.1


@pytest.mark.parametrize(("old", "new"), [("sums", "acc"), ("station", "key"), ("0.5", "0.75")])
def test_a_script_in_a_page_is_compared_by_its_tokens(old: str, new: str) -> None:
    page = "<html><head><title>{}</title></head><body><table id=gauges></table><script>{}</script></body></html>"
    one = compared(page.format("Rain", SCRIPT), page.format("Water", SCRIPT.replace(old, new)), ".html")
    assert one.score > 0.5
    assert sum(region.tokens for region in one.regions) > 100


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([*PROSE.splitlines(), "> quoted, *so*", "    code()", "\ttab", "", "<b>x</b>", "ä ö"])),
    st.sampled_from(["markdown", "html"]),
)
def test_tokens_stand_in_order_and_inside_of_one_another(lines: list[str], language: str) -> None:
    text = "\n".join(lines)
    syntax, raw = read(text, language), text.encode()
    leaf = (syntax.role != INNER) & (syntax.end > syntax.start)
    assert np.all(np.diff(syntax.start[leaf].astype(int)) >= 0)
    assert np.all(syntax.end[leaf][:-1] <= syntax.start[leaf][1:])
    tree = tree_of(syntax)
    assert np.all(tree.parent[1:] < np.arange(1, len(tree.parent)))
    if language == "markdown":
        assert b"".join(leaves(syntax, raw)) == b"".join(raw.split())
