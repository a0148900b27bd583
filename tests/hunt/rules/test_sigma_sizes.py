"""Rules of strangers that would be written out without end: refused by name, before they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.hunt.rules import sigma_files
from waspglass.hunt.rules.condition import matches
from waspglass.hunt.rules.rule_texts import read_rules
from waspglass.hunt.rules.sigma_sizes import comparisons
from waspglass.hunt.rules.stored import RuleTable
from waspglass.model.skip import SkipReason, detail_words
from waspglass.packs.pack import RuleSource
from waspglass.packs.sigma_documents import sigma_texts

RULE = "title: many\nlogsource: {product: windows, category: process_creation}\ndetection:\n"


def read(text: str) -> RuleTable:
    return read_rules([RuleSource(path="rules.yml", text=text, origin="user")])


VALUES = st.lists(st.sampled_from(["plain", "-one", " -one /two", " -a -b -c", "a-b", "--x"]), min_size=1, max_size=4)
FIELDS = st.dictionaries(
    st.sampled_from(["A|contains", "A|windash|contains", "B|base64offset|contains", "C|windash|contains|all", "D"]),
    VALUES,
    min_size=1,
    max_size=3,
)
CONDITIONS = st.lists(
    st.sampled_from(["one", "two", "1 of *", "all of t*", "1 of them", "not one", "all of them"]),
    min_size=1,
    max_size=4,
).map(" or ".join)


@given(one=FIELDS, two=FIELDS, condition=CONDITIONS)
def test_what_is_reckoned_is_what_is_compared(
    one: dict[str, list[str]], two: dict[str, list[str]], condition: str
) -> None:
    text = f"{RULE}  one: {one}\n  two: {two}\n  condition: {condition}\n"
    (document,) = sigma_texts(text)
    assert isinstance(document.content, dict)
    reckoned = comparisons(document.content["detection"])
    (rule,) = read(text).rules
    assert reckoned == sum(1 for _ in matches(rule.condition))


@pytest.mark.parametrize("shape", ["no mapping", None, ["condition"], {"condition": 7}, {"condition": [None, {}]}])
def test_what_is_no_detection_compares_nothing(shape: object) -> None:
    assert comparisons(shape) == 0


@pytest.mark.parametrize(
    ("detection", "count"),
    [
        ("  s:\n    A|windash|contains:\n" + "      - ' -a -b -c'\n" * 5_000 + "  condition: s\n", "625,000"),
        (
            "".join(f"  s{n}: {{A: b}}\n" for n in range(1_000)) + f"  condition: {' or '.join(['1 of s*'] * 1_000)}\n",
            "1,000,000",
        ),
    ],
)
def test_a_rule_that_compares_too_much_is_told_and_takes_no_other_along(detection: str, count: str) -> None:
    table = read(f"{RULE}{detection}---\n{RULE.replace('many', 'few')}  s: {{A: b}}\n  condition: s\n")
    assert [rule.title for rule in table.rules] == ["few"]
    (skip,) = table.skipped
    assert skip.reason is SkipReason.UNSUPPORTED_RULE
    assert skip.detail is not None
    assert skip.detail.startswith(f"many: compares {count} values; all rules together, a filter once")
    assert detail_words(skip.detail, "de").endswith("lange Listen als Indikatoren")


def test_a_condition_that_takes_minutes_to_look_up_is_told() -> None:
    selections = "".join(f"  s{n}: {{A: b}}\n" for n in range(20_000))
    table = read(f"{RULE}{selections}  condition: {' or '.join(f'1 of s{n}*' for n in range(20_000))}\n")
    (skip,) = table.skipped
    assert skip.detail == "many: a condition with 20,000 names with `*`, for 20,000 selections"
    assert detail_words(skip.detail, "de") == "many: eine Bedingung mit 20,000 Namen mit `*`, für 20,000 Auswahlen"


def test_what_filters_add_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sigma_files, "_MOST_COMPARISONS", 6)
    sieve = (
        "title: f\nlogsource: {product: windows}\nfilter:\n  rules: any\n  x: {A: [a, b, c]}\n  condition: not x\n---\n"
    )
    few = f"{RULE}  s: {{A: b}}\n  condition: s\n"
    assert len(read(f"{few}---\n{few}").rules) == 2
    table = read(f"{sieve}{few}---\n{few}")
    assert (len(table.rules), [one.reason for one in table.skipped]) == (1, [SkipReason.UNSUPPORTED_RULE])


def test_what_a_user_brings_takes_nothing_from_the_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sigma_files, "_MOST_COMPARISONS", 3)
    sieve = "title: f\nlogsource: {product: windows}\nfilter: {rules: any, x: {A: [a, b, c]}, condition: not x}\n"
    pack = RuleSource(path="own.yml", text=f"{RULE}  s: {{A: b}}\n  condition: s\n", origin="pack")
    table = read_rules([pack, RuleSource(path="filter.yml", text=sieve, origin="user")])
    assert ([rule.source for rule in table.rules], [one.source for one in table.skipped]) == (
        ["own.yml"],
        ["filter.yml"],
    )


def test_a_rule_may_have_thousands_of_filters() -> None:
    sieves = "".join(
        f"---\ntitle: f\nlogsource: {{product: windows}}\nfilter: {{rules: any, x: {{A: b{n}}}, condition: not x}}\n"
        for n in range(1_500)
    )
    (rule,) = read(f"{RULE}  s: {{A: b}}\n  condition: s\n{sieves}").rules
    assert sum(1 for _ in matches(rule.condition)) == 1_501


def test_rules_that_copy_one_another_are_bounded_together() -> None:
    first = f"{RULE}  s: {{A: b}}\n  condition: s\n"
    copies = "".join(f"---\naction: repeat\ndetection: {{s{n}: {{A: b}}}}\n" for n in range(600))
    table = read(first + copies)
    assert 300 < len(table.rules) < 600
    assert {one.detail for one in table.skipped} == {"too large a collection"}


def correlation(number: int, fed: str) -> str:
    return (
        f"---\ntitle: c{number}\nname: c{number}\ncorrelation:\n  type: event_count\n  rules: [{fed}]\n"
        "  group-by: [User]\n  timespan: 1h\n  condition: {gte: 2}\n"
    )


@pytest.mark.parametrize("length", [100, 101])
def test_a_chain_of_correlations_has_an_end(length: int) -> None:
    rule = f"name: c0\n{RULE}  s: {{A: b}}\n  condition: s\n"
    table = read(rule + "".join(correlation(n, f"c{n - 1}") for n in range(length, 0, -1)))
    assert len(table.correlations) == min(length, 100)
    assert [one.detail for one in table.skipped] == ["rules that feed it form a chain of more than 100"][: length - 100]
