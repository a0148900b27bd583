"""What is kept of the matches of one file, and how what was left out is told."""

from __future__ import annotations

import json

import pytest

from tests.hunt.evidence import artefact, both, iis, row, rules_of, sigma
from tests.hunt.outcome.test_sigma_correlations import A, found, hunted, joined
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.collect import RAW_LIMIT
from waspglass.hunt.outcome.result import HuntResult, Limits
from waspglass.hunt.rules.load import load_rules
from waspglass.model.skip import SkipReason
from waspglass.packs.load import load_pack

PAGE = "s: {cs-uri-stem|endswith: .js}\ncondition: s"
INDICATORS = json.dumps(
    {
        "type": "bundle",
        "id": "bundle--0e95725d-7320-415d-80f7-004da920fc12",
        "objects": [
            {
                "type": "indicator",
                "spec_version": "2.1",
                "id": "indicator--0e95725d-7320-415d-80f7-004da920fc12",
                "created": "2021-03-02T00:00:00Z",
                "modified": "2021-03-02T00:00:00Z",
                "pattern": "[ipv4-addr:value = '198.51.100.7']",
                "pattern_type": "stix",
                "valid_from": "2021-03-02T00:00:00Z",
            }
        ],
    }
)


def left_out(result: HuntResult) -> list[tuple[int, str | None]]:
    return [(one.count, one.detail) for one in result.skipped if one.reason is SkipReason.LIMIT_REACHED]


def lines(result: HuntResult) -> list[int]:
    return sorted(one.line or 0 for one in result.findings)


@pytest.mark.parametrize(("rows", "left"), [(3, []), (4, [(1, "further matches of rule t")])])
def test_so_many_matches_of_a_rule_are_kept_and_the_others_counted(
    rows: int, left: list[tuple[int, str | None]]
) -> None:
    result = both([iis(*[row("/a.js")] * rows)], rules_of(sigma(PAGE)), Limits(per_rule=3))
    assert lines(result) == [2, 3, 4]
    assert left_out(result) == left


def test_many_matches_that_are_no_flood_are_counted_to_the_last() -> None:
    result = hunt([iis(*[row("/a.js")] * 1500)], rules_of(sigma(PAGE)), limits=Limits(per_rule=3))
    assert left_out(result) == [(1497, "further matches of rule t")]


def test_an_indicator_is_one_of_hundreds_and_keeps_a_tenth() -> None:
    result = both([iis(*[row()] * 12)], rules_of(indicators=[INDICATORS]), Limits(per_rule=50))
    assert lines(result) == [2, 3, 4, 5, 6]
    assert [count for count, _ in left_out(result)] == [7]
    assert lines(both([iis(*[row()] * 12)], rules_of(indicators=[INDICATORS]), Limits(per_rule=3))) == [2]


def test_a_record_without_the_field_that_one_correlation_groups_by_is_heard_by_the_other() -> None:
    without = joined("event_count", "a", "condition: {gte: 2}", name="without").replace("[U]", "[H]")
    both_ways = [A, without, joined("event_count", "a", "condition: {gte: 2}")]
    result = hunted(both_ways, "a1 a2")
    assert [(one.rule, one.line) for one in result.findings] == [("k", 2)]
    told = [(one.source, one.reason, one.detail) for one in result.skipped]
    assert told == [("without", SkipReason.MISSING_FIELD, "events: no record that it joins has what it asks for (H)")]
    assert sorted(found(both_ways, "a1 a2 a3/H=h a4/H=h")) == [("k", 2), ("k", 4), ("without", 4)]


@pytest.mark.parametrize(("users", "told"), [(["", "x"], 0), (["x", ""], 0), (["", ""], 1)])
def test_what_one_file_lacks_and_another_has_is_not_told(users: list[str], told: int) -> None:
    events = [{"Channel": "Security", "EventTime": "2021-03-03T01:01:00Z", "F": "a", "U": user} for user in users]
    logs = [artefact("events", f"{json.dumps(one)}\n", f"log{number}") for number, one in enumerate(events)]
    assert len(both(logs, rules_of(A, joined("event_count", "a", "condition: {gte: 2}"))).skipped) == told


@pytest.mark.parametrize("kind", ["value_count", "value_sum", "value_median"])
def test_a_correlation_of_values_that_no_record_has_is_told(kind: str) -> None:
    of_values = joined(kind, "a", "condition: {field: [N, M], gte: 2}")
    (skip,) = hunted([A, of_values], "a1 a2").skipped
    assert (skip.source, skip.detail) == ("k", "events: no record that it joins has what it asks for (U, N, M)")
    assert found([A, of_values], "a1 a2/M=2 a3/N=2 a4/M=9") != []


def test_events_beyond_what_is_heard_of_one_file_are_told() -> None:
    count = "title: many\nname: many\ncorrelation: {type: event_count, rules: [t], timespan: 1h, condition: {gte: 9}}"
    rules = rules_of(sigma(PAGE), count)
    result = both([iis(*[row("/a.js")] * 10)], rules, Limits(per_rule=1, correlated=8))
    assert result.findings == ()
    told = {(one.reason, one.detail) for one in result.skipped}
    assert (SkipReason.UNDECIDED, "further events for correlations") in told
    assert [one.rule for one in both([iis(*[row("/a.js")] * 10)], rules, Limits(correlated=9)).findings] == ["many"]


def test_what_feeds_a_correlation_is_heard_when_no_more_of_it_is_kept() -> None:
    count = "title: many\nname: many\ncorrelation: {type: event_count, rules: [t], timespan: 1h, condition: {gte: 30}}"
    result = both([iis(*[row("/a.js")] * 30)], rules_of(sigma(PAGE), count), Limits(per_rule=1))
    assert [one.rule for one in result.findings] == ["many"]


def test_of_a_long_record_so_much_is_kept_as_an_excerpt_can_need() -> None:
    (one,) = both([iis(row("/a.js", query="x" * 20_000))], rules_of(sigma(PAGE))).findings
    assert len(one.excerpt) <= RAW_LIMIT


def test_a_value_is_captured_under_whichever_name_the_record_has_the_field() -> None:
    rule = sigma(
        "s: {F: a}\ncondition: s",
        logsource="product: windows",
        extra="waspglass: {rung: used, capture: {what: {field: ThreatName}}}",
    )
    events = [{"Channel": "Security", "EventID": 1, "F": "a", name: "x"} for name in ("Threat Name", "ThreatName")]
    lines = "".join(json.dumps(one | {"EventTime": "2021-03-03T01:00:00Z"}) + "\n" for one in events)
    result = both([artefact("events", lines)], rules_of(rule))
    assert [one.fields.get("what") for one in result.findings] == ["x", "x"]


@pytest.mark.parametrize(
    ("sender", "address"), [("10.0.0.1", None), ("127.0.0.1", None), ("::1", None), ("198.51.100.7", "198.51.100.7")]
)
def test_the_server_itself_is_not_who_acted(sender: str, address: str | None) -> None:
    log = iis(row("/ecp/y.js", method="POST", ip=sender, status=241), row("/owa/auth/a.aspx", ip=sender))
    result = hunt([log], load_rules(load_pack("proxylogon")))
    (entered,) = [one for one in result.findings if one.subject is None]
    assert entered.actor is not None
    assert (entered.actor.address, entered.fields.get("address")) == (address, address)
