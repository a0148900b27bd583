"""What a server said is not there."""

from __future__ import annotations

from tests.hunt.evidence import iis, row
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
