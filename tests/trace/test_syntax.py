from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.trace.languages import language_named, parser_for
from waspglass.trace.syntax import _PHP_OPENS, _before_pieces, _explodes, _parse

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


@pytest.mark.parametrize(("language", "unit"), [("go", b"->"), ("php", b"-*"), ("powershell", b"->")])
def test_a_blow_up_is_given_up_by_its_steps_on_a_machine_of_any_speed(
    language: str, unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("waspglass.trace.syntax.time.thread_time", lambda: 0.0)
    known = language_named(language)
    assert known is not None
    parser = parser_for(known)
    assert parser is not None
    assert _parse(_PHP_OPENS + unit * 20, parser) is not None
    assert _parse(_PHP_OPENS + unit * 1000, parser) is None


def test_a_short_text_that_costs_its_grammar_gigabytes_is_given_up_by_a_piece() -> None:
    known = language_named("javascript")
    assert known is not None
    parser = parser_for(known)
    assert parser is not None
    assert _explodes(b"|a=?." * 3_200, known, parser)
