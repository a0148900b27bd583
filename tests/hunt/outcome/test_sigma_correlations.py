"""Correlations, filters and collections as the Sigma specification describes them, on events of a few minutes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hunt.evidence import artefact, both, pack
from waspglass.hunt.outcome.result import HuntResult, Limits
from waspglass.hunt.rules.condition import Kind, Match
from waspglass.hunt.rules.load import load_rules, read_rule_sources
from waspglass.packs.pack import RuleSource

Found = list[tuple[str, int | None]]


def rule(name: str, *, detection: str = "", logsource: str = "product: windows", extra: str = "") -> str:
    body = detection or f"F: {name}"
    head = f"title: {name}\nname: {name}\nlogsource: {{{logsource}}}\n"
    return f"{head}detection:\n  s: {{{body}}}\n  condition: s\n{extra}"


def joined(kind: str, rules: str, more: str, *, span: str = "5m", name: str = "k", extra: str = "") -> str:
    what = f"{{type: {kind}, rules: [{rules}], group-by: [U], timespan: {span}, {more}}}"
    return f"title: {name}\nname: {name}\ncorrelation: {what}\n{extra}"


def sifting(rules: str, *, logsource: str = "product: windows", condition: str = "not selection") -> str:
    body = f"  rules: {rules}\n  selection: {{G: g}}\n  condition: {condition}\n"
    return f"title: sieve\nlogsource: {{{logsource}}}\nfilter:\n{body}"


def hunted(documents: list[str], log: str, limits: Limits | None = None) -> HuntResult:
    """`log`: events like `a1 b2/U=y c3`: value of `F`, minute, further fields."""
    events = []
    for word in log.split():
        what, *more = word.split("/")
        fields = {"U": "x", **dict(part.split("=") for part in more)}
        moment = f"2021-03-03T01:{int(what[1:]):02}:00Z"
        events.append(json.dumps({"Channel": "Security", "EventID": 1, "EventTime": moment, "F": what[0], **fields}))
    rules = load_rules(pack(), [RuleSource(path="u.yml", text="\n---\n".join(documents), origin="user")])
    return both([artefact("events", "\n".join(events) + "\n")], rules, limits)


def found(documents: list[str], log: str) -> Found:
    result = hunted(documents, log)
    assert result.skipped == ()
    return sorted((one.rule, one.line) for one in result.findings)


A, B, C = map(rule, "abc")
SHARING = "title: shares\ndetection:\n  s: {F: a}\n"


def count(condition: str) -> str:
    return joined("event_count", "a", f"condition: {{{condition}}}")


def measured(kind: str, condition: str) -> str:
    return joined(kind, "a", f"condition: {{{condition}, field: V}}")


MATCHES: list[tuple[list[str], str, Found]] = [
    ([A, count("gte: 3")], "a1 a2 a3", [("k", 3)]),
    ([A, count("gte: 3, field: N")], "a1 a2 a3", [("k", 3)]),
    ([A, count("gte: 3")], "a1 a6 a7 a9", [("k", 4)]),
    ([A, count("gte: 3")], "a1 a10 a20", []),
    ([A, count("gte: 2")], "a1 a2/U=y", []),
    ([A, count("eq: 2")], "a1 a2", [("k", 2)]),
    ([A, count("lt: 3")], "a1 a2", [("k", 2)]),
    ([A, count("gt: 1, lte: 3")], "a1 a2 a3", [("k", 3)]),
    ([A, count("gt: 1, lte: 3")], "a1 a2 a3 a4", []),
    ([A, B, joined("event_count", "a, b", "condition: {gte: 2}")], "a1 b2", [("k", 2)]),
    ([A, measured("value_count", "gte: 3")], "a1/V=1 a2/V=2 a2/V=2 a3/V=3", [("k", 4)]),
    ([A, measured("value_count", "gte: 2")], "a1/V=1 a9/V=2 a18/V=1", []),
    ([A, measured("value_sum", "gt: 10")], "a1/V=6 a2/V=5", [("k", 2)]),
    ([A, measured("value_sum", "gt: 10")], "a1/V=1 a5/V=6 a7/V=6", [("k", 3)]),
    ([A, measured("value_sum", "gt: 10")], "a1/V=inf a2/V=nan a3/V=5", []),
    ([A, measured("value_avg", "gt: 5")], "a1/V=6 a2/V=5", [("k", 2)]),
    ([A, measured("value_median", "gt: 5")], "a1/V=1 a2/V=9 a3/V=7", [("k", 3)]),
    ([A, measured("value_percentile", "percentile: 95, gt: 5")], "a1/V=1 a2/V=9", [("k", 2)]),
    ([A, measured("value_percentile", "percentile: 0, gt: 2")], "a1/V=1 a2/V=9", []),
    ([A, measured("value_percentile", "percentile: 25, gt: 2")], "a1/V=1 a2/V=2 a3/V=9", []),
    ([A, measured("value_percentile", "percentile: 100, gte: 9")], "a1/V=1 a2/V=9", [("k", 2)]),
    ([A, B, joined("temporal", "a, b", "")], "b1 a2", [("k", 2)]),
    ([A, B, joined("temporal", "a, b", "", span="1m")], "b1 a3", []),
    ([A, B, C, joined("temporal", "a, b, c", "condition: {gte: 2}")], "b1 a2", [("k", 2)]),
    ([A, B, C, joined("temporal", "a, b, c", "condition: a and (b or c)")], "a1 c2", [("k", 2)]),
    ([A, B, joined("temporal", "a, b", "condition: a and not b")], "a1 b2", []),
    ([A, B, joined("temporal", "a, b", "condition: a and (not b)")], "a1 b2", []),
    ([A, B, joined("temporal_ordered", "a, b", "")], "b1 a2 b3", [("k", 3)]),
    ([A, B, joined("temporal_ordered", "a, b", "")], "b1 a2", []),
    ([A, B, C, joined("temporal_ordered", "a, b, c", "condition: {gte: 2}")], "a1 c2", [("k", 2)]),
    ([A, B, C, joined("temporal_ordered", "a, b, c", "condition: {gte: 2}")], "c1 a2", []),
    ([A, B, joined("temporal_ordered", "a, b", "condition: a and b")], "b1 a2", []),
    ([A, B, joined("temporal_ordered", "a, b", "condition: b and a")], "a1 b2", [("k", 2)]),
    ([A, B, C, joined("temporal_ordered", "a, b, c", "condition: (a or b) and c")], "c1 b2 c3", [("k", 3)]),
    ([A, B, joined("temporal", "a, b", "aliases: {U: {a: X, b: Y}}")], "a1/X=1 b2/Y=1 b3/Y=2", [("k", 2)]),
]


@pytest.mark.parametrize(("documents", "log", "expected"), MATCHES)
def test_correlations(documents: list[str], log: str, expected: Found) -> None:
    assert found(documents, log) == expected


ID = "0e95725d-7320-415d-80f7-004da920fc12"
BY_ID = A.replace("name: a\n", f"name: a\nid: {ID}\n")
ALSO = rule("also", detection="F|startswith: a")


@pytest.mark.parametrize(("kind", "more"), [("event_count", "gte: 2"), ("value_sum", "gt: 10, field: V")])
def test_a_record_that_two_rules_match_is_counted_once(kind: str, more: str) -> None:
    documents = [A, ALSO, joined(kind, "a, also", f"condition: {{{more}}}")]
    assert found(documents, "a1/V=6") == []
    assert found(documents, "a1/V=6 a2/V=6") == [("k", 2)]


@pytest.mark.parametrize(("named", "aliased"), [(ID, "a"), ("a", ID), (ID, ID)])
def test_aliases_know_a_rule_by_id_and_by_name(named: str, aliased: str) -> None:
    correlation = joined("temporal", f"{named}, b", f"aliases: {{U: {{{aliased}: X, b: Y}}}}")
    assert found([BY_ID, B, correlation], "a1/X=1 b2/Y=1 b3/Y=2") == [("k", 2)]


def test_a_condition_may_name_the_rules() -> None:
    correlation = joined("temporal", "", "condition: a and b").replace("rules: [], ", "")
    assert found([A, B, correlation], "a1 b2") == [("k", 2)]


def test_an_alias_may_speak_of_rules_that_are_not_there() -> None:
    correlation = joined("temporal", "a, b", "aliases: {U: {nowhere: Z, a: X, b: Y}}")
    assert found([A, B, correlation], "a1/X=1 b2/Y=1 b3/Y=2") == [("k", 2)]


def test_values_may_be_counted_by_an_alias() -> None:
    correlation = joined("value_count", "a, b", "aliases: {W: {a: X, b: Y}}, condition: {gte: 2, field: W}")
    assert found([A, B, correlation], "a1/X=1 b2/Y=1 b3/Y=2") == [("k", 3)]


def test_correlations_feed_correlations_whatever_they_are_called_by() -> None:
    many = "id: 0e95725d-7320-415d-80f7-004da920fc12\n" + joined("event_count", "a", "condition: {gte: 2}", name="many")
    last = joined("temporal_ordered", "many, b", "", name="last", span="10m")
    assert found([last, many, A, B], "a1 a2 b3") == [("last", 3)]


@pytest.mark.parametrize(("log", "expected"), [("a1 a3 b2", [("last", 2)]), ("a1 a3 b4", [])])
def test_a_correlation_happens_when_and_where_the_last_of_its_events_does(log: str, expected: Found) -> None:
    many = joined("event_count", "a", "condition: {gte: 2}", name="many")
    last = joined("temporal_ordered", "b, many", "", name="last", span="10m")
    assert found([last, many, A, B], log) == expected


def test_a_correlation_of_correlations_rests_on_the_records_behind_them() -> None:
    many, also = (joined("event_count", one, "condition: {gte: 2}", name=f"many-{one}") for one in "ab")
    last = joined("temporal", "many-a, many-b", "", name="last", span="10m")
    result = hunted([last, many, also, A, B], "a1 b2 a3 b4")
    (made,) = result.findings
    assert (made.line, made.kind, made.excerpt) == (4, "events", result.context[-1].excerpt)
    assert made.time == result.context[-1].time
    assert [one.line for name in made.evidence for one in result.context if one.id == name] == [1, 3, 2, 4]


def test_a_correlation_names_the_first_and_the_last_of_many_records() -> None:
    many = joined("event_count", "a", "condition: {gte: 26}")
    result = hunted([A, many], " ".join(f"a{number // 10}" for number in range(26)))
    (made,) = result.findings
    lines = [one.line for name in made.evidence for one in result.context if one.id == name]
    assert lines == [*range(1, 11), *range(17, 27)]


def test_a_correlation_stands_at_its_last_record_though_no_more_hits_of_it_are_kept() -> None:
    log = " ".join(f"a{number // 10}" for number in range(60))
    result = hunted([A, count("gte: 30")], log, Limits(per_rule=1))
    whole = hunted([A, count("gte: 30")], log)
    assert len(result.context) < len(whole.context)
    assert [one.time for one in result.findings] == [one.time for one in whole.findings]
    assert all(one.line or one.offset for one in result.findings)


def test_a_correlation_that_comes_true_all_day_tells_the_first_and_the_last_times() -> None:
    log = " ".join(f"a{number}" for number in range(50))
    result = hunted([A, count("gte: 1")], log, Limits(per_rule=5))
    minutes = [one.time.minute for one in result.findings if one.time is not None]
    assert minutes == [*range(5), *range(30, 50)]
    assert [(one.source, one.count) for one in result.skipped if one.detail == "further matches"] == [("k", 25)]


def test_the_first_and_the_last_times_are_those_of_all_groups() -> None:
    log = " ".join(["a0/U=y", *(f"a{number}" for number in range(1, 49)), "a49/U=y"])
    result = hunted([A, count("gte: 1")], log, Limits(per_rule=5))
    assert [one.time.minute for one in result.findings if one.time is not None] == [*range(5), *range(30, 50)]


def test_more_times_are_told_where_an_implant_is_used() -> None:
    page = "waspglass: {rung: used, capture: {page: {field: P}}, subject: page}\n"
    kind = joined("event_count", "a", "condition: {gte: 1}", extra=page)
    result = hunted([A, kind], " ".join(f"a{number}" for number in range(50)), Limits(per_rule=1))
    minutes = [one.time.minute for one in result.findings if one.time is not None]
    assert minutes == [*range(20), *range(30, 50)]


@pytest.mark.parametrize("more", ["group-by: [H]", "group-by: [U], condition: {gte: 2, field: V}"])
def test_a_correlation_that_asks_another_for_what_it_does_not_know_is_told(more: str) -> None:
    many = joined("event_count", "a", "condition: {gte: 2}", name="many")
    kind = "value_count" if "field" in more else "temporal"
    last = joined(kind, "many", "", name="last").replace("group-by: [U]", more)
    result = hunted([many, last, A], "a1/H=h a2/H=h")
    assert [(one.source, (one.detail or "")[:40]) for one in result.skipped] == [
        ("last", "a correlation gives only the fields that")
    ]
    assert [one.rule for one in result.findings] == ["many"]


@pytest.mark.parametrize("where", ["generate: true", "generate: yes"])
def test_generate_lets_the_feeding_rules_speak(where: str) -> None:
    speaking = joined("event_count", "a", f"condition: {{gte: 2}}, {where}")
    assert found([A, speaking], "a1 a2") == [("a", 1), ("a", 2), ("k", 2)]
    beside = joined("event_count", "a", "condition: {gte: 2}", extra=where)
    assert found([A, beside], "a1 a2") == [("a", 1), ("a", 2), ("k", 2)]


def test_generate_in_a_description_means_nothing() -> None:
    described = joined("event_count", "a", "condition: {gte: 2}", extra="description: |\n  generate: true\n")
    assert found([A, described], "a1 a2") == [("k", 2)]


@pytest.mark.parametrize(
    ("correlation", "why"),
    [
        (joined("temporal", "a, nowhere", ""), "nowhere"),
        (joined("temporal", "a, k", ""), "k"),
        (joined("temporal_ordered", "a, b", "condition: a and not b"), "false"),
        (joined("temporal_ordered", "a, b", "condition: {eq: 2}"), "false"),
        (joined("event_count", "a", "condition: {gte: 2}", span="5x"), "Timespan"),
        (joined("guess", "a", ""), "guess"),
        (count("gte: many"), "many"),
        (count("lt: 1"), "no event at all"),
        (count("gte: 0, eq: 0"), "no event at all"),
        (joined("temporal_ordered", "a, a", ""), "twice"),
        (measured("value_percentile", "gt: 5"), "percentile"),
        (count("gte: 2").replace("group-by", "group_by"), "no group_by"),
        (joined("temporal", "", ""), "names no rule"),
        (measured("value_percentile", "gt: 5, percentile: 101"), "no percentile 101"),
        (measured("value_percentile", "gt: 5, percentile: -1"), "no percentile -1"),
        (measured("value_percentile", "gt: 5, percentile: 90.5"), "a whole number"),
        (f"{count('gte: 2')}generate: perhaps\n", "either true or false"),
        ("title: k\ncorrelation: a\n", "no mapping"),
        (count(f"gte: {'9' * 400}"), "too large"),
        (count(f"gte: 2, lte: {'9' * 400}"), "too large"),
        (joined("value_count", "a", "condition: {gte: 2, field: []}"), "names no field"),
        (joined("temporal", "a, b", f"condition: '{'(' * 51}a and b{')' * 51}'"), "brackets"),
        (joined("temporal", "a, b", "aliases: {U: {a: [V, W]}}"), "the alias U"),
    ],
)
def test_a_correlation_that_cannot_run_is_told_and_its_rules_speak_for_themselves(correlation: str, why: str) -> None:
    result = hunted([A, B, correlation], "a1")
    assert [one.rule for one in result.findings] == ["a"]
    (skip,) = result.skipped
    assert why in (skip.detail or "")


def test_a_chain_of_all_its_rules_may_be_long() -> None:
    names = "abcdefghijlm"
    log = " ".join(f"{name}{minute}" for minute, name in enumerate(names, 1))
    chain = joined("temporal_ordered", ", ".join(names), "", span="1h")
    assert found([*map(rule, names), chain], log) == [("k", 12)]


def test_a_filter_adds_to_the_rules_that_it_names() -> None:
    assert found([A, B, sifting("[a]")], "a1 a2/G=g b3/G=g") == [("a", 1), ("b", 3)]
    assert found([A, B, sifting("any")], "a1 a2/G=g b3/G=g") == [("a", 1)]
    assert found([A, sifting("[a]", condition="not 1 of sel*")], "a1 a2/G=g") == [("a", 1)]


@pytest.mark.parametrize("sieve", [sifting("[zzz]"), sifting("any", logsource="product: linux")])
def test_a_filter_that_is_for_no_rule_is_told(sieve: str) -> None:
    result = hunted([A, sieve], "a1/G=g")
    assert [one.rule for one in result.findings] == ["a"]
    assert "sieve" in (result.skipped[0].detail or "")


def test_rules_that_a_filter_names_and_that_are_not_here_are_told() -> None:
    result = hunted([A, B, sifting("[a, c, g, f, e, d, h]")], "a1/G=g b1/G=g")
    assert [one.rule for one in result.findings] == ["b"]
    (skip,) = result.skipped
    assert skip.count == 6
    assert "names rules that are not here, or for another log: c, d, e, f, g, ... (" in (skip.detail or "")


@pytest.mark.parametrize("named", ["any", "[]", "a", f"[a, {ID}]", f"[{ID}]", f"[{ID.upper()}]"])
@pytest.mark.parametrize("logsource", ["product: windows", "category: process_creation"])
def test_a_filter_knows_rules_by_id_and_by_name(named: str, logsource: str) -> None:
    known = rule("a", logsource="category: process_creation", extra=f"id: {ID}\n")
    rules = load_rules(
        pack(), [RuleSource(path="u.yml", text=f"{known}---\n{sifting(named, logsource=logsource)}", origin="user")]
    )
    assert rules.skipped == ()


@pytest.mark.parametrize("selection", ["1st", "_own", "filter-not-this"])
def test_a_filter_may_call_its_selection_as_a_rule_may(selection: str) -> None:
    sieve = sifting("[a]", condition=f"not {selection}").replace("selection:", f"{selection}:")
    assert found([A, sieve], "a1 a2/G=g") == [("a", 1)]


@pytest.mark.parametrize("condition", ["selection", "1 of selection*", "selection-not-that"])
def test_a_filter_that_could_mean_its_opposite_is_told(condition: str) -> None:
    """The specification's example leaves out what is selected, pySigma keeps nothing else."""
    sieve = sifting("[a]", condition=condition).replace("selection:", f"{condition.split()[-1].strip('*')}:")
    result = hunted([A, sieve], "a1 a2/G=g")
    assert [one.line for one in result.findings] == [1, 2]
    assert "write `not`" in (result.skipped[0].detail or "")


