"""What the scan remembers of lines is bounded by bytes, and changes no answer."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import IIS_FIELDS, KINDS, artefact, both, iis, pack, row, rules_of, sigma
from tests.hunt.scan.exactly import exactly_tested
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules import searching
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.scan import decide
from waspglass.hunt.scan.decide import Decider, Group
from waspglass.packs.pack import DerivedField

RULES = rules_of(
    sigma("s: {cs-uri-stem|contains: /ecp/}\nf: {cs-uri-query|contains: q}\ncondition: s and not f", title="r")
)

FIELDS = f"#Fields: {IIS_FIELDS}"


def remembered(monkeypatch: pytest.MonkeyPatch, length: int) -> int:
    """Bytes that are kept for a hundred lines with a cell of this length."""
    kept: dict[int, Group] = {}
    real = Decider._remember

    def spy(self: Decider, group: Group, cells: object, matched: tuple[object, ...], length: int) -> None:
        real(self, group, cells, matched, length)  # type: ignore[arg-type]  # passed on as it came
        kept[id(group)] = group

    monkeypatch.setattr(Decider, "_remember", spy)
    lines = [row(f"/ecp/{number}{'x' * length}") for number in range(100)]
    log = iis(*lines)
    fast, slow = hunt([log], RULES), hunt([log], RULES, naive=True)
    assert (fast.findings, fast.skipped) == (slow.findings, slow.skipped)
    assert kept
    return sum(len(repr(cells)) for group in kept.values() for cells in group.memo)


def test_short_lines_are_remembered_and_long_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert remembered(monkeypatch, 10) > 1000
    assert remembered(monkeypatch, 50_000) == 0


def test_what_is_remembered_is_bounded_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_MEMO_SIZE", 20_000)
    assert 0 < remembered(monkeypatch, 1_000) <= 20_000


def test_a_field_that_may_be_cut_out_of_several_columns_is_remembered_by_all_of_them() -> None:
    ways = tuple(
        DerivedField(name="token", source=(one,), regex="t=([a-z]+)") for one in ("cs-uri-query", "cs(Cookie)")
    )
    kinds = tuple(one.model_copy(update={"derive": ways}) if one.kind == "iis" else one for one in KINDS)
    rules = load_rules(pack(sigma("s: {token: evil}\ncondition: s")).model_copy(update={"kinds": kinds}))
    queries = ["t=good", "t=evil"] * 3
    log = iis(
        *(f"2021-03-03 00:00:01 {query} - {'evil' if query[2] == 'e' else 'evil.evil'}" for query in queries),
        fields="date time cs-uri-query cs(Cookie) cs-host",
    )
    assert [one.line for one in both([log], rules).findings] == [3, 5, 7]
    only_query = iis("2021-03-03 00:00:01 t=evil", fields="date time cs-uri-query")
    assert [one.line for one in both([only_query], rules).findings] == [2]


def test_a_rule_that_cannot_match_a_line_costs_the_others_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Together the two rules depend on more cells than are remembered; the first alone on two."""
    decided = exactly_tested(monkeypatch)
    rules = rules_of(
        sigma("s: {cs-uri-stem|contains: /ecp/}\nf: {cs-uri-query|contains: q}\ncondition: s and not f", title="a"),
        sigma(
            "s: {cs-uri-stem|contains: /ecp/, cs-method: POST, sc-status: 200, c-ip: 9.9.9.9,\n"
            "    cs-user-agent|contains: odd}\ncondition: s",
            title="b",
        ),
    )
    log = iis(*[row("/ecp/x", query="q")] * 300, *[row("/ecp/x", method="POST", ip="9.9.9.9", agent="odd")] * 3)
    both([log], rules)
    assert sorted(rules for rules, _ in decided) == [1, 2, 2, 2]


def test_a_line_that_was_not_met_before_is_decided_by_its_further_needle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line has a query of its own, so a memory of cells has no answer for it."""
    decided = exactly_tested(monkeypatch)
    rules = rules_of(sigma("s: {cs-uri-stem|contains: /ecp/first, cs-uri-query|contains: odd}\ncondition: s"))
    queries = [f"q={number}" for number in range(200)]
    log = iis(*(row("/ecp/first", query=one) for one in (*queries, "odd", *queries)))
    assert len(both([log], rules).findings) == 1
    assert [b" odd " in line for _, line in decided] == [True]


def test_what_was_decided_in_one_log_is_known_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    decided = exactly_tested(monkeypatch)
    quiet = [row("/ecp/first", query="q")] * 50
    logs = {"first": quiet, "second": [*quiet, row("/ecp/")]}
    made = [artefact("iis", "\r\n".join((FIELDS, *rows, "")), name) for name, rows in logs.items()]
    assert [one.line for one in both(made, RULES).findings] == [52]
    assert len(decided) == 2


def test_records_that_take_too_long_are_counted_in_each_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SECONDS_PER_VALUE", 0.02)
    rules = rules_of(sigma("s: {cs-uri-query|re: '(?=a)(a|aa)+$'}\ncondition: s"))
    slow = (FIELDS, *[row(query="a" * 80 + "b")] * 2, "")
    logs = [artefact("iis", "\r\n".join(slow), name) for name in ("first", "second")]
    skips = [[(one.source, one.count) for one in hunt(logs, rules, naive=naive).skipped] for naive in (False, True)]
    assert skips == [[("first", 2), ("second", 2)]] * 2
