"""The second pack: the same engine, another product."""

from __future__ import annotations

import pytest

from tests.packs.engine import fires, hunted
from waspglass.model.finding import Effect, Rung
from waspglass.packs.check import check_pack
from waspglass.packs.load import load_pack, pack_folder

PACK = load_pack("toolshell")
SAMPLES = pack_folder("toolshell") / "samples"


def test_the_only_issue_is_that_it_has_no_builds() -> None:
    """Public lists of the fixed builds contradict one another, so none is shipped."""
    issues = check_pack(pack_folder("toolshell"), fires=fires)
    assert [str(issue) for issue in issues] == [
        "builds.csv: warning: without builds the lid stays unknown [builds]",
    ]


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