@pytest.mark.parametrize("other", [A, joined("event_count", "a", "condition: {gte: 1}"), sifting("[a]")])
def test_what_is_written_in_another_taxonomy_is_told(other: str) -> None:
    result = hunted([B, f"taxonomy: ecs\n{other}"], "a1 b2")
    assert [one.rule for one in result.findings] == ["b"]
    assert "the taxonomy 'ecs'" in (result.skipped[0].detail or "")


def test_a_taxonomy_that_is_not_filled_in_is_that_of_sigma() -> None:
    assert found([f"taxonomy:\n{A}"], "a1") == [("a", 1)]


def test_a_broken_filter_takes_no_rule_along() -> None:
    result = hunted([A, sifting("any", condition="not other")], "a1")
    assert [one.rule for one in result.findings] == ["a"]
    assert [one.detail for one in result.skipped] == ["sieve: Detection 'other' not defined in detections"]


def test_a_filter_of_the_user_leaves_the_rules_of_the_pack_alone() -> None:
    sieve = RuleSource(path="u.yml", text=sifting("any"), origin="user")
    rules = load_rules(pack(A), [sieve])
    assert rules.rules[0].condition == Match("F", Kind.PATTERN, parts=(("text", "a"),))
    assert [one.source for one in rules.skipped] == ["u.yml"]


