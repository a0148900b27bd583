"""What a pass found, tied together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.hunt.evidence import rules_of
from waspglass.evidence.artefact import Place
from waspglass.hunt.outcome.collect import Heard, Hit
from waspglass.hunt.outcome.conclude import conclude

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
    (made,) = conclude(rules, hits, heard).correlated
    assert len(made.evidence) == 2
