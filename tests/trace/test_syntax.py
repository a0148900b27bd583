from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from waspglass.trace.syntax import _PHP_OPENS, _before_pieces

PIECES = st.sampled_from([b"<", b"?", b">", b"<?", b"?>", b"<?php ", b"a", b"\n"])


@given(st.lists(PIECES, max_size=40), st.integers(2, 9))
def test_a_piece_of_php_is_tried_as_code_where_the_last_mark_before_it_opens(words: list[bytes], step: int) -> None:
    raw = b"".join(words)
    before = _before_pieces(raw, step)
    for place, at in enumerate(range(0, len(raw), step)):
        opened, closed = raw.rfind(b"<?", 0, at), raw.rfind(b"?>", 0, at)
        if opened != closed:
            assert before[place] == (_PHP_OPENS if opened > closed else b"")
        else:
            assert before[place] == before[0]