REMARKS = """id: 200088
tags: [sysmon, attack.t1505.003, attack.t1505 shells, 7]
date: sometime
level: 3
references: none
author: [x]
correlation: compare the logons
"""


def test_remarks_that_are_no_sigma_cost_no_detection() -> None:
    """Whoever brings the rules of others cannot mend what says nothing of a match."""
    loose = rule("a", extra=REMARKS).replace("name: a\n", "")
    (finding,) = hunted([loose], "a1").findings
    assert (finding.rule, finding.techniques) == ("200088", ("T1505.003",))
    assert found([loose, sifting("['200088']")], "a1 a2/G=g") == [("200088", 1)]
    for name in ("'200088'", "200088"):
        assert found([loose, joined("event_count", name, "condition: {gte: 2}")], "a1 a2") == [("k", 2)]


def test_a_correlation_calls_rules_by_ids_in_capitals_or_by_names_that_look_like_ids() -> None:
    own, name = "AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee", "deadbeef" * 4
    one, two = rule("a", extra=f"id: {own}").replace("name: a\n", ""), A.replace("name: a", f"name: {name}")
    assert found([one, joined("event_count", own, "condition: {gte: 2}")], "a1 a2") == [("k", 2)]
    assert found([two, B, joined("temporal", f"{name}, b", f"condition: {name} and b")], "a1 b2") == [("k", 2)]


