"""The second pack: the same engine, another product."""

from __future__ import annotations

import pytest

from tests.packs.engine import fires, hunted
from waspglass.model.finding import Effect, Rung
from waspglass.packs.builds import BuildTable, State
from waspglass.packs.check import check_pack
from waspglass.packs.load import load_pack, pack_folder

PACK = load_pack("toolshell")
SAMPLES = pack_folder("toolshell") / "samples"


def test_it_has_no_issue() -> None:
    assert [str(issue) for issue in check_pack(pack_folder("toolshell"), fires=fires)] == []


@pytest.mark.parametrize(
    ("version", "state", "name"),
    [
        ("16.0.5508.1000", State.VULNERABLE, "SharePoint Server 2016 update 8 Jul25"),
        ("16.0.5513.1001", State.PATCHED, "SharePoint Server 2016 update 21 Jul25"),
        ("16.0.10417.20036", State.VULNERABLE, "after SharePoint Server 2019 update 8 Jul25"),
        ("16.0.10417.20037", State.PATCHED, "SharePoint Server 2019 update 21 Jul25"),
        ("16.0.18526.20507", State.VULNERABLE, "after SharePoint Server Subscription Edition update 8 Jul25"),
        ("16.0.18526.20508", State.PATCHED, "SharePoint Server Subscription Edition update 21 Jul25"),
        # As the response header shows them: the third number in the fourth place, and the fourth left out.
        ("16.0.0.5400", State.VULNERABLE, "SharePoint Server 2016 update"),
        ("16.0.0.5508", State.VULNERABLE, "SharePoint Server 2016 update"),
        ("16.0.0.5513", State.PATCHED, "SharePoint Server 2016 update"),
        ("16.0.0.5600", State.PATCHED, "SharePoint Server 2016 update"),
        ("16.0.0.10416", State.VULNERABLE, "SharePoint Server 2019 update"),
        ("16.0.0.10417", State.UNDECIDABLE, "SharePoint Server 2019 update"),
        ("16.0.0.17928", State.VULNERABLE, "SharePoint Server Subscription Edition update"),
        ("16.0.0.18526", State.UNDECIDABLE, "SharePoint Server Subscription Edition update"),
        ("16.0.0.19725", State.PATCHED, "SharePoint Server Subscription Edition update"),
        ("15.0.0.5545", State.UNKNOWN, None),
        ("16.0.0.4000", State.UNKNOWN, None),
    ],
)
def test_what_a_build_says(version: str, state: State, name: str | None) -> None:
    found = BuildTable(PACK.builds).state(version)
    assert (found.state, found.name) == (state, name)


@pytest.mark.parametrize("sample", ["iis/benign.log", "events/benign.json", "web/harmless", "compiled/start"])
def test_everyday_business_gives_no_finding(sample: str) -> None:
    assert hunted(PACK, SAMPLES / sample).findings == ()


def test_a_refused_request_is_a_probe_and_an_answered_one_an_entry() -> None:
    (refused,) = hunted(PACK, SAMPLES / "iis" / "refused.log").findings
    found = hunted(PACK, SAMPLES / "iis" / "entered.log").findings
    (entered,) = (one for one in found if one.effect is not Effect.HINT)
    assert (refused.rung, refused.effect) == (Rung.PROBED, Effect.FAILED)
    assert (entered.rung, entered.effect) == (Rung.EXPLOITED, Effect.SHOWS)


def test_file_and_url_are_one_implant_although_their_folders_differ() -> None:
    found = hunted(PACK, SAMPLES / "story" / "used").findings
    assert {one.subject for one in found} == {"/_layouts/15/sample.aspx"}
    assert {one.rung for one in found} == {Rung.IMPLANTED, Rung.USED}
