"""Feeds that were made to be too much: they end in a line that says so, in bounded time and memory."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import both, pack, rules_of
from tests.hunt.rules.test_misp_events import attribute
from tests.hunt.rules.test_stix_patterns import HOST, WEB, WORDS, read
from waspglass.hunt.rules import rule_texts
from waspglass.hunt.rules.indicator_values import LeftOut
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.misp_events import read_misp
from waspglass.hunt.rules.stix_objects import _KNOWN
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import RuleSource
from waspglass.packs.sigma_documents import sigma_texts


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("[" + " AND ".join(["file:name = 'evil.exe'"] * 100_000) + "]", "more than 5000 parts"),
        ("[" + " OR ".join(["file:name = 'evil.exe'"] * 100_000) + "]", "more than 5000 parts"),
        (" AND ".join(["[file:name = 'evil.exe']"] * 100_000), "more than 5000 parts"),
        ("[" + "(" * 100_000, "more than 5000 parts"),
        ("[file:name = '" + "x" * 3_000_000 + "']", "a value of more than 4096 characters"),
        ("[file:name = '" + "\\\\" * 100_000 + "']", "a value of more than 4096 characters"),
    ],
    ids=["and", "or", "observations", "brackets", "value", "escapes"],
)
def test_patterns_made_to_be_too_much_are_told_in_little_memory(pattern: str, told: str) -> None:
    tracemalloc.start()
    try:
        rules = read(pattern)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [told in (one.detail or "") for one in rules.skipped] == [True]
    assert most < 20 * len(pattern) + 20_000_000


def test_sets_that_multiply_are_bounded_and_one_set_may_be_long() -> None:
    def one_of(kind: str, form: str, number: int) -> str:
        return f"{kind} IN ({', '.join(repr(form.format(n)) for n in range(number))})"

    assert len(read(f"[{one_of('file:name', 'evil{}.exe', 20_000)}]").indicators) == 20_000
    both_sets = f"[{one_of('file:name', 'evil{}.exe', 200)} AND {one_of('domain-name:value', 'a{}.example', 200)}]"
    (skip,) = read(both_sets).skipped
    assert "a pattern of 40000 combinations of values" in (skip.detail or "")


def test_of_many_values_that_are_not_hunted_twenty_are_named_and_the_others_counted() -> None:
    listed = "type,value\n" + "".join(f"mutex,sample{number}\n" for number in range(25))
    *named, rest = rules_of(indicators=[listed]).skipped
    assert (len(named), {one.count for one in named}) == (20, {1})
    assert (rest.detail, rest.count) == ("further indicators", 5)


def test_a_pattern_of_many_parts_has_a_short_id_of_its_own() -> None:
    def but(last: str) -> str:
        return f"[domain-name:value = 'evil.example' AND ipv4-addr:value NOT IN ({rest}, '{last}')]"

    rest = ", ".join(f"'198.51.{number}.1'" for number in range(200))
    ids = [one.id for one in read(*map(but, ("192.0.2.1", "192.0.2.2", "192.0.2.3"))).indicators]
    assert len(set(ids)) == 3
    assert max(map(len, ids)) < 500


def test_a_file_of_more_indicators_than_are_kept_is_cut_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_texts, "_MOST_INDICATORS", 5)
    names = ", ".join(f"'evil{number}.exe'" for number in range(9))
    rules = read(f"[file:name IN ({names})]")
    assert len(rules.indicators) == 5
    assert [(one.reason, one.detail) for one in rules.skipped] == [
        (SkipReason.TOO_LARGE, "all that comes after 5 indicators is not hunted")
    ]


HOSTILE = st.one_of(
    st.sampled_from(
        ["", "%", "*", "\\", "C:\\", "(", "[", "a{9999}", "\x00evil", "::1", "1.2.3.4/99", "-1", "9" * 5000, "nan"]
    ),
    st.text(max_size=8),
)


@given(st.sampled_from(sorted(_KNOWN)), st.sampled_from([*WORDS, "IN", "NOT ISSUBSET", "NOT MATCHES"]), HOSTILE)
def test_no_value_ends_the_hunt(path: str, operator: str, value: str) -> None:
    quoted = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    constant = f"({quoted})" if operator == "IN" else quoted
    rules = read(f"[process:name = 'cmd.exe' AND {path} {operator} {constant}]", f"[{path} {operator} {constant}]")
    for log in (WEB, HOST):
        both([log], rules)


def test_one_list_of_values_under_thousands_of_keys_is_told() -> None:
    """Looked at under each of its aliases, it would be a thousand million values."""
    keys = "".join(f"  F{number}|contains: *x\n" for number in range(20_000))
    (told,) = sigma_texts(f"detection:\n  x: &x [{'1,' * 50_000}]\n{keys}")
    assert told.content == "too large a collection"


def test_made_up_types_are_told_in_a_bounded_number_of_lines() -> None:
    left = list(read_misp(json.dumps({"Attribute": [attribute(f"t{n}", "x") for n in range(500)]}), "e"))
    assert len(left) == 51
    assert sum(one.count for one in left if isinstance(one, LeftOut)) == 500


@pytest.mark.parametrize("name", ["pattern", "name", "pattern_type"])
def test_a_value_that_is_nested_too_deep_is_told(name: str) -> None:
    deep = "[" * 1015 + "]" * 1015
    made = '"type": "indicator", "id": "indicator--1", "pattern": "x"'
    text = f'{{"type": "bundle", "objects": [{{{made}, "{name}": {deep}}}]}}'
    rules = load_rules(pack(), [RuleSource(path="feed.json", text=text, origin="user")])
    assert len(rules.skipped) == 1


@pytest.mark.parametrize("path", ["process:command_line", "user-account:user_id"])
def test_an_empty_value_is_not_hunted_alone(path: str) -> None:
    """Nearly every record lacks such a field."""
    rules = read(f"[{path} = '']")
    assert not rules.indicators
    assert "nearly every record shows that" in (rules.skipped[0].detail or "")