def test_operators_of_a_condition_may_be_written_in_capitals() -> None:
    body = "detection:\n  s: {F|startswith: a}\n  NOT: {G: g}\n  condition: "
    head = "title: x\nname: x\nlogsource: {product: windows}\n"
    assert found([f"{head}{body}s AND not (NOT)"], "a1 a2/G=g b3") == [("x", 1)]
    plain = body.replace("NOT", "t")
    assert found([f"{head}{plain}[s AND NOT t, t]"], "a1 a2/G=g b3/G=g b4") == [("x", 1), ("x", 2), ("x", 3)]
    assert found([A, sifting("any", condition="NOT selection")], "a1 a2/G=g") == [("a", 1)]
    assert found([A, B, joined("temporal", "a, b", "condition: a AND NOT b")], "a1") == [("k", 1)]


def test_names_with_capitals_inside_are_no_operators() -> None:
    head = "title: x\nname: x\nlogsource: {product: windows}\ndetection:\n  "
    body = "OR1: {F|startswith: a}\n  OR2: {F: b}\n  s-NOT-t: {G: g}\n  condition: 1 of OR* AND NOT s-NOT-t"
    assert found([head + body], "a1 b2 a3/G=g c4") == [("x", 1), ("x", 2)]


def test_collections_spread_what_is_global() -> None:
    shared = "action: global\ntitle: g\nlogsource: {product: windows}\n"
    own = "name: {0}\ndetection: {{s: {{F: {0}}}, condition: s}}\n"
    again = "action: repeat\nname: again\ndetection: {s: {F: c}}\n"
    assert found([shared, own.format("a"), own.format("b"), again], "a1 b2 c3") == [("a", 1), ("again", 3), ("b", 2)]
    assert "no action" in (hunted([A, "action: dance\ntitle: x\n"], "a1").skipped[0].detail or "")


