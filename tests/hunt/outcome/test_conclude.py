"""What a pass found, tied together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.hunt.evidence import rules_of
from waspglass.evidence.artefact import Place
from waspglass.hunt.outcome.collect import Heard, Hit
from waspglass.hunt.outcome.conclude import conclude
from waspglass.hunt.outcome.findings import in_order
from waspglass.hunt.rules.rule import RuleSet
from waspglass.model.finding import Actor

FEEDER = """
title: setting
name: setting
logsource: {product: windows}
detection: {s: {F: a}, condition: s}
"""
TWO = """
title: two settings
name: two
correlation: {type: event_count, rules: [setting], timespan: 5m, condition: {gte: 2}}
level: high
"""


@pytest.mark.parametrize("places", [[Place(line=3), Place(line=9)], [Place(record=3), Place(record=9)]])
def test_hits_in_one_file_stay_apart_whatever_their_reader_tells_of_the_place(places: list[Place]) -> None:
    rules = rules_of(FEEDER + "---" + TWO)
    (feeder,) = (one for one in rules.rules if one.name == "setting")
    moment = datetime(2021, 3, 3, tzinfo=UTC)
    hits = [Hit(feeder, "task", "file", place, moment, b"raw", {}, None) for place in places]
    heard = [Heard(0, feeder.id, moment.timestamp(), (), (), "file", place) for place in places]
    (made,) = conclude(rules, hits, heard).findings
    assert len(made.evidence) == 2


SPEAKING = FEEDER.replace("detection", "level: high\ndetection")
GROUPED = TWO.replace("rules: [setting]", "rules: [setting], group-by: [U]")


def _hit(rules: RuleSet, line: int) -> Hit:
    moment = datetime(2021, 3, 3, tzinfo=UTC)
    return Hit(rules.rules[0], "task", "file", Place(line=line), moment, b"raw", {}, None)


def _heard(hit: Hit, key: tuple[str, ...] = ()) -> Heard:
    assert hit.time is not None
    return Heard(0, hit.rule.id, hit.time.timestamp(), key, (), hit.source, hit.place)


def test_a_finding_that_feeds_a_correlation_does_not_support_it_a_second_time() -> None:
    rules = rules_of(SPEAKING + "---" + TWO + "generate: true\n")
    hits = [_hit(rules, 1), _hit(rules, 2)]
    told = conclude(rules, hits, list(map(_heard, hits)))
    assert (len(told.findings), told.support) == (3, ())
    rules = rules_of(FEEDER + "---" + TWO)
    hits = [_hit(rules, 1), _hit(rules, 2)]
    quiet = conclude(rules, hits, list(map(_heard, hits)))
    assert ({one.line for one in quiet.support}, [one.rule for one in quiet.findings]) == ({1, 2}, ["two"])


def test_what_events_were_grouped_by_is_said() -> None:
    rules = rules_of(FEEDER + "---" + GROUPED)
    hits = [_hit(rules, 1), _hit(rules, 2)]
    (made,) = conclude(rules, hits, [_heard(one, ("alice",)) for one in hits]).findings
    assert made.fields == {"U": "alice"}


IMPLANT = "waspglass: {rung: used, capture: {implant: {field: P}}, subject: implant}\n"
PAGE = "waspglass: {rung: used, capture: {page: {field: P}}, subject: page}\n"


def _called(rules: RuleSet, line: int, **values: str) -> Hit:
    return replace(_hit(rules, line), values=values, actor=Actor(address="203.0.113.5"))


def test_values_name_the_implant_by_its_url_and_who_called_it() -> None:
    rules = rules_of(FEEDER + IMPLANT)
    told = conclude(rules, [_called(rules, 1, implant="/X.aspx?cmd=1")], [])
    (one,) = told.findings
    assert one.subject == "/x.aspx"
    assert told.values == {one.id: {"implant": "/x.aspx", "address": "203.0.113.5"}}
    told = conclude(rules, [_called(rules, 1, address="198.51.100.1")], [])
    assert list(told.values.values()) == [{"address": "198.51.100.1"}]


@pytest.mark.parametrize(("extra", "subject"), [("", "/x.aspx"), (PAGE, "/y.aspx")])
def test_a_correlation_is_about_what_it_says_or_else_about_what_its_events_are_about(extra: str, subject: str) -> None:
    rules = rules_of(FEEDER + IMPLANT + "---" + TWO + extra)
    hits = [_called(rules, line, implant="/x.aspx", page="/y.aspx") for line in (1, 2)]
    (made,) = (one for one in conclude(rules, hits, list(map(_heard, hits))).findings if one.rule == "two")
    assert made.subject == subject


def test_a_correlation_calls_an_implant_as_its_hits_do() -> None:
    rules = rules_of(FEEDER + IMPLANT + "---" + TWO + "generate: true\n")
    hits = [_called(rules, line, implant="/%2561.aspx") for line in (1, 2)]
    assert {one.subject for one in conclude(rules, hits, list(map(_heard, hits))).findings} == {"/%61.aspx"}


def test_a_correlation_calls_an_implant_that_it_is_grouped_by_as_hits_would() -> None:
    about = "waspglass: {rung: implanted, effect: shows, subject: implant}"
    grouped = "rules: [setting], group-by: [implant], aliases: {implant: {setting: F}}"
    rules = rules_of(FEEDER + "---" + TWO.replace("rules: [setting]", grouped).replace("level: high", about))
    hits = [_hit(rules, line) for line in (1, 2)]
    told = conclude(rules, hits, [_heard(hit, ("/%2561.ASPX",)) for hit in hits])
    assert [one.subject for one in told.findings] == ["/%61.aspx"]
    assert [row["implant"] for row in told.values.values()] == ["/%61.aspx"]


def test_findings_stand_in_the_order_of_time_and_those_without_one_behind() -> None:
    rules = rules_of(SPEAKING)
    moments = [None, *(datetime(2021, 3, day, tzinfo=UTC) for day in (4, 3))]
    hits = [replace(_hit(rules, line), time=moment, source=f"log{line}") for line, moment in enumerate(moments, 1)]
    assert [one.line for one in in_order(conclude(rules, hits, []).findings)] == [3, 2, 1]


def test_a_correlation_none_of_whose_events_was_kept_stands_at_the_last_of_them() -> None:
    rules = rules_of(FEEDER + "---" + TWO)
    (made,) = conclude(rules, [], [_heard(_hit(rules, line)) for line in (1, 2)]).findings
    assert (made.rule, made.source, made.line, made.evidence) == ("two", "file", 2, ())
