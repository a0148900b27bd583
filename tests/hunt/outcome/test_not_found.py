"""What a server said is not there."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import iis, row, rules_of, sigma
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
from waspglass.packs.load import load_pack


def test_what_ends_implants_is_told_once_an_hour_whatever_was_asked_for() -> None:
    log = iis(
        row("/owa/auth/a.aspx", status=404, time="04:20:00"),
        row("/owa/auth/b.aspx", status=404, time="04:10:00"),
        row("/owa/auth/a.aspx", status=404, time="04:50:00"),
        row("/aspnet_client/c.aspx", status=410, time="06:00:00"),
        row("/owa/auth/d.aspx", status=200, time="07:00:00"),
        row("/elsewhere/e.aspx", status=404, time="08:00:00"),
    )
    found = hunt([log], load_rules(load_pack("proxylogon"))).not_found
    assert [one.time.strftime("%H:%M") for one in found] == ["04:10", "06:00"]
    assert {one.source for one in found} == {"log"}


ID = "0e95725d-7320-415d-80f7-004da920fc12"
ENDS = """title: gone
name: gone
correlation: {type: temporal_ordered, rules: [t, LAST], group-by: [cs-uri-stem], timespan: 1h}
waspglass: {rung: implanted, effect: ends}
"""


@pytest.mark.parametrize("last", ["missed", ID])
def test_what_a_correlation_ends_in_may_be_called_by_name_or_by_id(last: str) -> None:
    used = sigma("s: {sc-status: 200}\ncondition: s")
    missed = sigma("s: {sc-status: 404}\ncondition: s", title="missed", id_=ID)
    rules = rules_of(used, missed, ENDS.replace("LAST", last))
    assert rules.skipped == ()
    found = hunt([iis(row("/a.aspx"), row("/b.aspx", status=404, time="04:20:00"))], rules).not_found
    assert [one.time.strftime("%H:%M") for one in found] == ["04:20"]