@pytest.mark.parametrize("documents", [["{0}"], [A, "{0}"], ["{0}", "action: reset", A], ["{0}", "{0}", SHARING]])
def test_a_global_document_without_a_rule_is_told(documents: list[str]) -> None:
    shared = "action: global\nlogsource: {product: windows}\ndetection: {condition: s}\n"
    (skip,) = hunted([one.replace("{0}", shared) for one in documents], "a1").skipped
    assert skip.detail == "no rule follows on `action: global`"


@pytest.mark.parametrize("called", [f"id: {ID}\n", "name: n\n", f"id: {ID}\nname: n\n"])
def test_each_rule_of_a_collection_runs_though_they_share_an_id(called: str) -> None:
    own = "detection: {{s: {{F: {0}}}, condition: s}}\n"
    shared = f"action: global\ntitle: g\n{called}logsource: {{product: windows}}\n"
    documents = [shared, own.format("a"), own.format("b"), "action: repeat\n" + own.format("c")]
    first = "n" if "name" in called else ID
    assert found(documents, "a1 b2 c3") == [(first, 1), ("u.yml#2", 2), ("u.yml#3", 3)]


def test_rules_of_one_name_are_shown_by_their_ids_unless_a_correlation_joins_them_by_it() -> None:
    ids = [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2)]
    twins = [rule("a", detection=f"F: {value}", extra=f"id: {id_}\n") for id_, value in zip(ids, "ab", strict=True)]
    assert found(twins, "a1 b2") == [(ids[0], 1), (ids[1], 2)]
    assert found([*twins, count("gte: 2")], "a1 b2") == [("k", 2)]


