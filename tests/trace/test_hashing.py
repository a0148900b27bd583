from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from waspglass.trace.hashing import look_up

NUMBERS = st.lists(st.integers(0, 40), max_size=12)


@given(known=st.sets(st.integers(0, 40), max_size=12), wanted=NUMBERS)
def test_what_is_looked_up_is_found_where_it_stands(known: set[int], wanted: list[int]) -> None:
    ascending = np.array(sorted(known), dtype=np.uint32)
    place, found = look_up(ascending, np.array(wanted, dtype=np.uint32))
    assert found.tolist() == [number in known for number in wanted]
    assert ascending[place[found]].tolist() == [number for number in wanted if number in known]
