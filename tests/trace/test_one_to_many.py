from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, reordered, source
from waspglass.trace.baseline import baseline_of_pair, baselines_of_pairs
from waspglass.trace.commons import load_commons
from waspglass.trace.one_to_many import Many
from waspglass.trace.pairing import Background
from waspglass.trace.program import Program, program_of

LICENCE = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software\n" * 3
TEXTS = (
    ORIGINAL, renamed(ORIGINAL), reordered(ORIGINAL), *INDEPENDENT, "", "print(1)\n", ORIGINAL + INDEPENDENT[0],
    INDEPENDENT[1] + 'PERMIT = "yes"\n',
)  # fmt: skip


@cache
def programs() -> tuple[Program, ...]:
    return (*(program_of(source(f"p{i}.py", text)) for i, text in enumerate(TEXTS)),
            program_of(source("LICENCE", LICENCE)))  # fmt: skip


@cache
def others() -> tuple[Program, ...]:
    return tuple(map(program_of, background(450)))


CHOSEN = st.lists(st.integers(0, len(TEXTS)), max_size=6)


@settings(max_examples=30, deadline=None)
@given(CHOSEN, st.sampled_from([0, 1, 3, 12, 450]), CHOSEN, st.booleans())
def test_all_scores_at_once_are_those_of_each_pair(
    chosen: list[int], around: int, base: list[int], known: bool
) -> None:
    many = [programs()[number] for number in chosen]
    given_code = [programs()[number] for number in base[:2]]
    against = Background(others()[:around], given_code, load_commons() if known else None)
    together = Many(many, against)
    for program in programs():
        assert together.scores(program) == pytest.approx([against.likeness(program, each).score for each in many])


@given(st.integers(0, 5), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_all_baselines_at_once_are_those_of_each_pair(rows: int, width: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    one, many = draw.random(width), draw.random((rows, width))
    assert baselines_of_pairs(one, many, width) == pytest.approx([baseline_of_pair(one, row, width) for row in many])
