"""Whoever floods a log with what rules look for gains nothing: the cost is bounded, and the end of a story stays."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import artefact, both, iis, row, rules_of, sigma
from tests.hunt.test_fast_is_naive import W3C_FIELDS, rule_set, rule_texts, w3c_logs
from waspglass.evidence.artefact import Artefact
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome import collect
from waspglass.hunt.outcome.result import Limits
from waspglass.hunt.scan import decide
from waspglass.hunt.scan.decide import Decider

RULES = st.lists(rule_texts(W3C_FIELDS, '{"category": "webserver"}'), min_size=1, max_size=5)


@given(RULES, w3c_logs())
def test_needle_by_needle_gives_what_all_needles_together_give(texts: list[str], log: Artefact) -> None:
    with patch.object(decide, "_MOST_GROUPS", 0), patch.object(decide, "_MEMO_SIZE", 600):
        both([log], rule_set(texts), Limits(per_rule=10_000))


def test_a_rule_that_two_needles_of_a_line_ask_for_counts_it_once() -> None:
    rules = rules_of(sigma("a: {cs-uri-query|contains: [onexx, twoyy]}\ncondition: a"))
    log = iis(*(row(query="onexx&twoyy") for _ in range(20)))
    with patch.object(decide, "_MOST_GROUPS", 0):
        result = both([log], rules, Limits(per_rule=2))
    assert [skip.count for skip in result.skipped] == [18]


def test_lines_that_each_have_another_set_of_needles_do_not_fill_the_memory() -> None:
    words = [f"word{number:02d}x" for number in range(14)]
    texts = [sigma(f"s: {{cs-uri-query|contains: {word}}}\ncondition: s", title=word) for word in words]
    log = iis(*(row(query="&".join(w for n, w in enumerate(words) if set_ >> n & 1) or "-") for set_ in range(1 << 12)))
    with patch.object(Decider, "group_of", autospec=True, side_effect=Decider.group_of) as made:
        result = both([log], rules_of(*texts), Limits(per_rule=100_000))
    assert len(result.findings) == 12 * (1 << 11)
    assert made.call_count <= decide._MOST_GROUPS + len(words)


LIFE = """
waspglass:
  rung: used
  effect: shows
  subject: implant
  capture: {implant: {field: cs-uri-stem}}
"""


def test_the_last_that_was_seen_of_an_implant_is_kept() -> None:
    """To request one's page often must not hide that it answers still."""
    limit = 1
    often = limit * collect._LIFE_FACTOR + 3 * collect.LAST
    rules = rules_of(sigma("s: {cs-uri-stem: /x.aspx}\ncondition: s", extra=LIFE))
    rows = [row("/x.aspx", time=f"00:{n // 60:02d}:{n % 60:02d}") for n in range(often)]
    result = both([iis(*rows)], rules, Limits(per_rule=limit))
    kept = [one.line for one in result.findings if one.line is not None]
    first = list(range(2, 2 + limit * collect._LIFE_FACTOR))
    last = list(range(2 + often - collect.LAST, 2 + often))
    assert sorted(kept) == first + last
    left = [skip.count for skip in result.skipped if "context:" not in (skip.detail or "")]
    assert left == [often - len(kept)]


def test_rules_that_are_only_counted_are_given_up_together() -> None:
    texts = [sigma(f"s: {{cs-uri-query|contains: q{n}q}}\ncondition: s", title=f"flood{n}") for n in range(3)]
    rare = sigma("s: {cs-uri-query|contains: rare}\ncondition: s", title="rare")
    log = iis(*[row(query=f"q0q_q1q_q2q_{n:05d}") for n in range(40_000)], row(query="q0q_rare"))
    with patch.object(collect, "_FLOOD", 900), patch.object(collect, "_PART_OF_FLOOD", 200):
        result = hunt([log], rules_of(*texts, rare), limits=Limits(per_rule=10))
    details = sorted(skip.detail or "" for skip in result.skipped)
    assert [detail.endswith("too many") for detail in details] == [True] * 3
    assert [one.rule for one in result.findings if one.line == 40_002][-1:] == ["rare"]


ORDERED = """title: both
name: both
correlation:
  type: temporal
  rules: [one, two]
  group-by: [c-ip]
  timespan: 1h
"""


@pytest.mark.parametrize("files", [1, 3])
def test_what_correlations_hear_is_bounded_over_all_files_and_counted(files: int) -> None:
    rules = rules_of(
        sigma("s: {cs-uri-stem: /one}\ncondition: s", title="one"),
        sigma("s: {cs-uri-stem: /two}\ncondition: s", title="two"),
        ORDERED,
    )
    rows = [row("/one"), row("/two"), *(row("/two", ip=f"203.0.113.{n % 250}") for n in range(300))]
    logs = [artefact("iis", iis(*rows).file.open().read(), f"log{n}") for n in range(files)]
    result = hunt(logs, rules, limits=Limits(correlated=100))
    assert any(one.rule == "both" for one in result.findings)
    left = sum(skip.count for skip in result.skipped if (skip.detail or "").startswith("further events"))
    assert left == files * len(rows) - 100


def test_what_a_skip_names_is_escaped() -> None:
    rules = rules_of(sigma("s: {cs-uri-stem: /x}\ncondition: s"))
    log = artefact("iis", iis(row("/x"), row("/x"), "one two").file.open().read(), "logs\\a\x1b[2J\u202e.log")
    result = hunt([log], rules, limits=Limits(per_rule=1))
    assert {skip.source for skip in result.skipped} == {finding.source for finding in result.findings}
    assert all(skip.source.isprintable() for skip in result.skipped)
