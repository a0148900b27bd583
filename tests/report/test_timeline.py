from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given

from tests.report.build import at, finding, minimal
from tests.report.hostile import everywhere, hidden_characters, texts
from tests.report.sample import SHELL, clean, every_verdict, occupied
from waspglass.model.assessment import Assessment, Host, Implant, Lid, LidState
from waspglass.model.facts import BuildSighting, Certainty
from waspglass.report.timeline import render_timeline


def events(assessment: Assessment) -> list[dict[str, object]]:
    return [json.loads(line) for line in render_timeline(assessment).splitlines()]


def test_every_event_has_what_timesketch_needs() -> None:
    for event in events(occupied()):
        assert isinstance(event["message"], str)
        assert isinstance(event["timestamp_desc"], str)
        moment = datetime.fromisoformat(str(event["datetime"]))
        assert moment.utcoffset() == datetime.now(UTC).utcoffset()
        assert abs(moment.timestamp() * 1_000_000 - cast("int", event["timestamp"])) < 1000


def test_events_are_sorted() -> None:
    stamps = [cast("int", event["timestamp"]) for event in events(occupied())]
    assert stamps == sorted(stamps)


def test_each_finding_is_one_event() -> None:
    assessment = occupied()
    everything = assessment.findings + assessment.context + assessment.review
    told = [event for event in events(assessment) if "finding" in event]
    assert sorted(str(event["finding"]) for event in told) == sorted(found.id for found in everything)


def test_a_finding_says_who_where_and_what() -> None:
    (event,) = [event for event in events(occupied()) if event.get("finding") == "f00103"]
    assert event["timestamp"] == 1_614_744_751_000_000
    assert event["src_ip"] == "203.0.113.77"
    assert event["line"] == 882
    assert event["tag"] == ["T1505.003"]
    assert str(event["message"]).startswith("[implanted] A script was written")


def test_the_lid_implants_and_campaign_have_their_events() -> None:
    kinds = {(event["data_type"], event["timestamp_desc"]) for event in events(occupied())}
    assert ("waspglass:lid", "Patch State Since") in kinds
    assert ("waspglass:lid", "Last Seen Unpatched") in kinds
    assert ("waspglass:implant", "Implant Gone") in kinds
    assert ("waspglass:campaign", "Campaign Event") in kinds


def test_messages_are_in_the_language_of_the_assessment() -> None:
    messages = " ".join(str(event["message"]) for event in events(occupied(language="de")))
    assert "[eingenistet] " in messages
    assert "Deckel: zuletzt ungepatcht gesehen" in messages
    assert f"Hintertür: Verschwunden seit: {SHELL}" in messages
    assert "Die Kampagne: " in messages


def test_a_finding_without_a_time_is_kept_and_not_dated() -> None:
    (event,) = events(minimal(findings=(finding(1, time=None),)))
    assert event["timestamp_desc"] == "Not a time"
    assert event["time_known"] is False
    assert event["datetime"] == "2021-03-12T09:00:00+00:00"


def test_an_assessment_without_anything_gives_no_line() -> None:
    assert render_timeline(minimal()) == ""
    assert len(events(clean())) == 1


def test_a_finding_with_a_time_is_told_to_the_microsecond() -> None:
    (event,) = events(minimal(findings=(finding(1, time=at("2021-03-03T04:12:31.250001Z")),)))
    assert (event["timestamp_desc"], event["time_known"]) == ("Event Logged", True)
    assert event["timestamp"] == 1_614_744_751_250_001


def test_an_implants_life_and_a_build_are_told_moment_by_moment() -> None:
    life = Implant(
        subject=SHELL,
        written=at("2021-03-03T01:00:00Z"),
        first_used=at("2021-03-03T02:00:00Z"),
        last_used=at("2021-03-03T03:00:00Z"),
        gone=at("2021-03-03T04:00:00Z"),
    )
    build = BuildSighting(
        build="15.1.2106.2",
        at=at("2021-03-03T06:00:00Z"),
        installed=at("2021-03-03T05:00:00Z"),
        source="ExSetup.exe",
        certainty=Certainty.PROVEN,
    )
    lid = Lid(state=LidState.UNKNOWN, reason="x", builds=(build,))
    host = Host(name="MX01", evidence="evidence")
    told = events(minimal(implants=(life,), lid=lid, host=host))
    assert [(str(event["datetime"])[11:13], event["timestamp_desc"]) for event in told] == [
        ("01", "Implant Written"),
        ("02", "Implant First Used"),
        ("03", "Implant Last Used"),
        ("04", "Implant Gone"),
        ("05", "Installation Time"),
        ("06", "Build Seen"),
    ]
    assert {(event["hostname"], event["evidence"]) for event in told} == {("MX01", "evidence")}
    assert {event.get("subject") for event in told} == {SHELL, None}
    assert {event.get("build") for event in told} == {"15.1.2106.2", None}


def test_times_before_1970_are_negative() -> None:
    (event,) = events(minimal(findings=(finding(1, time=at("1969-12-31T23:59:59Z")),)))
    assert event["timestamp"] == -1_000_000


@pytest.mark.parametrize("assessment", every_verdict(), ids=lambda assessment: str(assessment.verdict))
def test_the_same_assessment_gives_the_same_lines(assessment: Assessment) -> None:
    assert render_timeline(assessment) == render_timeline(assessment)


@given(texts())
def test_no_value_is_hidden_or_a_formula(text: str) -> None:
    for event in events(everywhere(text)):
        for value in event.values():
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, str):
                    assert not hidden_characters(part, allowed="")
                    assert not part.startswith(("=", "+", "-", "@", "\t", "\r"))