def test_rules_without_name_in_one_file_are_told_apart() -> None:
    nameless = [one.replace(f"name: {name}\n", "") for one, name in ((A, "a"), (B, "b"))]
    assert found(nameless, "a1 b2") == [("u.yml#1", 1), ("u.yml#2", 2)]


def test_a_broken_document_does_not_take_the_others_along() -> None:
    twice = "title: x\ntitle: y\ndetection: {s: {F: a}, condition: s}\nlogsource: {product: windows}"
    result = hunted([twice, A], "a1")
    assert [one.rule for one in result.findings] == ["a"]
    assert [one.detail for one in result.skipped] == ["not YAML: line 2: the key 'title' stands twice"]


def test_rule_files_are_read_as_they_come(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        file = tmp_path / f"{encoding}.rule"
        file.write_text(A, encoding=encoding)
        (source,), skipped = read_rule_sources([file])
        assert load_rules(pack(), [source]).rules[0].name == "a"
        assert skipped == ()
    sources, (skip,) = read_rule_sources([tmp_path])
    assert sources == ()
    assert skip.detail == "no rules are there"


NAMES_WHAT_ENDS_IT = "waspglass: {rung: used, capture: {page: {field: P}}, subject: page}\n"


@pytest.mark.parametrize(("extra", "matches"), [("", 1), (NAMES_WHAT_ENDS_IT, 51)])
def test_a_chain_that_names_what_it_ends_in_does_so_again_up_to_a_bound(extra: str, matches: int) -> None:
    chain = joined("temporal_ordered", "a, b", "condition: {gte: 2}", extra=extra)
    log = "a1 " + " ".join(f"b2/P=page{number}" for number in range(80))
    told = [one for one in found([A, B, chain], log) if one[0] == "k"]
    assert len(told) == matches


def test_a_chain_ends_no_later_than_its_timespan_allows() -> None:
    chain = joined("temporal_ordered", "a, b", "condition: {gte: 2}", extra=NAMES_WHAT_ENDS_IT)
    assert [one for one in found([A, B, chain], "a1 b2 b5 b9") if one[0] == "k"] == [("k", 2), ("k", 3)]
