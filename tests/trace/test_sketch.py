from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.trace.programs import INDEPENDENT, ORIGINAL
from waspglass.trace.sketch import sketches

text = st.one_of(st.binary(max_size=200), st.sampled_from([t.encode() for t in (ORIGINAL, *INDEPENDENT)]))


@given(st.lists(text, min_size=1, max_size=6))
def test_texts_together_are_as_each_alone(texts: list[bytes]) -> None:
    together = [sketch.tolist() for sketch in sketches(texts)]
    assert together == [sketches([one])[0].tolist() for one in texts]


def test_names_do_not_hide_the_shape() -> None:
    one, other = sketches([ORIGINAL.encode(), ORIGINAL.replace("litres", "amount").replace("totals", "acc").encode()])
    assert len(set(one.tolist()) & set(other.tolist())) > 0.3 * len(one)
