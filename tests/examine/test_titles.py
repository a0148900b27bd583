"""Titles of findings and events in the report's language."""

from __future__ import annotations

from datetime import UTC, datetime

from waspglass.examine.observations import Observations
from waspglass.examine.titles import titled
from waspglass.model.finding import Finding, Rung
from waspglass.packs.load import load_pack

PACK = load_pack("proxylogon")


def seen(rule: str) -> Observations:
    time = datetime(2021, 3, 3, tzinfo=UTC)
    return Observations("x", (Finding(id="1", rung=Rung.USED, rule=rule, title="English", time=time, source="x"),))


def test_a_rule_that_the_pack_translates_is_shown_in_german() -> None:
    (finding,) = titled(seen("compiled-implant"), PACK, "de").findings
    assert finding.title == "Die Hintertür lief"


def test_other_rules_and_languages_keep_the_title() -> None:
    assert titled(seen("a-rule-of-the-user"), PACK, "de").findings[0].title == "English"
    assert titled(seen("compiled-implant"), PACK, "en").findings[0].title == "English"


def test_events_fall_back_to_english() -> None:
    row = PACK.timeline[0]
    assert row.text("de") != row.text("en") == row.event
    assert row.model_copy(update={"event_de": None}).text("de") == row.event
