from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.hunt.scan import line_numbers
from waspglass.hunt.scan.line_numbers import _LineFeeds


@given(st.lists(st.binary(max_size=200).map(lambda raw: raw.replace(b"x", b"\n")), max_size=10), st.integers(0, 300))
def test_both_ways_of_counting_agree(pieces: list[bytes], few: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_numbers, "_FEW", few)
        feeds = _LineFeeds()
        assert [feeds.count(memoryview(one)) for one in pieces] == [one.count(b"\n") for one in pieces]
