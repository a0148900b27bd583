"""Pages of folders that have several URLs."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import finding
from waspglass.examine.observations import Observations
from waspglass.examine.second_urls import under_first_urls
from waspglass.model.finding import Effect, Rung
from waspglass.packs.load import load_pack

PACK = load_pack("toolshell")


@pytest.mark.parametrize(
    ("effects", "subject", "becomes"),
    [
        ([Effect.SHOWS], "/_layouts/16/a.aspx", "/_layouts/15/a.aspx"),
        ([Effect.SHOWS, Effect.ENDS], "/_layouts/16/a.aspx", "/_layouts/15/a.aspx"),
        ([Effect.ENDS], "/_layouts/16/a.aspx", "/_layouts/16/a.aspx"),
        ([Effect.HINT], "/_layouts/16/a.aspx", "/_layouts/16/a.aspx"),
        ([Effect.SHOWS], "/_layouts/15/a.aspx", "/_layouts/15/a.aspx"),
        ([Effect.SHOWS], "/_layouts/160/a.aspx", "/_layouts/160/a.aspx"),
    ],
)
def test_only_an_answer_shows_that_a_further_url_is_served(effects: list[Effect], subject: str, becomes: str) -> None:
    seen = tuple(finding(Rung.USED, "2025-07-19", effect, subject=subject) for effect in effects)
    joined = under_first_urls(Observations(evidence="x", findings=seen), PACK)
    assert {one.subject for one in joined.findings} == {becomes}
