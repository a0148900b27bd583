"""Headers that name a column twice."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import artefact, both, rules_of, sigma
from waspglass.evidence.artefact import distinct


@given(st.lists(st.sampled_from(["a", "b", "a (2)", "a (3)", "c"]), max_size=12))
def test_columns_of_one_name_are_told_apart_and_the_last_keeps_it(names: list[str]) -> None:
    told = distinct(names)
    assert len(set(told)) == len(told) == len(names)
    for place, name in enumerate(names):
        assert (told[place] == name) is (name not in names[place + 1 :])


def test_a_header_of_nothing_but_one_name_costs_no_square() -> None:
    begun = time.process_time()
    assert len(set(distinct(["a"] * 200_000))) == 200_000
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ("date cs-method c-ip cs-method", "2021-03-03 GET 198.51.100.7 POST"),
        ("cs-method date c-ip cs-method sc-status", "GET 2021-03-03 198.51.100.7 POST 200"),
    ],
)
@pytest.mark.parametrize("rule", ["s: {cs-method: POST}", "s: {cs-method|endswith: OST}", "s: {cs-method|re: ^PO}"])
def test_what_a_column_of_a_doubled_name_holds_is_found(fields: str, row: str, rule: str) -> None:
    log = artefact("iis", f"#Fields: {fields}\n{row}\n{row.replace('POST', '-')}\n")
    assert [one.line for one in both([log], rules_of(sigma(rule + "\ncondition: s"))).findings] == [2]
    empty = rules_of(sigma("s: {cs-method: null}\ncondition: s"))
    assert [one.line for one in both([log], empty).findings] == [3]
